"""Tags of workgroups, by the ARN that clients name them with."""

from __future__ import annotations

from typing import Any

from local.athena.api.paging import page_of
from local.athena.api.state import State
from local.athena.api.workgroups import Workgroups
from local.athena.errors import RequestRefused

Answer = dict[str, Any]
_PAGE = 75


class Tags:
    """Raises RequestRefused with ResourceNotFoundException for what is no workgroup."""

    def __init__(self, state: State, workgroups: Workgroups) -> None:
        self._state, self._workgroups = state, workgroups

    def _name(self, arn: str) -> str:
        kind, _, name = arn.rpartition(":")[2].partition("/")
        if not arn.startswith("arn:") or kind != "workgroup" or not self._workgroups.exists(name):
            raise RequestRefused(f"Resource {arn} was not found", "ResourceNotFoundException")
        return name

    def _of(self, name: str) -> dict[str, str]:
        return self._state.get("tags", name) or {}

    def add(self, name: str, tags: list[dict[str, str]]) -> None:
        """To the workgroup `name`; a tag of the same key is replaced."""
        found = self._of(name)
        self._state.put("tags", name, found | {t["Key"]: t["Value"] for t in tags})

    def forget(self, name: str) -> None:
        self._state.delete("tags", name)

    def tag(self, request: Answer) -> Answer:
        self.add(self._name(request["ResourceARN"]), request["Tags"])
        return {}

    def untag(self, request: Answer) -> Answer:
        name = self._name(request["ResourceARN"])
        kept = {k: v for k, v in self._of(name).items() if k not in request["TagKeys"]}
        self._state.put("tags", name, kept)
        return {}

    def list(self, request: Answer) -> Answer:
        found = sorted(self._of(self._name(request["ResourceARN"])).items())
        page, more = page_of([{"Key": k, "Value": v} for k, v in found], request, _PAGE)
        return {"Tags": page, **more}

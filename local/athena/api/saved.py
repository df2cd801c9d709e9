"""Named queries and prepared statements."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

from local.athena.api.paging import page_of
from local.athena.api.state import State
from local.athena.api.workgroups import Workgroups
from local.athena.errors import RequestRefused

Answer = dict[str, Any]


class Saved:
    """The operations on both; a prepared statement belongs to a workgroup and is found by its name."""

    def __init__(self, state: State, workgroups: Workgroups) -> None:
        self.state, self.workgroups = state, workgroups

    def create_named(self, request: Answer) -> Answer:
        self.workgroups.get(request.get("WorkGroup") or "primary")
        token = request.get("ClientRequestToken")
        # The same token names the same query, also when the request is sent again.
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, token) if token else uuid.uuid4())
        fields = ("Name", "Description", "Database", "QueryString")
        body = {k: request[k] for k in fields if k in request}
        body |= {"NamedQueryId": key, "WorkGroup": request.get("WorkGroup") or "primary"}
        found = self.state.get("named", key)
        if found and found != body:
            raise RequestRefused(
                "Idempotent parameters do not match", detail="IDEMPOTENT_PARAMETER_MISMATCH"
            )
        self.state.put("named", key, body, time.time())
        return {"NamedQueryId": key}

    def _named(self, key: str) -> Answer:
        found = self.state.get("named", key)
        if not found:
            raise RequestRefused(f"NamedQuery {key} was not found", detail="NAMED_QUERY_NOT_FOUND")
        return found

    def get_named(self, request: Answer) -> Answer:
        return {"NamedQuery": self._named(request["NamedQueryId"])}

    def batch_get_named(self, request: Answer) -> Answer:
        found = [(k, self.state.get("named", k)) for k in request["NamedQueryIds"]]
        missing = [
            {"NamedQueryId": k, "ErrorCode": "INVALID_INPUT", "ErrorMessage": "was not found"}
            for k, b in found
            if not b
        ]
        return {"NamedQueries": [b for _, b in found if b], "UnprocessedNamedQueryIds": missing}

    def update_named(self, request: Answer) -> Answer:
        body = self._named(request["NamedQueryId"])
        body |= {k: request[k] for k in ("Name", "Description", "QueryString") if k in request}
        self.state.put("named", request["NamedQueryId"], body, time.time())
        return {}

    def delete_named(self, request: Answer) -> Answer:
        self._named(request["NamedQueryId"])
        self.state.delete("named", request["NamedQueryId"])
        return {}

    def list_named(self, request: Answer) -> Answer:
        group = request.get("WorkGroup") or "primary"
        keys = [k for k, b in self.state.list("named") if b["WorkGroup"] == group]
        page, more = page_of(keys, request, 50)
        return {"NamedQueryIds": page, **more}

    def is_used(self, group: str) -> bool:
        """Whether anything saved belongs to the workgroup."""
        return any(True for _ in self._of(group))

    def forget(self, group: str) -> None:
        for kind, key in list(self._of(group)):
            self.state.delete(kind, key)

    def _of(self, group: str) -> Iterator[tuple[str, str]]:
        for kind, member in (("named", "WorkGroup"), ("prepared", "WorkGroupName")):
            for key, body in self.state.list(kind):
                if body[member] == group:
                    yield kind, key

    def prepared_text(self, group: str, name: str) -> str | None:
        found = self.state.get("prepared", f"{group}/{name}") or self.state.get(
            "prepared", f"{group}/{name.lower()}"
        )
        return str(found["QueryStatement"]) if found else None

    def _prepared(self, group: str, name: str) -> Answer:
        found = self.state.get("prepared", f"{group}/{name}")
        if not found:
            raise RequestRefused(
                f"PreparedStatement {name} was not found", "ResourceNotFoundException"
            )
        return found

    def create_prepared(self, request: Answer) -> Answer:
        group, name = request["WorkGroup"], request["StatementName"]
        self.workgroups.get(group)
        if self.state.get("prepared", f"{group}/{name}"):
            raise RequestRefused(f"PreparedStatement {name} already exists")
        return self._store_prepared(request)

    def _store_prepared(self, request: Answer) -> Answer:
        group, name = request["WorkGroup"], request["StatementName"]
        body = {
            "StatementName": name,
            "QueryStatement": request["QueryStatement"],
            "WorkGroupName": group,
            "Description": request.get("Description", ""),
            "LastModifiedTime": time.time(),
        }
        self.state.put("prepared", f"{group}/{name}", body, time.time())
        return {}

    def update_prepared(self, request: Answer) -> Answer:
        self._prepared(request["WorkGroup"], request["StatementName"])
        return self._store_prepared(request)

    def get_prepared(self, request: Answer) -> Answer:
        return {"PreparedStatement": self._prepared(request["WorkGroup"], request["StatementName"])}

    def delete_prepared(self, request: Answer) -> Answer:
        self._prepared(request["WorkGroup"], request["StatementName"])
        self.state.delete("prepared", f"{request['WorkGroup']}/{request['StatementName']}")
        return {}

    def list_prepared(self, request: Answer) -> Answer:
        group = request["WorkGroup"]
        found = [b for _, b in self.state.list("prepared") if b["WorkGroupName"] == group]
        shown = [{k: b[k] for k in ("StatementName", "LastModifiedTime")} for b in found]
        page, more = page_of(sorted(shown, key=lambda b: str(b["StatementName"])), request, 50)
        return {"PreparedStatements": page, **more}

    def batch_get_prepared(self, request: Answer) -> Answer:
        group = request["WorkGroup"]
        found = [
            (n, self.state.get("prepared", f"{group}/{n}"))
            for n in request["PreparedStatementNames"]
        ]
        missing = [
            {
                "StatementName": n,
                "ErrorCode": "STATEMENT_NOT_FOUND",
                "ErrorMessage": "was not found",
            }
            for n, b in found
            if not b
        ]
        return {
            "PreparedStatements": [b for _, b in found if b],
            "UnprocessedPreparedStatementNames": missing,
        }

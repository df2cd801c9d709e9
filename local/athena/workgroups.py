"""Workgroups: where results go, what is enforced, how much a query may scan."""

from __future__ import annotations

import time
from typing import Any

from local.athena.errors import RequestRefused
from local.athena.state import State

_ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}


def _defaults() -> dict[str, Any]:
    return {
        "ResultConfiguration": {},
        "EnforceWorkGroupConfiguration": False,
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
        "EngineVersion": dict(_ENGINE),
    }


class Workgroups:
    """`primary` always exists; the others are what was created."""

    def __init__(self, state: State) -> None:
        self._state = state
        if not state.get("workgroup", "primary"):
            self._put(_group("primary", "", _defaults()))

    def _put(self, group: dict[str, Any]) -> None:
        self._state.put("workgroup", group["Name"], group)

    def get(self, name: str) -> dict[str, Any]:
        found = self._state.get("workgroup", name)
        if not found:
            raise RequestRefused(f"WorkGroup {name} is not found.")
        return found

    def create(self, request: dict[str, Any]) -> None:
        if self._state.get("workgroup", request["Name"]):
            raise RequestRefused("WorkGroup already exists")
        configuration = {
            **_defaults(),
            "EnforceWorkGroupConfiguration": True,
            **(request.get("Configuration") or {}),
        }
        configuration["EngineVersion"] = dict(_ENGINE)
        self._put(_group(request["Name"], request.get("Description", ""), configuration))

    def update(self, request: dict[str, Any]) -> None:
        group = self.get(request["WorkGroup"])
        for key in ("Description", "State"):
            if key in request:
                group[key] = request[key]
        updates = dict(request.get("ConfigurationUpdates") or {})
        configuration = group["Configuration"]
        results = dict(configuration.get("ResultConfiguration") or {})
        changed = updates.pop("ResultConfigurationUpdates", {})
        for key, value in changed.items():
            if key.startswith("Remove"):
                results.pop(key.removeprefix("Remove"), None)
            else:
                results[key] = value
        configuration["ResultConfiguration"] = results
        if updates.pop("RemoveBytesScannedCutoffPerQuery", False):
            configuration.pop("BytesScannedCutoffPerQuery", None)
        configuration.update({k: v for k, v in updates.items() if not k.startswith("Remove")})
        self._put(group)

    def delete(self, name: str) -> None:
        self.get(name)
        if name == "primary":
            raise RequestRefused("Cannot delete primary workgroup")
        self._state.delete("workgroup", name)

    def list(self) -> list[dict[str, Any]]:
        groups = sorted((g for _, g in self._state.list("workgroup")), key=lambda g: str(g["Name"]))
        return [
            {k: g[k] for k in ("Name", "State", "Description", "CreationTime")}
            | {"EngineVersion": dict(_ENGINE)}
            for g in groups
        ]

    def output_folder(self, name: str, given: dict[str, Any]) -> str:
        """`s3://…/` for results; raises RequestRefused when there is none or the group is disabled."""
        group = self.get(name)
        if group["State"] != "ENABLED":
            raise RequestRefused(f"WorkGroup {name} is disabled.")
        configuration = group["Configuration"]
        own = (configuration.get("ResultConfiguration") or {}).get("OutputLocation")
        enforced = configuration.get("EnforceWorkGroupConfiguration") and own
        location = own if enforced else given.get("OutputLocation") or own
        if not location:
            raise RequestRefused(
                "No output location provided. You did not provide an output location for your query "
                "results either through the workgroup configuration setting or the API input."
            )
        if not location.startswith("s3://"):
            raise RequestRefused(f"outputLocation is not a valid S3 path: {location}")
        return location if location.endswith("/") else f"{location}/"

    def cutoff_bytes(self, name: str) -> int | None:
        found = self.get(name)["Configuration"].get("BytesScannedCutoffPerQuery")
        return int(found) if found else None


def _group(name: str, description: str, configuration: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": name,
        "State": "ENABLED",
        "Description": description,
        "CreationTime": time.time(),
        "Configuration": configuration,
    }

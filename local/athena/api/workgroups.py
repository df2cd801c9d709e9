"""Workgroups: where results go, what is enforced, how much a query may scan."""

from __future__ import annotations

import time
from typing import Any

from local.athena.api.state import State
from local.athena.errors import QueryFailed, RequestRefused
from local.athena.lake.storage import split_url

Configuration = dict[str, Any]
ENGINE_VERSION = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}
# Members of an update whose names are not those of the configuration.
_UPDATES = "ResultConfigurationUpdates"
_REMOVE = "Remove"


def _defaults() -> Configuration:
    return {
        "ResultConfiguration": {},
        "EnforceWorkGroupConfiguration": False,
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
        "EnableMinimumEncryptionConfiguration": False,
        "EngineVersion": dict(ENGINE_VERSION),
    }


class Workgroups:
    """`primary` always exists; the others are what was created."""

    def __init__(self, state: State) -> None:
        self._state = state
        if not self.exists("primary"):
            self._put(_group("primary", "", _defaults()))

    def _put(self, group: dict[str, Any]) -> None:
        self._state.put("workgroup", group["Name"], group)

    def exists(self, name: str) -> bool:
        return self._state.get("workgroup", name) is not None

    def get(self, name: str) -> dict[str, Any]:
        """As GetWorkGroup answers it: an empty description is left out."""
        found = self._state.get("workgroup", name)
        if not found:
            raise RequestRefused("WorkGroup is not found.")
        return found if found["Description"] else {k: found[k] for k in found if k != "Description"}

    def create(self, request: dict[str, Any]) -> None:
        if self.exists(request["Name"]):
            raise RequestRefused("WorkGroup is already created")
        given = request.get("Configuration") or {}
        _require_available(given)
        made = {
            **_defaults(),
            "EnforceWorkGroupConfiguration": True,
            **given,
            "EngineVersion": dict(ENGINE_VERSION),
        }
        self._put(_group(request["Name"], request.get("Description", ""), made))

    def update(self, request: dict[str, Any]) -> None:
        group = {"Description": "", **self.get(request["WorkGroup"])}
        group |= {k: request[k] for k in ("Description", "State") if k in request}
        updates = dict(request.get("ConfigurationUpdates") or {})
        _require_available(updates)
        changed = updates.pop(_UPDATES, {})
        configuration = _changed(group["Configuration"], updates)
        configuration["ResultConfiguration"] = _changed(
            configuration["ResultConfiguration"], changed
        )
        configuration["EngineVersion"] = dict(ENGINE_VERSION)
        self._put({**group, "Configuration": configuration})

    def require_deletable(self, name: str) -> None:
        self.get(name)
        if name == "primary":
            raise RequestRefused("Cannot delete primary workgroup")

    def delete(self, name: str) -> None:
        self._state.delete("workgroup", name)

    def list(self) -> list[dict[str, Any]]:
        groups = sorted((g for _, g in self._state.list("workgroup")), key=lambda g: str(g["Name"]))
        return [
            {k: g[k] for k in ("Name", "State", "Description", "CreationTime")}
            | {"EngineVersion": dict(ENGINE_VERSION)}
            for g in groups
        ]

    def result_configuration(self, name: str, given: Configuration) -> Configuration:
        """What holds for a query that asks for `given`; its OutputLocation ends with a slash.

        Raises RequestRefused when there is no place for results or the group is disabled.
        """
        group = self.get(name)
        if group["State"] != "ENABLED":
            raise RequestRefused(f"WorkGroup {name} is disabled.")
        own = group["Configuration"]["ResultConfiguration"]
        found = dict(own if self.enforces_location(name) else {**own, **given})
        found["OutputLocation"] = _folder(found.get("OutputLocation"))
        return found

    def enforces_location(self, name: str) -> bool:
        """Whether all results go to its own place."""
        found = self.get(name)["Configuration"]
        place = found["ResultConfiguration"].get("OutputLocation")
        return bool(found["EnforceWorkGroupConfiguration"] and place)

    def cutoff_bytes(self, name: str) -> int | None:
        found = self.get(name)["Configuration"].get("BytesScannedCutoffPerQuery")
        return int(found) if found else None


def _folder(location: str | None) -> str:
    if not location:
        raise RequestRefused(
            "No output location provided. You did not provide an output location for your query "
            "results either through the workgroup configuration setting or the API input."
        )
    try:
        split_url(location)
    except QueryFailed as error:
        raise RequestRefused("outputLocation is not a valid S3 path.") from error
    return location if location.endswith("/") else f"{location}/"


def _require_available(given: Configuration) -> None:
    for key in ("ManagedQueryResultsConfiguration", "ManagedQueryResultsConfigurationUpdates"):
        if (given.get(key) or {}).get("Enabled"):
            raise RequestRefused("Managed query results are not available here")
    wanted = (given.get("EngineVersion") or {}).get("SelectedEngineVersion", "AUTO")
    if wanted not in ENGINE_VERSION.values():
        raise RequestRefused(f"Engine version {wanted} is not available here")


def _changed(found: Configuration, updates: Configuration) -> Configuration:
    """With the updates' members; `Remove<Member>` takes one away."""
    removed = {k.removeprefix(_REMOVE) for k, v in updates.items() if k.startswith(_REMOVE) and v}
    given = {k: v for k, v in updates.items() if not k.startswith(_REMOVE)}
    return {**{k: v for k, v in found.items() if k not in removed}, **given}


def _group(name: str, description: str, configuration: Configuration) -> dict[str, Any]:
    return {
        "Name": name,
        "State": "ENABLED",
        "Description": description,
        "CreationTime": time.time(),
        "Configuration": configuration,
    }

from __future__ import annotations

from typing import Literal

from ingestion.contract import Event, contract
from ingestion.fields import Uuid


@contract(stream="users", version=1, owner="onboarding", key="user_id", keep_days=730)
class DeviceLinked(Event, frozen=True, kw_only=True):
    """A device was linked to a user; an email has one device, so this replaces the one before."""

    user_id: Uuid
    device_id: Uuid
    platform: Literal["android", "ios", "web"]
    replaced_device_id: Uuid | None = None

"""How a user joins: the command, its decision, and how devices follow."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ingestion.events.device_linked import DeviceLinked
from ingestion.events.user_onboarded import UserOnboarded
from ingestion.fields import Key, ShortText, State, UserKind, Uuid, ZipCode
from services.http import Body, Call
from services.ledger import Linking, Opening, Transaction, account_of


class SignUp(Body, frozen=True, kw_only=True):
    """Someone who wants to join; the credential is checked and not kept."""

    kind: UserKind
    display_name: ShortText
    email: Annotated[str, Meta(pattern=r"\A[^@\s]{1,64}@[^@\s]{1,128}\Z", max_length=128)]
    zip_code: ZipCode
    state: State
    credential: Key
    catalog_entry_id: Key | None = None


class LinkedDevice(Body, frozen=True, kw_only=True):
    """The one device that the user will be found by."""

    user_id: Uuid
    device_id: Uuid
    platform: Literal["android", "ios", "web"]


def join(sign_up: SignUp, call: Call) -> Transaction:
    """Open the user's account; the user's id is the command's."""
    user_id = call.event_id
    account = account_of(user_id, sign_up.kind)
    event = UserOnboarded(
        user_id=user_id,
        kind=sign_up.kind,
        display_name=sign_up.display_name,
        email=sign_up.email,
        zip_code=sign_up.zip_code,
        state=sign_up.state,
        catalog_entry_id=sign_up.catalog_entry_id,
    )
    return Transaction.of(
        call,
        call.message(event, actor=user_id),
        {"userId": user_id, "account": account},
        changes=(Opening(account, sign_up.kind, call.now),),
    )


def link(device: LinkedDevice, call: Call, linked: str | None) -> Transaction:
    """Link the device in place of `linked`, the one before."""
    event = DeviceLinked(
        user_id=device.user_id,
        device_id=device.device_id,
        platform=device.platform,
        replaced_device_id=linked if linked != device.device_id else None,
    )
    return Transaction.of(
        call,
        call.message(event, actor=device.user_id),
        {"userId": device.user_id, "deviceId": device.device_id},
        changes=(Linking(device.user_id, device.device_id, linked),),
    )

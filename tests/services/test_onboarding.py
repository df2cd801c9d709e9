"""How users prove themselves, and what joining changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from ingestion import envelope
from ingestion.events.device_linked import DeviceLinked
from ingestion.events.user_onboarded import UserOnboarded
from ingestion.fields import UserKind
from services.errors import Unacceptable
from services.http import Call
from services.ledger import Linking, Opening
from services.onboarding import users
from services.onboarding.credentials import check_credential, check_entry, check_state

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
USER = "11111111-1111-5111-8111-111111111111"
DEVICE = "22222222-2222-4222-8222-222222222222"


@pytest.mark.parametrize(
    ("kind", "credential"),
    [
        ("civilian", "D123-4567-8901"),
        ("officer", "CPD-12345"),
        ("merchant", "12-3456789"),
        ("charity", "123456789"),
        ("family", "IL-2026-00017"),
    ],
)
def test_a_credential_written_as_its_kind_demands_passes(kind: UserKind, credential: str) -> None:
    check_credential(kind, credential)


@pytest.mark.parametrize(
    ("kind", "credential"),
    [
        ("civilian", "d123"),
        ("civilian", "D1"),
        ("civilian", "D123 "),
        ("officer", "12345"),
        ("officer", "CPD-"),
        ("officer", "CPD-12345\n"),
        ("merchant", "1234567"),
        ("charity", "12-34567890"),
        ("family", "x"),
    ],
)
def test_any_other_credential_is_refused(kind: UserKind, credential: str) -> None:
    with pytest.raises(Unacceptable, match=kind):
        check_credential(kind, credential)


def test_a_state_must_be_one_of_the_usa() -> None:
    check_state("IL")
    check_state("PR")
    with pytest.raises(Unacceptable, match="ZZ"):
        check_state("ZZ")


def test_charities_and_families_are_vouched_for_by_their_own_entry() -> None:
    assert check_entry("charity", "12-3456789", "123456789") == "charities"
    assert check_entry("family", "IL-17", "IL-17") == "families"
    assert check_entry("civilian", "D1234", None) is None


@pytest.mark.parametrize(
    ("kind", "entry"), [("charity", None), ("charity", "987654321"), ("civilian", "123456789")]
)
def test_a_missing_foreign_or_superfluous_entry_is_refused(
    kind: UserKind, entry: str | None
) -> None:
    with pytest.raises(Unacceptable):
        check_entry(kind, "123456789", entry)


def call(route: str) -> Call:
    return Call("onboarding", route, {}, {"idempotency-key": "k"}, b"{}", NOON)


@pytest.mark.parametrize(("kind", "sort"), [("civilian", "user"), ("merchant", "merchant")])
def test_joining_opens_an_account_named_after_the_command(kind: UserKind, sort: str) -> None:
    sign_up = users.SignUp(
        kind=kind,
        display_name="Ada",
        email="ada@example.org",
        zip_code="60601",
        state="IL",
        credential="secret",
    )
    transaction = users.join(sign_up, call("POST /onboarding/users"))
    user_id = call("").event_id
    assert transaction.changes == (Opening(f"{sort}:{user_id}", kind, NOON),)
    _, event = envelope.read(transaction.message.body)
    assert isinstance(event, UserOnboarded)
    assert event.user_id == user_id
    assert b"secret" not in transaction.message.body


@pytest.mark.parametrize(("linked", "told"), [(None, None), (DEVICE, None), (USER, USER)])
def test_a_device_replaces_the_one_before(linked: str | None, told: str | None) -> None:
    device = users.LinkedDevice(user_id=USER, device_id=DEVICE, platform="ios")
    transaction = users.link(device, call("POST /onboarding/devices"), linked)
    assert transaction.changes == (Linking(USER, DEVICE, linked),)
    _, event = envelope.read(transaction.message.body)
    assert isinstance(event, DeviceLinked)
    assert event.replaced_device_id == told


def test_an_email_needs_one_at_sign_and_no_space() -> None:
    fields: dict[str, Any] = {
        "kind": "civilian",
        "displayName": "Ada",
        "zipCode": "60601",
        "state": "IL",
        "credential": "D1234",
    }
    for email in ("ada", "a b@example.org", "ada@example.org\n", "@example.org"):
        with pytest.raises(msgspec.ValidationError, match=r"\$\.email"):
            msgspec.convert({**fields, "email": email}, users.SignUp)

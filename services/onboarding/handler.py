"""The onboarding function: checks the credential and the catalogue, then Cognito, then the ledger."""

from __future__ import annotations

from typing import Any

from services.catalog_store import catalog_store
from services.desk import ledger
from services.http import Answer, Api, Call
from services.ledger import Transaction
from services.onboarding import credentials, user_pool, users

api = Api(__name__)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point."""
    return api.answer(event)


@api.post("/users", users.SignUp)
def sign_up(command: users.SignUp, call: Call) -> Answer:
    def decide() -> Transaction:
        _check(command)
        transaction = users.join(command, call)
        # Cognito first: a user without an account can be completed by the same command.
        user_pool.create_user(command.email, call.event_id, command.kind)
        return transaction

    return ledger().execute(call, decide)


@api.post("/devices", users.LinkedDevice)
def link_device(device: users.LinkedDevice, call: Call) -> Answer:
    def decide() -> Transaction:
        ledger().parties(device.user_id)
        return users.link(device, call, ledger().device(device.user_id))

    return ledger().execute(call, decide)


def _check(command: users.SignUp) -> None:
    credentials.check_credential(command.kind, command.credential)
    credentials.check_state(command.state)
    entry_id = command.catalog_entry_id
    catalog = credentials.check_entry(command.kind, command.credential, entry_id)
    if catalog and entry_id and catalog_store().find(catalog, entry_id) is None:
        raise credentials.unlisted(catalog, entry_id)

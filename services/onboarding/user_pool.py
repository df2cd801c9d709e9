"""Users in Cognito: created by us, named by email, without a message to them."""

from __future__ import annotations

from functools import cache
from typing import Any

from ingestion.fields import UserKind
from ingestion.settings import load
from services.clients import client
from services.errors import Conflict, ServiceError


class NoUserPool(ServiceError):
    """The stack's user pool does not exist."""


def create_user(email: str, user_id: str, kind: UserKind) -> None:
    """Create the user, or find it as an earlier attempt of the same command left it.

    Raises Conflict when another user has the email.
    """
    cognito = client("cognito-idp")
    pool = _pool_id()
    try:
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "custom:user_id", "Value": user_id},
                {"Name": "custom:kind", "Value": kind},
            ],
        )
    except cognito.exceptions.UsernameExistsException as error:
        if _owner(cognito, pool, email) != user_id:
            raise Conflict("email_taken", f"another user has the email {email}") from error


@cache
def _pool_id() -> str:
    name = load().user_pool
    pages = client("cognito-idp").get_paginator("list_user_pools").paginate(MaxResults=60)
    for page in pages:
        for pool in page["UserPools"]:
            if pool["Name"] == name:
                found: str = pool["Id"]
                return found
    raise NoUserPool(f"no user pool is named {name}; deploy the stack")


def _owner(cognito: Any, pool: str, email: str) -> str | None:
    user = cognito.admin_get_user(UserPoolId=pool, Username=email)
    values = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    return values.get("custom:user_id")

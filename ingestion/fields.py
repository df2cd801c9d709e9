"""Field types that events share. A type that only one event needs stays in that event's file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

# Patterns end in \Z: Python's $ would let a trailing newline through.
Uuid = Annotated[str, Meta(pattern=rf"\A{UUID}\Z")]
Account = Annotated[str, Meta(pattern=rf"\A(mint|burn|expired|user:{UUID}|merchant:{UUID})\Z")]
Instant = Annotated[datetime, Meta(tz=True)]
Points = Annotated[int, Meta(ge=1, le=1_000_000_000)]
SignedPoints = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]
Units = Annotated[int, Meta(ge=1, le=1_000_000_000)]
# Decimal text, since msgspec would take a JSON number for a Decimal.
Price = Annotated[
    str,
    Meta(
        pattern=r"\A[0-9]{1,9}(\.[0-9]{1,4})?\Z",
        description="Amount in major units, at most four decimal places.",
        extra={"lake_type": "decimal(18, 4)"},
    ),
]
Currency = Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")]
ZipCode = Annotated[str, Meta(pattern=r"\A[0-9]{5}(-[0-9]{4})?\Z")]
State = Annotated[str, Meta(pattern=r"\A[A-Z]{2}\Z")]
LocalDate = Annotated[str, Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
ShortText = Annotated[str, Meta(min_length=1, max_length=200)]
LongText = Annotated[str, Meta(max_length=2_000)]
Key = Annotated[str, Meta(min_length=1, max_length=128)]

UserKind = Literal["civilian", "officer", "merchant", "charity", "family"]


class Posting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """One leg of a transaction: `points` enter `account` (negative: leave it)."""

    account: Account
    points: SignedPoints

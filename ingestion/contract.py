"""What an event type is: the base class, its facts and the decorator that states them.

The facts drive everything derived from an event; what can be computed from the fields alone
(schemas, tables, staging) does not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar

import msgspec

from ingestion.compatibility import Mode
from ingestion.errors import ContractError

Dataset = Literal["users", "transactions", "activity", "products"]
Route = Literal["plain", "business", "financial", "priority"]

E = TypeVar("E", bound="type[Event]")


@dataclass(frozen=True, slots=True)
class Contract:
    """The facts of one version of an event type.

    Attributes:
        name: PascalCase type on the wire; `version` its breaking number, from 1.
        stream: the dataset, and so the Kinesis stream and delivery stream, it belongs to.
        owner: the service that writes it. `key`: the field whose value orders events in a shard.
        route: how the router treats it. `personal`: fields that hold personal data.
        keep_days: retention of the raw records. `compatibility`: what a new revision must keep.
    """

    name: str
    version: int
    stream: Dataset
    owner: str
    key: str
    keep_days: int
    route: Route = "plain"
    personal: tuple[str, ...] = ()
    compatibility: Mode = "BACKWARD"

    @property
    def table(self) -> str:
        """The event type's name in the lake, snake_case."""
        return snake(self.name)

    @property
    def schema_name(self) -> str:
        """The name in the schema registry; one per breaking version."""
        return f"{self.table}.v{self.version}"


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base of all events: typed fields only; the envelope carries ids and times."""

    contract: ClassVar[Contract]


def snake(name: str) -> str:
    """`PointsDonated` -> `points_donated`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def contract(
    *,
    stream: Dataset,
    version: int,
    owner: str,
    key: str,
    keep_days: int,
    route: Route = "plain",
    personal: tuple[str, ...] = (),
    compatibility: Mode = "BACKWARD",
    name: str | None = None,
) -> Callable[[E], E]:
    """State the facts of an event class; `name` only where the class name carries a version.

    Raises ContractError when the class has no docstring, or `key` or `personal` name no field.
    """

    def declare(cls: E) -> E:
        facts = Contract(
            name=name or cls.__name__,
            version=version,
            stream=stream,
            owner=owner,
            key=key,
            keep_days=keep_days,
            route=route,
            personal=personal,
            compatibility=compatibility,
        )
        _check(cls, facts)
        cls.contract = facts
        return cls

    return declare


def _check(cls: type[Event], facts: Contract) -> None:
    fields = set(cls.__struct_fields__)
    missing = sorted({facts.key, *facts.personal} - fields)
    if missing:
        raise ContractError(f"{cls.__name__} states {missing}, which are not among its fields")
    if not (cls.__doc__ or "").strip() or cls.__doc__ == Event.__doc__:
        raise ContractError(f"{cls.__name__} needs a docstring: it is its catalogue entry")
    if facts.version < 1 or facts.keep_days < 1:
        raise ContractError(f"{cls.__name__}: version and keep_days start at 1")

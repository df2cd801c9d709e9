"""The catalogs function: answers who is in which catalogue now."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from services.catalog_store import Entry, catalog_store
from services.errors import Unknown
from services.http import Answer, Api, Call, reply

api = Api(__name__)


class Shown(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An entry as the API names its fields; unknown codes are left out."""

    catalog: str
    entry_id: str
    name: str
    city: str
    state: str
    zip_code: str
    subsection: str | None = None
    status: str | None = None
    deductibility: str | None = None
    ntee_code: str | None = None


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point."""
    return api.answer(event)


@api.get("/charities/{entry_id}")
def show_charity(call: Call) -> Answer:
    return _show("charities", call.path["entry_id"])


@api.get("/families/{entry_id}")
def show_family(call: Call) -> Answer:
    return _show("families", call.path["entry_id"])


def _show(catalog: str, entry_id: str) -> Answer:
    entry = catalog_store().find(catalog, entry_id)
    if entry is None:
        raise Unknown(
            "catalog_entry", f"{catalog} has no entry {entry_id}", catalog=catalog, entryId=entry_id
        )
    return reply(200, _shown(catalog, entry))


def _shown(catalog: str, entry: Entry) -> Shown:
    values = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    return Shown(catalog=catalog, **values)

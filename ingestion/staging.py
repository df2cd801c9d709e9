"""Generates dbt's staging layer from the event classes: models, their YAML, and the raw sources.

How a run finds what is new and which days it rewrites is a macro of the dbt project, not ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
import yaml

from ingestion.columns import ENVELOPE, Column, Merged, merge
from ingestion.contract import Event
from ingestion.errors import ContractError
from ingestion.fields import Posting
from ingestion.registry import Registry

HEADER = "Generated from ingestion/events by `make generate`; edit those."
POSTED = "stg_posted_transactions"
WIDTH = 80


def files(known: Registry) -> dict[str, str]:
    """Name -> text of all files of dbt's `models/staging`.

    Raises ContractError for a field that has no column type or no free name.
    """
    texts = {
        "_sources.yml": sources_yaml(known),
        f"{POSTED}.sql": posted_transactions_sql(known),
        f"{POSTED}.yml": posted_transactions_yaml(),
    }
    for classes in _types(known):
        table = classes[0].contract.table
        texts[f"stg_{table}.sql"] = staging_sql(classes)
        texts[f"stg_{table}.yml"] = staging_yaml(classes)
    return texts


def staging_sql(classes: Sequence[type[Event]]) -> str:
    """The model of one event type; `classes` are its versions, oldest first."""
    table = classes[0].contract.table
    typed = "\n".join(map(_select_item, merge(classes)))
    envelope = "\n".join(f"        {name}," for name in ENVELOPE)
    return f"""-- {HEADER}
{{{{ config(alias='{table}') }}}}

with arrivals as (
    {{{{ first_arrivals('{table}') }}}}
),

typed as (
    select
{envelope}
{typed}
        cast(occurred_at as date) as event_date
    from arrivals
),

settled as (
    {{{{ with_touched_days('typed') }}}}
)

select * from settled
"""


def staging_yaml(classes: Sequence[type[Event]]) -> str:
    """Description, columns with types, and tests of one event type's model."""
    latest = classes[-1].contract
    columns: list[dict[str, Any]] = [
        _described(name, kind, note) for name, (kind, note) in ENVELOPE.items()
    ]
    columns[0]["data_tests"] = ["is_key"]
    columns += [_described(m.newest.name, m.newest.type, m.note) for m in merge(classes)]
    columns.append(_described("event_date", "date", "Day of `occurred_at`, UTC; the partition."))
    model = {
        "name": f"stg_{latest.table}",
        "description": f"One row per {latest.name} event. {_purpose(classes[-1])}",
        "columns": columns,
    }
    return _yaml({"models": [model]})


def sources_yaml(known: Registry) -> str:
    """The raw tables as dbt sources: one table per event type, all its versions together."""
    tables = [
        {"name": classes[-1].contract.table, "description": _purpose(classes[-1])}
        for classes in _types(known)
    ]
    source = {
        "name": "raw",
        "description": "Events as published, by type and time of arrival; duplicates included.",
        "tables": tables,
    }
    return _yaml({"sources": [source]})


def posted_transactions_sql(known: Registry) -> str:
    """A union over all event types that carry postings, one row per transaction.

    Raises ContractError for one without the fields that a transaction has.
    """
    posted = [classes for classes in _types(known) if _has_postings(classes[-1])]
    config = "{{ config(materialized='view', alias='posted_transactions') }}"
    return f"-- {HEADER}\n{config}\n\n" + "\nunion all\n\n".join(map(_posted_select, posted))


def posted_transactions_yaml() -> str:
    """Description of the union."""
    text = "One row per transaction: the events of every type that carries postings."
    return _yaml({"models": [{"name": POSTED, "description": text}]})


def _types(known: Registry) -> list[list[type[Event]]]:
    ordered = [known[key] for key in sorted(known)]
    return [list(group) for _, group in groupby(ordered, key=lambda cls: cls.contract.name)]


def _select_item(merged: Merged) -> str:
    newest = merged.newest
    if merged.is_read_alike:
        return _laid_out(_calls(newest), _reading(newest), f" as {newest.name},", 8)
    cases = [
        f"            when {version} then\n"
        + _laid_out(_calls(column, newest.type), _reading(column), "", 16)
        for version, column in sorted(merged.versions.items())
    ]
    return "\n".join(["        case event_version", *cases, f"        end as {newest.name},"])


def _reading(column: Column) -> str:
    scalar = not column.type.startswith(("array", "row"))
    return f"{'json_extract_scalar' if scalar else 'json_extract'}(data, '{column.path}')"


def _calls(column: Column, wanted: str | None = None) -> list[tuple[str, str]]:
    """Calls around the JSON reading, outermost first: (function, what follows the argument)."""
    calls: list[tuple[str, str]] = []
    if column.default is not None:
        calls.append(("coalesce", f", {column.default}"))
    if column.type == "timestamp(3)":
        calls.append(("cast", " at time zone 'UTC' as timestamp(3)"))
        calls.append(("from_iso8601_timestamp", ""))
    elif column.type != "varchar":
        calls.append(("cast", f" as {column.type}"))
    if wanted is not None and wanted != column.type:
        calls.insert(0, ("cast", f" as {wanted}"))
    return calls


def _posted_select(classes: Sequence[type[Event]]) -> str:
    facts = classes[-1].contract
    missing = {"transaction_id", "recorded_at"} - {m.newest.name for m in merge(classes)}
    if missing:
        raise ContractError(f"{facts.name} has postings and so needs {sorted(missing)} too")
    return f"""select
    '{facts.name}' as event_type,
    transaction_id,
    occurred_at,
    recorded_at,
    postings
from {{{{ ref('stg_{facts.table}') }}}}
"""


def _laid_out(calls: Sequence[tuple[str, str]], core: str, tail: str, indent: int) -> str:
    """The nested calls on one line, or opened outermost first until each line fits."""
    pad = " " * indent
    opening = "".join(f"{function}(" for function, _ in calls)
    closing = "".join(f"{after})" for _, after in reversed(calls))
    line = f"{pad}{opening}{core}{closing}{tail}"
    if len(line) <= WIDTH:
        return line
    if not calls:
        step = "    " if tail.endswith(",") else ""
        return f"{pad}{core}\n{pad}{step}{tail.lstrip()}"
    (function, after), *inner = calls
    return f"{pad}{function}(\n{_laid_out(inner, core, after, indent + 4)}\n{pad}){tail}"


def _has_postings(cls: type[Event]) -> bool:
    hints = {field.name: field.type for field in msgspec.structs.fields(cls)}
    return hints.get("postings") == tuple[Posting, ...]


def _purpose(cls: type[Event]) -> str:
    return " ".join((cls.__doc__ or "").split())


def _described(name: str, kind: str, note: str) -> dict[str, Any]:
    return {"name": name, "data_type": kind, "description": note}


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _yaml(document: Mapping[str, Iterable[Any]]) -> str:
    text = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True
    )
    return f"# {HEADER}\n{text}"

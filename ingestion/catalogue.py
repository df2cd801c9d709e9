"""Writes the documentation page of all event types; what it says comes from the classes alone."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from ingestion.contract import Event
from ingestion.lock import schema
from ingestion.registry import Registry

INTRODUCTION = """# Events

Every event type of the platform, generated from `ingestion/events/`; edit the class, not this page.
Each message carries an envelope (`eventId`, `eventType`, `eventVersion`, `source`, `timestamp`,
`correlationId`, `causationId`, `metadata`) around the `data` listed here.
"""


def page(known: Registry) -> str:
    """The page as Markdown: a table of all types, then a section for each."""
    rows = [
        f"| [{name}](#{_anchor(name, version)}) | {version} | `{cls.contract.stream}` "
        f"| {cls.contract.owner} | {_first_sentence(cls)} |"
        for (name, version), cls in known.items()
    ]
    head = "| type | version | stream | written by | meaning |\n| --- | --- | --- | --- | --- |\n"
    sections = [_section(cls) for cls in known.values()]
    return "\n".join([INTRODUCTION, head + "\n".join(rows), *sections])


def _section(cls: type[Event]) -> str:
    facts = cls.contract
    personal = ", ".join(f"`{name}`" for name in facts.personal) or "none"
    return (
        f"\n## {facts.name} {facts.version}\n\n{inspect.cleandoc(cls.__doc__ or '')}\n\n"
        f"Stream `{facts.stream}`, ordered by `{facts.key}`, routed as {facts.route}, kept "
        f"{facts.keep_days} days, {facts.compatibility} compatible; personal fields: {personal}.\n"
        f"Raw table `raw.{facts.table}`, typed as `staging.{facts.table}`.\n\n"
        "| field | type | required |\n| --- | --- | --- |\n" + "\n".join(_fields(cls))
    )


def _fields(cls: type[Event]) -> Iterator[str]:
    defs = schema(cls)["$defs"]
    data = defs[cls.__name__]
    for name, field in data["properties"].items():
        required = "yes" if name in data["required"] else "no"
        yield f"| `{name}` | {_words(field, defs)} | {required} |"


def _words(field: dict[str, Any], defs: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_words(branch, defs) for branch in field["anyOf"])
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        parts = [f"{key}: {_words(part, defs)}" for key, part in defs[name]["properties"].items()]
        return f"{name} {{{', '.join(parts)}}}"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return f"list of {_words(field['items'], defs)}"
    return " ".join([_kind(field), *_bounds(field)]).strip()


def _kind(field: dict[str, Any]) -> str:
    pattern = field.get("pattern", "")
    if "[0-9a-f]{8}" in pattern and "|" not in pattern:
        return "UUID"
    if pattern:
        return f"text matching `{pattern}`".replace("|", "\\|")
    return str(field.get("format", field["type"]))


def _bounds(field: dict[str, Any]) -> Iterator[str]:
    signs = {"minimum": "≥", "maximum": "≤", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
    for key, sign in signs.items():
        if key in field:
            yield f"{sign} {field[key]:,}"
    if "maxLength" in field:
        yield f"of {field.get('minLength', 0)} to {field['maxLength']:,} characters"


def _first_sentence(cls: type[Event]) -> str:
    text = " ".join(inspect.cleandoc(cls.__doc__ or "").split())
    return re.split(r"(?<=[.;]) ", text)[0].rstrip(";")


def _anchor(name: str, version: int) -> str:
    return f"{name}-{version}".lower()

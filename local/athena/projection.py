"""Partition projection: the partitions that a table's `projection.*` properties promise.

Source: https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from local.athena.catalog import Table
from local.athena.errors import QueryFailed

_LIMIT = 1_000_000  # values of one column; Athena refuses such tables as well
_NOW = re.compile(r"NOW(?:\s*([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?")
_JAVA = (
    ("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S"), ("M", "%-m"),
    ("d", "%-d"), ("H", "%-H"), ("'", ""),
)  # fmt: skip
_UNITS = {
    "SECOND": timedelta(seconds=1),
    "MINUTE": timedelta(minutes=1),
    "HOUR": timedelta(hours=1),
    "DAY": timedelta(days=1),
    "WEEK": timedelta(weeks=1),
}


def _bad(table: Table, column: str, why: str) -> QueryFailed:
    return QueryFailed(
        "INVALID_TABLE_PROPERTY",
        f"projection of partition column {column} of {table.database}.{table.name}: {why}",
    )


def is_injected(table: Table, column: str) -> bool:
    return table.parameters.get(f"projection.{column}.type", "").lower() == "injected"


def domain(table: Table, column: str, now: datetime | None = None) -> list[str]:
    """Every value of one projected column, in order; raises QueryFailed for bad properties."""

    def setting(name: str, default: str = "") -> str:
        return table.parameters.get(f"projection.{column}.{name}", default)

    kind = setting("type").lower()
    if kind == "enum":
        return [v.strip() for v in setting("values").split(",")]
    if kind == "integer":
        return _integers(
            table, column, setting("range"), setting("interval", "1"), setting("digits")
        )
    if kind == "date":
        return list(_dates(table, column, now or datetime.now(UTC).replace(tzinfo=None)))
    raise _bad(table, column, f"unknown type '{kind}'")


def _integers(table: Table, column: str, span: str, step: str, digits: str) -> list[str]:
    try:
        low, high = (int(p) for p in span.split(","))
        values = range(low, high + 1, int(step))
    except ValueError as error:
        raise _bad(table, column, f"bad range '{span}'") from error
    if len(values) > _LIMIT:
        raise _bad(table, column, f"more than {_LIMIT} values")
    width = int(digits) if digits else 0
    return [str(v).zfill(width) for v in values]


def _python_format(table: Table, column: str, pattern: str) -> str:
    made = pattern
    for java, python in _JAVA:
        made = re.sub(rf"(?<!%)(?<!%-){java}", python, made)
    if re.search(
        r"(?<!%)(?<!%-)[A-Za-z]",
        re.sub(r"'[^']*'", "", pattern).translate(str.maketrans("", "", "yMdHmsT")),
    ):
        raise _bad(table, column, f"date format '{pattern}'")
    return made


def _instant(table: Table, column: str, text: str, pattern: str, now: datetime) -> datetime:
    found = _NOW.fullmatch(text.strip().upper())
    if not found:
        try:
            return datetime.strptime(text.strip(), pattern.replace("%-", "%"))
        except ValueError as error:
            raise _bad(table, column, f"'{text}' is not of its date format") from error
    sign, count, unit = found.groups()
    return _shift(now, (-1 if sign == "-" else 1) * int(count), unit) if sign else now


def _shift(moment: datetime, count: int, unit: str) -> datetime:
    if unit in _UNITS:
        return moment + count * _UNITS[unit]
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "YEAR" else 1)
    return moment.replace(year=months // 12, month=months % 12 + 1, day=min(moment.day, 28))


def _default_unit(pattern: str) -> str:
    for mark, unit in (
        ("%S", "SECOND"),
        ("%M", "MINUTE"),
        ("%H", "HOUR"),
        ("%d", "DAY"),
        ("%m", "MONTH"),
    ):
        if mark in pattern.replace("%-", "%"):
            return unit
    return "YEAR"


def _dates(table: Table, column: str, now: datetime) -> Iterator[str]:
    prefix = f"projection.{column}."
    pattern = _python_format(table, column, table.parameters.get(f"{prefix}format", ""))
    parts = table.parameters.get(f"{prefix}range", "").split(",")
    if len(parts) != 2:
        raise _bad(table, column, "its range needs two dates")
    low, high = (_instant(table, column, p, pattern, now) for p in parts)
    unit = (
        table.parameters.get(f"{prefix}interval.unit", _default_unit(pattern)).upper().rstrip("S")
    )
    step = int(table.parameters.get(f"{prefix}interval", "1"))
    moment, count, last = low, 0, None
    while moment <= high:
        text = moment.strftime(pattern)
        if text != last:
            yield text
        last, count = text, count + 1
        if count > _LIMIT:
            raise _bad(table, column, f"more than {_LIMIT} values")
        moment = _shift(low, count * step, unit)


def locations(table: Table) -> Callable[[tuple[str, ...]], str]:
    """Where a projected partition lies, by its values in the order of the keys.

    `storage.location.template` says it, otherwise Hive's layout. A table promises thousands of
    partitions, so the template is taken apart once.
    """
    keys = {key.lower(): at for at, key in enumerate(table.keys)}
    template = table.parameters.get("storage.location.template")
    if not template:
        template = "/".join([table.location, *(f"{k}=${{{k}}}" for k in keys)])
    parts = re.split(r"(\$\{[^}]*\})", template.rstrip("/"))
    asked = [keys.get(part[2:-1].lower()) if part[:2] == "${" else None for part in parts]
    order = [at for at in asked if at is not None]
    pattern = "".join(
        part.replace("%", "%%") if at is None else "%s"
        for part, at in zip(parts, asked, strict=True)
    )

    in_order = order == list(range(len(table.keys)))

    def place(values: tuple[str, ...]) -> str:
        named = values if in_order else tuple(values[at] for at in order)
        return (pattern % named).rstrip("/")

    return place

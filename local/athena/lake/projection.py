"""Partition projection: the partitions that a table's `projection.*` properties promise.

Source: https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from local.athena.errors import QueryFailed
from local.athena.lake.catalog import Table

_LIMIT = 1_000_000  # values of one column; Athena refuses such tables as well
_NOW = re.compile(r"NOW(?:\s*([+-])\s*(\d+)\s*(YEAR|MONTH|WEEK|DAY|HOUR|MINUTE|SECOND)S?)?")
# Java's letters and Python's; https://docs.oracle.com/javase/8/docs/api/java/time/format/DateTimeFormatter.html
_JAVA = {
    "yyyy": "%Y", "uuuu": "%Y", "MM": "%m", "M": "%-m", "MMM": "%b", "MMMM": "%B", "dd": "%d", "d": "%-d",
    "HH": "%H", "H": "%-H", "mm": "%M", "ss": "%S",
}  # fmt: skip
_PIECE = re.compile(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|[^A-Za-z']+")
_UNITS = {
    "MILLISECOND": timedelta(milliseconds=1),
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


def domain(
    table: Table, column: str, now: datetime | None = None, wanted: list[str] | None = None
) -> list[str]:
    """Every value of one projected column, in order; raises QueryFailed for bad properties.

    `wanted` are the values that a query asks for, when it says so: a range may be too long to list.
    """

    def setting(name: str, default: str = "") -> str:
        return table.parameters.get(f"projection.{column}.{name}", default)

    kind = setting("type").strip().lower()
    if kind == "enum":
        if not setting("values"):
            raise _bad(table, column, "an enum needs values")
        return setting("values").split(
            ","
        )  # "Any white space is considered part of an enum value."
    if kind == "integer":
        span, step = setting("range"), _step(table, column)
        return _integers(table, column, span, step, setting("digits"), wanted)
    if kind == "date":
        return list(_dates(table, column, now or datetime.now(UTC).replace(tzinfo=None)))
    raise _bad(table, column, f"unknown type '{kind}'")


def _step(table: Table, column: str) -> int:
    text = table.parameters.get(f"projection.{column}.interval", "1").strip()
    if not text.isdecimal() or int(text) == 0:
        raise _bad(table, column, f"interval '{text}' is no positive number")
    return int(text)


def _integers(
    table: Table, column: str, span: str, step: int, digits: str, wanted: list[str] | None
) -> list[str]:
    try:
        low, high = (int(p) for p in span.split(","))
    except ValueError as error:
        raise _bad(table, column, f"bad range '{span}'") from error
    values: range | list[int] = range(low, high + 1, step)
    if (high - low) // step >= _LIMIT:
        if wanted is None:
            raise _bad(table, column, f"more than {_LIMIT} values")
        asked = {int(v) for v in wanted if re.fullmatch(r"-?\d+", v)}
        values = sorted(v for v in asked if v in values)
    width = int(digits) if digits else 0
    return [str(v).zfill(width) for v in values]


def _python_format(table: Table, column: str, pattern: str) -> str:
    made, at = "", 0
    for piece in _PIECE.finditer(pattern):
        literal, letters = piece.group(1), piece.group(2)
        if piece.start() != at or (letters and letters not in _JAVA):
            break
        text = piece.group() if literal is None else literal.replace("''", "'") or "'"
        made += _JAVA[letters] if letters else text.replace("%", "%%")
        at = piece.end()
    if at < len(pattern) or not pattern:
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
    year, month = months // 12, months % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def _default_unit(pattern: str) -> str:
    for mark, unit in (
        ("%S", "SECOND"),
        ("%M", "MINUTE"),
        ("%H", "HOUR"),
        ("%d", "DAY"),
        ("%m", "MONTH"),
        ("%b", "MONTH"),
        ("%B", "MONTH"),
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
    if unit not in (*_UNITS, "MONTH", "YEAR"):
        raise _bad(table, column, f"interval.unit '{unit}'")
    step = _step(table, column)
    moment, count, last = low, 0, None
    while moment <= high:
        text = moment.strftime(pattern)
        if text != last:
            yield text
        last, count = text, count + 1
        if count > _LIMIT:
            raise _bad(table, column, f"more than {_LIMIT} values")
        moment = _shift(low, count * step, unit)


class Places:
    """Where projected partitions lie, by their values in the order of the keys, and back.

    `storage.location.template` says it, otherwise Hive's layout.
    """

    def __init__(self, table: Table) -> None:
        keys = {key.lower(): at for at, key in enumerate(table.keys)}
        template = table.parameters.get("storage.location.template")
        named = {n.lower() for n in re.findall(r"\$\{([^}]*)\}", template or "")}
        if template and not named.issuperset(keys):
            raise _bad(table, ", ".join(sorted(keys.keys() - named)), "no part of its template")
        if not template:
            template = "/".join([table.location, *(f"{k}=${{{k}}}" for k in keys)])
        # A table promises thousands of partitions, so the template is taken apart once.
        parts = re.split(r"(\$\{[^}]*\})", template.rstrip("/"))
        self._parts = [keys.get(p[2:-1].lower(), p) if p[:2] == "${" else p for p in parts]

    def of(self, values: tuple[str, ...]) -> str:
        """The location of one partition, without a trailing slash."""
        return "".join(p if isinstance(p, str) else values[p] for p in self._parts).rstrip("/")

    def start(self, domains: list[list[str]]) -> str:
        """The deepest folder above all partitions with values of `domains`."""
        made = ""
        for part in self._parts:
            known = [part] if isinstance(part, str) else domains[part]
            if len(known) != 1:
                break
            made += known[0]
        else:
            return made
        return made.rpartition("/")[0]

    def reader(self, domains: list[list[str]]) -> re.Pattern[str] | None:
        """Matches a folder in or below a partition, a group `k<n>` for the value of key n.

        None where a folder's name does not tell the values for sure: two keys without a slash
        between them, or values of one key with a different number of slashes.
        """
        made, seen, joined = "", set(), False
        for part in self._parts:
            if isinstance(part, str):
                joined = joined and "/" not in part
                made += re.escape(part)
                continue
            depths = {value.count("/") for value in domains[part]}
            if joined or len(depths) != 1:
                return None
            value = "[^/]+" + "/[^/]+" * depths.pop()
            made += f"(?P=k{part})" if part in seen else f"(?P<k{part}>{value})"
            joined = True
            seen.add(part)
        return re.compile(f"{made}(?:/.*)?") if len(seen) == len(domains) else None

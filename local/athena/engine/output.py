"""A query's rows as Athena's CSV: the result file, from which GetQueryResults reads its pages too.

Columns of plain types are printed by DuckDB itself, a hundred times faster than value by value.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from local.athena.engine import results
from local.athena.engine.query import Plan, Work
from local.athena.engine.results import Row
from local.athena.sql import zones
from local.athena.sql.quoting import quoted
from local.athena.sql.types import Type

_COPY = "FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR ''"
_FIELD = re.compile(r'(?:^|,)(?:"((?:[^"]|"")*)")?')
# Trino's text of a value as DuckDB's expression; other types are printed by `results.text`.
_AS_TEXT = {
    "date": "t_date_to_varchar({})",
    **dict.fromkeys(("boolean", "tinyint", "smallint", "integer", "bigint"), "{}"),
    **dict.fromkeys(("decimal", "varchar", "json"), "{}"),
    # Where Java writes no exponent, DuckDB prints the same digits.
    "double": "CASE WHEN abs({0}) >= 1e-3 AND abs({0}) < 1e7 OR {0} = 0 THEN CAST({0} AS VARCHAR) "
    "ELSE t_double_to_varchar({0}) END",
    "timestamp": "t_timestamp_to_varchar({})",
    "timestamp(6)": "t_timestamp_6_to_varchar({})",
    "timestamp with time zone": "t_zoned_to_varchar({})",
}


def write(work: Work, plan: Plan, text: str, path: Path) -> int:
    """Run the plan into `path`, header first; answers the number of rows.

    Raises QueryFailed in Trino's words; `path` is there only when all went well.
    """
    # A name of its own: what DuckDB still does to the file of a query that failed meets no other.
    partial = work.duck.scratch / f"{uuid.uuid4().hex}.part"
    header = results.csv_line([name for name, _ in plan.display_columns()])
    printed = [_in_duckdb(kind) for _, kind in plan.columns]
    try:
        if None in printed:
            count = _value_by_value(work, plan, text, partial, header)
        else:
            count = _by_duckdb(work, plan, text, partial, header, [p for p in printed if p])
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _in_duckdb(kind: Type) -> str | None:
    if kind.name == "decimal" and len(kind.numbers) == 2 and kind.numbers[0] == kind.numbers[1]:
        return "regexp_replace(CAST({} AS VARCHAR), '^(-?)[.]', '\\10.')"  # DuckDB writes no zero
    if kind.zone:
        return zones.text_form(kind)
    if kind.has_microseconds:
        return _AS_TEXT.get(kind.trino())
    plain = kind.name in ("decimal", "varchar") or not kind.numbers
    return _AS_TEXT.get(kind.name) if plain else None


def _by_duckdb(
    work: Work, plan: Plan, text: str, path: Path, header: str, printed: list[str]
) -> int:
    columns = ", ".join(
        f"CAST({form.format(f'#{at}')} AS VARCHAR)" for at, form in enumerate(printed, 1)
    )
    # The suffix stands where the last line would end.
    options = f"{_COPY}, PREFIX {quoted(header)}, SUFFIX '\n'"
    with work.running(plan, text) as (connection, query):
        rows = f"SELECT {columns} FROM ({query}) AS result"
        copied = connection.execute(f"COPY ({rows}) TO {quoted(str(path))} ({options})")
        count = int(copied.fetchone()[0])
    if not count:
        path.write_text(header, encoding="utf-8")
    return count


def _value_by_value(work: Work, plan: Plan, text: str, path: Path, header: str) -> int:
    kinds = [kind for _, kind in plan.columns]
    count = 0
    with path.open("w", encoding="utf-8") as lines:
        lines.write(header)
        for batch in work.run(plan, text):
            for values in batch:
                row = (results.text(v, k) for v, k in zip(values, kinds, strict=True))
                lines.write(results.csv_line(row))
            count += len(batch)
    return count


def begins_record(path: Path, start: int) -> bool:
    """Whether a page may start at this byte."""
    if start == 0:
        return True
    with path.open("rb") as file:
        file.seek(start - 1)
        return file.read(1) == b"\n"


def page(path: Path, start: int, count: int) -> tuple[list[Row], int | None]:
    """Rows from byte `start` of a file, at most `count`, and where the next page starts."""
    rows: list[Row] = []
    with path.open("rb") as file:
        file.seek(start)
        for record in _records(file):
            if len(rows) == count:
                return rows, start
            start += len(record)
            rows.append(_fields(record.decode().removesuffix("\n")))
    return rows, None


def _records(lines: Iterable[bytes]) -> Iterator[bytes]:
    """A record ends with its line unless a quote is open."""
    held = b""
    for line in lines:
        held += line
        if held.count(b'"') % 2 == 0:
            yield held
            held = b""


def _fields(record: str) -> Row:
    values = (found.group(1) for found in _FIELD.finditer(record))
    return [None if v is None else v.replace('""', '"') for v in values]

"""Fields of text as values of the columns' types, by the rules of OpenCSVSerDe and LazySimpleSerDe.

How a line is cut into fields is in `lines`.
"""

from __future__ import annotations

from local.athena.sql.quoting import quoted
from local.athena.sql.types import INTEGERS, Type

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_FLOATING = rf"\s*([+-]?(NaN|Infinity)|{_NUMBER}[fFdD]?)\s*"
_FORMS = {
    **dict.fromkeys(INTEGERS, "[+-]?[0-9]+"),
    **dict.fromkeys(("double", "real"), _FLOATING),
    "decimal": _NUMBER,
    "boolean": "(?i)true|false",
}
# By far most dates are written so; the others, whose days may flow over, cost a function in Python.
_CIVIL = {
    "date": ("t_hive_date", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "timestamp": (
        "t_hive_moment",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?",
    ),
}


def lazy(text: str, kind: Type) -> str:
    """LazySimpleSerDe: what does not parse is NULL."""
    if kind.name == "varchar":
        return text
    if kind.name in _CIVIL:
        function, form = _CIVIL[kind.name]
        usual = f"CASE WHEN regexp_full_match({text}, {quoted(form)}) THEN {text} END"
        casts = (f"TRY_CAST({each} AS {kind.duckdb()})" for each in (usual, f"{function}({text})"))
        return f"coalesce({', '.join(casts)})"
    return _converted(text, kind)


def open_csv(text: str, kind: Type, *, lenient: bool) -> str:
    """OpenCSVSerDe on Athena: dates are days, timestamps milliseconds; what does not parse fails.

    `lenient` makes it NULL. https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html
    """
    if kind.name == "varchar":
        return text
    made = _counted(text, kind) if kind.name in _CIVIL else _converted(text, kind)
    if lenient:
        return made
    what = quoted(f"': it is no {kind.trino()} as OpenCSVSerDe reads it")
    message = f"concat('Error parsing field value ''', {text}, {what})"
    failing = f"CASE WHEN {made} IS NULL THEN t_fail('HIVE_BAD_DATA', {message}) ELSE {made} END"
    return f"CASE WHEN {text} IS NOT NULL THEN {failing} END"


def _converted(text: str, kind: Type) -> str:
    plain = f"rtrim(trim({text}), 'fFdD')" if _FORMS.get(kind.name) == _FLOATING else text
    made = f"TRY_CAST({plain} AS {kind.duckdb()})"
    form = _FORMS.get(kind.name)
    return f"CASE WHEN regexp_full_match({text}, {quoted(form)}) THEN {made} END" if form else made


def _counted(text: str, kind: Type) -> str:
    number = f"CASE WHEN regexp_full_match({text}, '-?[0-9]{{1,15}}') THEN {text} END"
    if kind.name == "date":
        return f"DATE '1970-01-01' + TRY_CAST({number} AS INTEGER)"
    return f"make_timestamp(TRY_CAST({number} AS BIGINT) * 1000)"

"""Date patterns: MySQL's (date_format, date_parse) and Joda's (format_datetime) as DuckDB's strftime."""

from __future__ import annotations

import re

from local.athena.errors import NotSupported, QueryFailed

# https://trino.io/docs/current/functions/datetime.html#mysql-date-functions
_MYSQL = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I", "I": "%I",
    "i": "%M", "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p",
    "S": "%S", "s": "%S", "T": "%H:%M:%S", "W": "%A", "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip
_JODA = {
    "yyyy": "%Y", "yy": "%y", "y": "%-Y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dd": "%d",
    "d": "%-d", "EEEE": "%A", "EEE": "%a", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M",
    "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g", "a": "%p", "DDD": "%j",
}  # fmt: skip
_JODA_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


def from_mysql(pattern: str) -> str:
    made, letters = [], iter(pattern)
    for letter in letters:
        if letter != "%":
            made.append(letter)
            continue
        specifier = next(letters, "")
        if specifier in "DUuVwX":
            raise QueryFailed(
                "INVALID_FUNCTION_ARGUMENT", f"%{specifier} not supported in date format string"
            )
        if specifier not in _MYSQL:
            raise NotSupported(f"%{specifier} in a date format string")
        made.append(_MYSQL[specifier])
    return "".join(made)


def from_joda(pattern: str) -> str:
    made = []
    for found in _JODA_TOKEN.finditer(pattern):
        text = found.group(0)
        if found.group(1) is not None:
            made.append((found.group(1).replace("''", "'") or "'").replace("%", "%%"))
        elif found.group(2):
            if text not in _JODA:
                raise NotSupported(f"'{text}' in a date-time pattern")
            made.append(_JODA[text])
        else:
            made.append(text.replace("%", "%%"))
    return "".join(made)


def java_replacement(text: str) -> str:
    """A Java regex replacement (`$1`, `\\$`) in RE2's form (`\\1`)."""
    if re.search(r"\$\{", text):
        raise NotSupported("named groups in the replacement of regexp_replace")
    parts = re.findall(r"\\(.)|\$(\d)|(.)", text, flags=re.S)
    return "".join(
        f"\\{group}" if group else (plain or escaped).replace("\\", "\\\\")
        for escaped, group, plain in parts
    )


# https://trino.io/docs/current/functions/json.html#json-extract: the JSONPath subset that needs no wildcard
_STEP = re.compile(
    r"""\.([\w$@-]+)|\.?\[\s*(\d+)\s*\]|\.?\[\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*\]|\."([^"\\]*)\""""
)


def json_path(path: str) -> str:
    """A literal JSONPath in DuckDB's form; wildcards, filters and descent are refused."""
    if not path.startswith("$"):
        path = f"$.{path}"
    at, made = 1, "$"
    while at < len(path):
        found = _STEP.match(path, at)
        if not found:
            raise NotSupported(f"JSON path {path}")
        name, index, *quoted = found.groups()
        key = name or next((q for q in quoted if q is not None), "")
        made += f"[{index}]" if index is not None else f'."{key}"'
        at = found.end()
    return made

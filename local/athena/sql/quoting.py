"""Names and texts of users as DuckDB SQL; whatever goes into SQL as text goes through here."""

from __future__ import annotations


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def json_member(name: str) -> str:
    """The JSON path of one member, as a quoted text."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return quoted(f'$."{escaped}"')


def literal_glob(path: str) -> str:
    """A path that DuckDB, which reads every path as a pattern, takes as it stands."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)

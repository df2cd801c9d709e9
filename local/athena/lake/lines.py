"""Text objects line by line, cut into fields as OpenCSVSerde and LazySimpleSerDe do it.

DuckDB's own CSV reader has other rules: for backslashes, quotes inside fields, line breaks in quotes.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from local.athena.errors import NotSupported
from local.athena.sql.quoting import literal_glob, quoted

# Athena tells compressed text by the end of its name; DuckDB opens .gz and .zst.
_CLOSED = (".bz2", ".snappy", ".lz4", ".lzo", ".deflate", ".zlib", ".br", ".zip", ".tgz")
_LONGEST = 16 * 1024 * 1024  # bytes of a line
_NO_DELIMITER = "\x1d\x1e\x1f"  # a line is one field


def readable(paths: list[Path]) -> str:
    """The paths as a list in SQL; raises NotSupported for a compression that cannot be read."""
    for path in paths:
        if path.suffix.lower() in _CLOSED:
            raise NotSupported(f"compression of {path.name}")
    return "[" + ", ".join(quoted(literal_glob(str(p))) for p in paths) + "]"


def _require_line_feeds(path: Path) -> None:
    """DuckDB reads either lone carriage returns or a mixture of line ends, and mixtures are common."""
    if path.suffix.lower() in (".gz", ".zst"):
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(b"\r") >= 0 and re.search(rb"\r(?!\n)", content):
            raise NotSupported(f"a carriage return without a line feed in {path.name}")


def whole(paths: list[Path], skip: int) -> str:
    """Every line, the empty ones too, which DuckDB leaves out unless they are NULL."""
    for path in paths:
        _require_line_feeds(path)
    return (
        "(SELECT coalesce(line, '') AS line, filename "
        f"FROM read_csv({readable(paths)}, columns={{'line': 'VARCHAR'}}, auto_detect=false, "
        f"header=false, skip={skip}, delim='{_NO_DELIMITER}', nullstr='', quote='', escape='', "
        "new_line='\\r\\n', hive_partitioning=false, strict_mode=false, filename=true, "
        f"max_line_size={_LONGEST}, buffer_size={2 * _LONGEST}))"
    )


def open_csv(paths: list[Path], skip: int, parameters: dict[str, str], columns: int) -> str:
    """A relation with `fields` (VARCHAR[], shorter than `columns` where a line ends early)."""
    given = (("separatorChar", ","), ("quoteChar", '"'), ("escapeChar", "\\"))
    separator, quote, escape = ((parameters.get(name) or usual)[0] for name, usual in given)
    escape = "\\" if escape == '"' else escape  # as Hive does, whose default is said to be a quote
    marks = ", ".join(map(quoted, (separator, quote, escape)))
    plain = f"[^{_hex(separator)}{_hex(quote)}{_hex(escape)}]*"
    inside = f"{_hex(quote)}[^{_hex(quote)}{_hex(escape)}]*{_hex(quote)}"
    field = f"({inside}|{plain})"
    common = quoted(f"{field}({_hex(separator)}{field})*")
    each = quoted(f"{_hex(separator)}{field}")
    return (
        "(SELECT CASE WHEN line = '' THEN CAST([] AS VARCHAR[]) "
        f"WHEN NOT contains(line, {quoted(quote)}) AND NOT contains(line, {quoted(escape)}) "
        f"THEN string_split(line, {quoted(separator)}) "
        f"WHEN regexp_full_match(line, {common}) "
        f"THEN list_transform(regexp_extract_all({quoted(separator)} || line, {each}, 1), "
        f"lambda f: CASE WHEN starts_with(f, {quoted(quote)}) THEN f[2:-2] ELSE f END) "
        f"ELSE t_open_csv(line, {marks}, {columns}) END AS fields, filename "
        f"FROM {whole(paths, skip)})"
    )


def delimited(paths: list[Path], skip: int, delimiter: str, escape: str) -> str:
    """A relation with `fields` of LazySimpleSerDe; `escape`, unless empty, protects a character."""
    cut = f"string_split(line, {quoted(delimiter)})"
    if escape:
        marks = f"{quoted(delimiter)}, {quoted(escape)}"
        cut = (
            f"CASE WHEN contains(line, {quoted(escape)}) THEN t_split_escaped(line, {marks}) "
            f"ELSE {cut} END"
        )
    return f"(SELECT {cut} AS fields, filename FROM {whole(paths, skip)})"


def _hex(character: str) -> str:
    return f"\\x{{{ord(character):x}}}"


def split_csv(line: str, separator: str, quote: str, escape: str, columns: int) -> list[str | None]:
    """One line as OpenCSVSerde reads it, oddities included: Trino's CsvDeserializer is the source.

    An escape before anything but a quote or an escape vanishes. A quote in the
    middle of a field is kept and opens or closes quoting all the same. A field whose quotes are still
    open at the end of the line is NULL, as are fields that the line does not have.
    """
    fields: list[str | None] = []
    text: list[str] = []
    quoting = inside = False
    at = 0
    while at < len(line) and len(fields) < columns:
        letter, following = line[at], line[at + 1 : at + 2]
        if letter == escape:
            if (quoting or inside) and following in (quote, escape) and following:
                text.append(following)
                at += 1
        elif letter == quote:
            if (quoting or inside) and following == quote:
                text.append(following)
                at += 1
            else:
                if at > 2 and line[at - 1] != separator and following not in ("", separator):
                    if "".join(text).strip() or not text:
                        text.append(letter)
                    else:
                        text.clear()
                quoting = not quoting
            inside = not inside
        elif letter == separator and not quoting:
            fields.append("".join(text))
            text.clear()
            inside = False
        else:
            text.append(letter)
            inside = True
        at += 1
    if len(fields) < columns and not quoting:
        fields.append("".join(text))
    return fields


def split_escaped(line: str, delimiter: str, escape: str) -> list[str]:
    """One line cut at the delimiters that no escape protects."""
    fields: list[list[str]] = [[]]
    letters = iter(line)
    for letter in letters:
        if letter == escape:
            fields[-1].append(next(letters, ""))
        elif letter == delimiter:
            fields.append([])
        else:
            fields[-1].append(letter)
    return ["".join(f) for f in fields]

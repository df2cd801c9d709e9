"""Lines of text objects: what SQL cuts by itself is what OpenCSVSerde's rules give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.athena.engine.duck import Duck
from local.athena.errors import NotSupported
from local.athena.lake import lines
from local.athena.settings import Settings

# A line of a table with three columns, and its fields by Trino's CsvDeserializer.
CSV = {
    'a,b,c': ["a", "b", "c"],
    '1,"a,b",x': ["1", "a,b", "x"],
    '2,"he said ""hi""",y': ["2", 'he said "hi"', "y"],
    '3,"left open': ["3", None, None],
    'still,open",z': ["still", None, None],
    '4,back\\slash,"q\\"uote"': ["4", "backslash", 'q"uote'],
    '5,\\\\,\\"': ["5", "", None],
    "6": ["6", None, None],
    "7,,": ["7", "", ""],
    '8,"",""': ["8", "", ""],
    "9,a,b,c,d": ["9", "a", "b"],
    '10,ab"cd"ef,g': ["10", 'ab"cd"ef', "g"],
    '11,  "x",y': ["11", "x", "y"],
    '"zoë ☕",\'b\',': ["zoë ☕", "'b'", ""],
    "": [None, None, None],
}  # fmt: skip


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Any]:
    made = Duck(Settings("http://127.0.0.1:1", tmp_path), [tmp_path / "objects"])
    yield made.connection()
    made.close()


def _fields(duck: Any, source: str) -> list[list[str | None]]:
    return [list(row) for row in duck.execute(f"SELECT {_THREE} FROM {source}").fetchall()]


_THREE = "fields[1], fields[2], fields[3]"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_open_csv_cuts_every_line_as_hive_does(duck: Any, tmp_path: Path, ending: str) -> None:
    path = tmp_path / "objects" / "lines.csv"
    path.write_text("a header\n" + "".join(f"{line}{ending}" for line in CSV), newline="")
    assert _fields(duck, lines.open_csv([path], 1, {}, 3)) == list(CSV.values())


def test_open_csv_knows_other_marks(duck: Any, tmp_path: Path) -> None:
    path = tmp_path / "objects" / "lines.csv"
    path.write_text("1|'a|b'|c^'d\n2|b|'say ''hi'''\n")
    marks = {"separatorChar": "|", "quoteChar": "'", "escapeChar": "^"}
    assert _fields(duck, lines.open_csv([path], 0, marks, 3)) == [
        ["1", "a|b", "c'd"],
        ["2", "b", "say 'hi'"],
    ]


def test_an_escape_protects_a_delimiter(duck: Any, tmp_path: Path) -> None:
    path = tmp_path / "objects" / "lines.txt"
    path.write_text('1|a\\|b|c"d\n\n2|\\\\|x')
    found = _fields(duck, lines.delimited([path], 0, "|", "\\"))
    assert found == [["1", "a|b", 'c"d'], ["", None, None], ["2", "\\", "x"]]


def test_a_lone_carriage_return_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"a\rb\n")
    with pytest.raises(NotSupported, match="carriage return"):
        lines.delimited([path], 0, "|", "")


def test_a_compression_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(NotSupported, match=r"compression of part\.bz2"):
        lines.readable([Path("part.gz"), Path("part.bz2")])

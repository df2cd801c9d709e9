"""The table of functions: complete, without contradictions, and shown in the README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from local.athena.engine.planner import Planner, Session
from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions import table
from local.athena.sql.syntax import parse
from local.athena.sql.translate import Translator
from local.athena.sql.waiting import REWRITES, TYPED_CALLS

CONFORMANCE = Path(__file__).parent / "conformance"
README = Path(table.__file__).parents[1] / "README.md"
BY_SYNTAX = {"listagg", "cast", "if", "row", "concat", "at_timezone"}


def test_no_function_is_both_faithful_and_refused() -> None:
    assert not table.REFUSED & (table.REWRITTEN | set(table.DIRECT))


def test_every_rewritten_function_has_its_rewrite() -> None:
    assert (set(REWRITES) | set(TYPED_CALLS) | BY_SYNTAX) - {""} == table.REWRITTEN


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    planner = Planner()
    made = planner.session()
    yield made
    made.close()
    planner.close()


@pytest.mark.parametrize("name", sorted(table.REFUSED))
def test_a_refused_function_is_refused_by_its_name(session: Session, name: str) -> None:
    with pytest.raises(NotSupported, match=name):
        Translator(f"select {name}(1)", session).translate(parse(f"select {name}(1)"))


def test_an_unknown_function_is_named_with_its_place(session: Session) -> None:
    text = "select\n  nonsense(1)"
    with pytest.raises(
        QueryFailed, match="FUNCTION_NOT_FOUND: line 2:3: Function 'nonsense' not registered"
    ):
        Translator(text, session).translate(parse(text))


def test_every_faithful_function_has_a_value_in_a_conformance_case() -> None:
    cases = (c for p in CONFORMANCE.glob("*.yml") for c in yaml.safe_load(p.read_text("utf-8")))
    texts = [c.get("expr") or c["query"] for c in cases if "error" not in c]
    called = {name.lower() for text in texts for name in re.findall(r"(\w+)\s*\(", text)}
    assert {n for n in table.KNOWN if table.status(n) == "faithful"} <= called


def test_the_readme_shows_the_table() -> None:
    assert README.read_text(encoding="utf-8").endswith(table.table())

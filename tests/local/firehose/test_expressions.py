"""S3 prefixes with expressions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.firehose.errors import ExpressionError
from local.firehose.expressions import LAMBDA, QUERY, Situation, read_prefix

INSTANT = datetime(2018, 8, 27, 10, 30, tzinfo=UTC)


def situation(**more: Any) -> Situation:
    strings = iter(f"random-{n:04d}" for n in range(100))
    return Situation(INSTANT, lambda: next(strings), **more)


EXAMPLES = [
    (
        "myFirehose/DeliveredYear=!{timestamp:yyyy}/anyMonth/rand=!{firehose:random-string}",
        "myFirehose/DeliveredYear=2018/anyMonth/rand=random-0000",
    ),
    (
        "myErrors/!{firehose:error-output-type}/!{timestamp:yyyy}/anyMonth/!{timestamp:dd}",
        "myErrors/processing-failed/2018/anyMonth/27",
    ),
    (
        "x/!{timestamp:'year='yyyy'/month='MM'/day='dd'/hour='HH}/",
        "x/year=2018/month=08/day=27/hour=10/",
    ),
    ("!{firehose:random-string}/!{firehose:random-string}", "random-0000/random-0001"),
    ("a!b{c}!", "a!b{c}!"),
]


@pytest.mark.parametrize(("text", "evaluated"), EXAMPLES)
def test_the_examples_of_the_documentation_evaluate_as_it_says(text: str, evaluated: str) -> None:
    assert read_prefix(text).evaluate(situation(error_type="processing-failed")) == evaluated


@pytest.mark.parametrize(
    "text",
    [
        "!{timestamp}",
        "!{timestamp:}",
        "!{other:x}",
        "!{timestamp:yyyy",
        "!{firehose:uuid}",
        "!{timestamp:YYYY}",
        "!{ timestamp:yyyy}",
    ],
)
def test_an_expression_that_is_not_documented_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        read_prefix(f"a/{text}/b")


def test_a_partition_key_without_a_value_cannot_be_evaluated() -> None:
    with pytest.raises(ExpressionError, match="kind"):
        read_prefix("!{partitionKeyFromLambda:kind}/").evaluate(situation())


def test_an_evaluated_prefix_beyond_512_characters_is_refused() -> None:
    prefix = read_prefix("!{partitionKeyFromLambda:kind}/")
    prefix.evaluate(situation(keys={(LAMBDA, "kind"): "x" * 511}))
    with pytest.raises(ExpressionError, match="513"):
        prefix.evaluate(situation(keys={(LAMBDA, "kind"): "x" * 512}))


literal = st.text(st.characters(codec="ascii", exclude_characters="!{}"), max_size=12)
name = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=6)
piece = st.one_of(
    literal.map(lambda text: (text, text)),
    st.sampled_from(
        [
            ("!{timestamp:yyyy-MM-dd}", "2018-08-27"),
            ("!{timestamp:'h='HH}", "h=10"),
            ("!{firehose:error-output-type}", "processing-failed"),
        ]
    ),
    name.map(lambda key: (f"!{{partitionKeyFromLambda:{key}}}", f"<lambda {key}>")),
    name.map(lambda key: (f"!{{partitionKeyFromQuery:{key}}}", f"<query {key}>")),
)


class Keys(dict[tuple[str, str], str]):
    """Every partition key has a value that tells which it is."""

    def __missing__(self, key: tuple[str, str]) -> str:
        return f"<{ {LAMBDA: 'lambda', QUERY: 'query'}[key[0]] } {key[1]}>"


@given(st.lists(piece, max_size=8))
def test_a_prefix_evaluates_piece_by_piece(pieces: list[tuple[str, str]]) -> None:
    prefix = read_prefix("".join(text for text, _ in pieces))
    evaluated = prefix.evaluate(situation(error_type="processing-failed", keys=Keys()))
    assert evaluated == "".join(value for _, value in pieces)
    assert prefix.has_expressions == any("!{" in text for text, _ in pieces)
    assert len(prefix.keys) == sum("partitionKeyFrom" in text for text, _ in pieces)


@given(st.text(st.sampled_from("!{}:timesapyHfrho-' "), max_size=40))
def test_whatever_is_read_evaluates_without_a_marker_left_over(text: str) -> None:
    try:
        prefix = read_prefix(text)
    except ExpressionError:
        assert "!{" in text
        return
    assert "!{" not in "".join(each.value for each in prefix.pieces if each.namespace is None)

"""The jq subset of inline parsing."""

from __future__ import annotations

import pytest

from local.firehose.errors import ExpressionError
from local.firehose.queries import follow, read_query


def test_a_query_names_paths() -> None:
    query = read_query('{customer_id: .customer_id, "device":.type.device}')
    assert query == {"customer_id": ("customer_id",), "device": ("type", "device")}


@pytest.mark.parametrize(
    "query",
    [
        "",
        ".a",
        "{a:.b|tostring}",
        "{a:.b[0]}",
        '{a:(.t|strftime("%Y"))}',
        "{a}",
        "{a:.}",
        "{a:.b,}",
    ],
)
def test_jq_beyond_paths_is_refused(query: str) -> None:
    with pytest.raises(ExpressionError):
        read_query(query)


def test_scalars_become_key_text() -> None:
    document = {"a": {"b": 7, "c": True, "d": "x"}}
    assert [follow(("a", step), document) for step in "bcd"] == ["7", "true", "x"]


@pytest.mark.parametrize("document", [{}, {"a": None}, {"a": ""}, {"a": {"b": {}}}, {"a": [1]}, 5])
def test_what_is_no_scalar_is_no_key(document: object) -> None:
    with pytest.raises(ExpressionError):
        follow(("a", "b"), document)

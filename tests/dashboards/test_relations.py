"""What a card's SQL may read."""

from __future__ import annotations

import pytest

from dashboards.relations import RelationError, find_marts


def test_marts_after_from_and_join_are_listed_sorted() -> None:
    sql = "select 1 from marts.users u inner join marts.postings p on u.user_id = p.user_id"
    assert find_marts(sql) == ("marts.postings", "marts.users")


def test_names_of_with_queries_and_subqueries_are_not_relations() -> None:
    sql = """
        with a as (select * from marts.users), b as (select * from a)
        select * from b cross join (select 1 from marts.goods) as c
    """
    assert find_marts(sql) == ("marts.goods", "marts.users")


def test_words_in_comments_and_literals_are_not_read() -> None:
    sql = "select 'x from raw.y' /* join raw.z */ from marts.users -- from raw.w"
    assert find_marts(sql) == ("marts.users",)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from raw.users",
        "select * from users",
        "select * from marts.users, staging.users",
        "select * from marts.users as u, raw.users as r",
        "select * from marts.users u join marts.goods g on u.a = g.a, raw.x",
        "select * from marts.users join raw.users using (user_id)",
        "select * from (select * from marts.users, raw.users) as u",
        'select * from "raw"."users"',
        "select * from awsdatacatalog.marts.users",
        "select * from marts . users union all select * from raw . users",
        "with a as (select * from raw.users) select * from a, marts.users",
        "select (select max(x) from raw.y) from marts.users",
        "select * from marts.users where x in (select x from errors.users)",
    ],
)
def test_anything_but_a_mart_is_refused(sql: str) -> None:
    with pytest.raises(RelationError, match="marts only"):
        find_marts(sql)


@pytest.mark.parametrize("sql", ["delete from marts.users", "", "select 1 from marts.a; select 2"])
def test_anything_but_one_select_is_refused(sql: str) -> None:
    with pytest.raises(RelationError):
        find_marts(sql)


def test_a_query_without_a_mart_is_refused() -> None:
    with pytest.raises(RelationError, match="no mart"):
        find_marts("select 1 as one")

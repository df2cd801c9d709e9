"""Statement kinds are decided on tokens; DDL becomes Glue definitions."""

from __future__ import annotations

import pytest

from local.athena.api.checking import literal
from local.athena.engine.runner import bind
from local.athena.errors import QueryFailed
from local.athena.statements.ddl import create_external
from local.athena.statements.kinds import classify, explained


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("/* create table */ -- drop\n select 'drop table x'", "query"),
        ("create table t with (format='parquet') as select 1 as as_of", "create_table"),
        ("CREATE TABLE IF NOT EXISTS `t` (a int) LOCATION 's3://b/t'", "create_external"),
        ("create or replace view v as select 1", "create_view"),
        ("(select 1)", "query"),
        ("MSCK REPAIR TABLE `t`;", "msck"),
    ],
)
def test_the_kind_of_a_statement(sql: str, kind: str) -> None:
    assert classify(sql).kind == kind


def test_an_unknown_statement_is_a_syntax_error() -> None:
    with pytest.raises(QueryFailed, match="SYNTAX_ERROR: line 1:1: mismatched input 'grant'"):
        classify("grant select on t to x")


def test_create_external_table_becomes_a_glue_definition() -> None:
    statement = classify(
        "create external table if not exists db.t (id int comment 'the id', s struct<a:string>) "
        "partitioned by (dt string) row format serde 'org.openx.data.jsonserde.JsonSerDe' "
        "with serdeproperties ('mapping.id'='Id') location 's3://b/t/' tblproperties ('k'='v')"
    )
    database, quiet, definition = create_external(statement, "default")
    assert (database, quiet, definition["Name"]) == ("db", True, "t")
    assert definition["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]
    storage = definition["StorageDescriptor"]
    assert storage["Columns"][0] == {"Name": "id", "Type": "int", "Comment": "the id"}
    assert storage["SerdeInfo"]["Parameters"] == {"mapping.id": "Id"}
    assert int(definition["Parameters"].pop("transient_lastDdlTime")) > 0
    assert definition["Parameters"] == {"EXTERNAL": "TRUE", "k": "v"}


def test_question_marks_in_strings_and_comments_are_no_parameters() -> None:
    assert bind("select '?', ? -- ?\n, \"a?\"", ["1"]) == "select '?', 1 -- ?\n, \"a?\""
    with pytest.raises(QueryFailed, match="expected 1 but found 2"):
        bind("select ?", ["1", "2"])


def test_a_parameter_that_is_noliteral_is_a_string() -> None:
    assert [
        literal(p) for p in ("1", "-2.5", "'x'", "date '2026-01-01'", "o'brien", "1; drop")
    ] == [
        "1",
        "-2.5",
        "'x'",
        "date '2026-01-01'",
        "'o''brien'",
        "'1; drop'",
    ]


def test_a_backslash_is_a_letter_in_trinos_strings_and_escapes_in_hives() -> None:
    assert bind(r"select '\', ?", ["1"]) == r"select '\', 1"
    assert (
        classify(r"create table t with (field_delimiter = '\') as select 1").kind == "create_table"
    )
    hive = classify(r"create external table t (a int comment 'it\'s') location 's3://b/t/'")
    assert [x.value for x in hive.lexemes if x.kind == "string"] == ["it's", "s3://b/t/"]
    assert classify(
        r"create table t (a int) comment 'it\'s as it is' location 's3://b/t'"
    ).kind == ("create_external")


def test_a_bound_parameter_of_several_words_keeps_together() -> None:
    assert bind("select x-?", ["-1"]) == "select x-(-1)"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("explain select 1", ("select 1", False)),
        ("explain (type validate) select 1", ("select 1", True)),
        ("explain (format text, type logical) (select 1)", ("(select 1)", False)),
        ("explain (select 1)", ("(select 1)", False)),
    ],
)
def test_explain_is_taken_apart(sql: str, expected: tuple[str, bool]) -> None:
    text, validate = explained(classify(sql))
    assert (text.strip(), validate) == expected
    assert sql.endswith(text.strip())
    assert len(text) == len(sql)  # so that lines and columns hold


@pytest.mark.parametrize(
    "sql",
    [
        "explain analyze select 1",
        "explain (type distributed) select 1",
        "explain (type io, format json) select 1",
        "explain (format graphviz) select 1",
        "explain insert into t select 1",
    ],
)
def test_an_explanation_that_would_be_made_up_is_refused(sql: str) -> None:
    with pytest.raises(QueryFailed, match="NOT_SUPPORTED: EXPLAIN"):
        explained(classify(sql))

"""SHOW, DESCRIBE and what Hive's side says: the lines that Athena answers, word for word."""

from __future__ import annotations

import pytest

from .conftest import LAKE, Endpoint, Query

pytestmark = pytest.mark.integration
BLANK = "\t \t "
HEADING = "# col_name            \tdata_type           \tcomment             "
KEY = "day                 \tstring              \tthe day             "


@pytest.fixture(scope="module")
def shown(query: Query) -> Query:
    query.rows("create database if not exists shown")
    query.rows(
        "create external table shown.t (a int comment 'it''s', s struct<x:int>) comment 'two' "
        f"partitioned by (day string comment 'the day') stored as parquet location 's3://{LAKE}/shown/t/'"
    )
    query.rows(
        "create external table shown.lines (a string) row format delimited fields terminated by '\\t' "
        f"lines terminated by '\\n' location 's3://{LAKE}/shown/lines/' tblproperties ('note'='x\ny')"
    )
    query.rows("create view shown.v as select 1 as n, cast('a' as varchar) as s")
    return query


def _lines(query: Query, sql: str) -> list[str]:
    return [str(row[0]) for row in query.rows(sql)]


def test_describe_pads_the_columns_of_hive(shown: Query) -> None:
    a = "a                   \tint                 \tit's                "
    s = "s                   \tstruct<x:int>       \t                    "
    keys = [BLANK, f"# Partition Information{BLANK}", HEADING, BLANK, KEY]
    assert _lines(shown, "describe shown.t") == [a, s, KEY, *keys]
    assert _lines(shown, "desc shown.t a") == [
        "a                   \tint                 \tfrom deserializer   "
    ]
    formatted = _lines(shown, "describe formatted shown.t")
    assert formatted[:9] == [HEADING, BLANK, a, s, *keys]
    for line in (
        f"# Detailed Table Information{BLANK}",
        "Database:           \tshown               \t ",
        "Protect Mode:       \tNone                \t ",
        f"Location:           \ts3://{LAKE}/shown/t\t ",
        "\tEXTERNAL            \tTRUE                ",
        f"# Storage Information{BLANK}",
        "Compressed:         \tNo                  \t ",
        "Sort Columns:       \t[]                  \t ",
    ):
        assert line in formatted
    assert _lines(shown, "show columns in shown.t")[0] == "a                   "


def test_a_view_is_described_in_trinos_types(shown: Query) -> None:
    for sql in ("describe shown.v", "show columns from shown.v"):
        assert _lines(shown, sql) == ["n\tinteger", "s\tvarchar"]


def test_show_create_table_is_hives(shown: Query) -> None:
    lines = _lines(shown, "show create table shown.t")
    assert lines[:12] == [
        "CREATE EXTERNAL TABLE `shown.t`(", "  `a` int COMMENT 'it\\'s', ", "  `s` struct<x:int>)",
        "COMMENT 'two'", "PARTITIONED BY ( ", "  `day` string COMMENT 'the day')",
        "ROW FORMAT SERDE ", "  'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' ",
        "STORED AS INPUTFORMAT ", "  'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat' ",
        "OUTPUTFORMAT ", "  'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'",
    ]  # fmt: skip
    assert lines[12:14] == ["LOCATION", f"  's3://{LAKE}/shown/t'"]
    assert lines[14] == "TBLPROPERTIES ("
    assert lines[15].startswith("  'transient_lastDdlTime'='")
    context = {"QueryExecutionContext": {"Database": "shown"}}
    done = shown.execution("show create table lines", **context)
    page = shown.client.get_query_results(QueryExecutionId=done["QueryExecutionId"])
    text = [row["Data"][0]["VarCharValue"] for row in page["ResultSet"]["Rows"]]
    assert text[0] == "CREATE EXTERNAL TABLE `lines`("
    assert text[2:6] == [
        "ROW FORMAT DELIMITED ", "  FIELDS TERMINATED BY '\\t' ", "  LINES TERMINATED BY '\\n' ",
        "STORED AS INPUTFORMAT ",
    ]  # fmt: skip
    info = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"][0]
    assert (info["Name"], info["Type"], info["Precision"]) == ("createtab_stmt", "string", 0)


def test_what_is_shown_can_be_created_again(shown: Query) -> None:
    for name in ("t", "lines"):
        text = "\n".join(_lines(shown, f"show create table shown.{name}"))
        again = text.replace(f"`shown.{name}`", f"`shown.{name}_again`")
        shown.rows(again)
        made = "\n".join(_lines(shown, f"show create table shown.{name}_again"))
        assert made == again


def test_a_property_of_two_lines_is_two_rows(shown: Query) -> None:
    assert _lines(shown, "show tblproperties shown.lines('note')") == ["note\tx", "y"]


def test_the_column_of_a_statement_has_athenas_name(shown: Query) -> None:
    for sql, name, kind in (
        ("show tables in shown", "tab_name", "string"),
        ("show views in shown", "views", "varchar"),
        ("show create view shown.v", "create view", "varchar"),
    ):
        done = shown.execution(sql)["QueryExecutionId"]
        page = shown.client.get_query_results(QueryExecutionId=done)
        info = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"][0]
        found = (info["Name"], info["Type"], info["Precision"], info["CaseSensitive"])
        assert found == (name, kind, 0, False)


@pytest.mark.parametrize(
    "sql",
    [
        "drop table shown.t, shown.v", "drop view shown.v shown", "describe shown.t a b", "show tables in shown '*' x",
        "alter table shown.t set tblproperties ('a'='b') x", "alter table shown.t add columns (b int) x",
        "show create table shown.t x", "msck repair table shown.t x", "show columns in shown.t x y",
        "alter table shown.t drop partition (day='1') (day='2')",
    ],
)  # fmt: skip
def test_a_word_too_much_is_an_error_and_nothing_is_done(shown: Query, sql: str) -> None:
    assert "mismatched input" in shown.reason(sql)
    assert _lines(shown, "show tables in shown 't|v'") == ["t", "v"]
    assert len(_lines(shown, "show columns in shown.t")) == 3


def test_partitions_are_dropped_by_the_keys_that_are_named(
    shown: Query, endpoint: Endpoint
) -> None:
    where = f"location 's3://{LAKE}/shown/p/'"
    shown.rows(f"create external table shown.p (a int) partitioned by (x string, y int) {where}")
    made = " ".join(f"partition (x='{x}', y={y})" for x in "ab" for y in (1, 2))
    shown.rows(f"alter table shown.p add {made}")
    assert _lines(shown, "show partitions shown.p partition (x='a')") == ["x=a/y=1", "x=a/y=2"]
    shown.rows("alter table shown.p drop partition (x='a')")
    assert _lines(shown, "show partitions shown.p") == ["x=b/y=1", "x=b/y=2"]
    assert shown.reason("alter table shown.p drop partition (x='q')") == (
        "FAILED: SemanticException [Error 10006]: Partition not found (x = 'q')"
    )
    assert shown.reason("alter table shown.p add partition (x='q')") == (
        "FAILED: SemanticException partition spec {x=q} doesn't contain all (2) partition columns"
    )


def test_what_exists_is_not_made_again(shown: Query) -> None:
    task = "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask."
    assert shown.reason("create database shown") == f"{task} Database shown already exists"
    again = f"create external table shown.t (a int) location 's3://{LAKE}/shown/t/'"
    assert shown.reason(again) == f"{task} AlreadyExistsException(message:Table t already exist)"


def test_parameters_that_do_not_fit_are_counted(shown: Query) -> None:
    done = shown.execution("select ?, ?", ExecutionParameters=["1"])
    assert done["Status"]["StateChangeReason"] == (
        "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 1"
    )


def test_a_workgroup_that_says_the_place_of_results_takes_no_other(shown: Query) -> None:
    place = {"OutputLocation": f"s3://{LAKE}/shown/results/"}
    configuration = {"EnforceWorkGroupConfiguration": True, "ResultConfiguration": place}
    shown.client.create_work_group(Name="shown", Configuration=configuration)
    made = f"create table shown.w with (external_location='s3://{LAKE}/shown/w/') as select 1 as a"
    with pytest.raises(Exception, match="enforces a centralized output location for all queries"):
        shown.execution(made, WorkGroup="shown")
    done = shown.execution("create table shown.w as select 1 as a", WorkGroup="shown")
    tables = f"s3://{LAKE}/shown/results/tables/{done['QueryExecutionId']}"
    assert done["ResultConfiguration"]["OutputLocation"] == tables
    assert f"  '{tables}'" in _lines(shown, "show create table shown.w")
    assert str(shown.rows('select "$path" from shown.w')[0][0]).startswith(f"{tables}/")


def test_a_failure_inside_a_statement_is_found_at_its_place(shown: Query) -> None:
    assert shown.reason("create table shown.x as\nselect nope from shown.v") == (
        "COLUMN_NOT_FOUND: line 2:8: Column 'nope' cannot be resolved"
    )
    assert shown.reason("create view shown.x as select nope from shown.v") == (
        "COLUMN_NOT_FOUND: line 1:31: Column 'nope' cannot be resolved"
    )

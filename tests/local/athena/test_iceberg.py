"""Iceberg tables through SQL: created, changed, looked back at; what pyiceberg itself reads is the judge."""

from __future__ import annotations

import datetime as dt
import itertools
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.manifest import DataFile
from pyiceberg.types import TimestampType

from .conftest import LAKE, Endpoint, Query

pytestmark = pytest.mark.integration
FOLDER = f"s3://{LAKE}/iceberg"
_numbers = itertools.count()


@pytest.fixture(scope="module")
def ice(query: Query) -> Query:
    query.rows("create database if not exists ice")
    return query


@pytest.fixture
def name() -> str:
    """A table of its own for each test."""
    return f"ice.t{next(_numbers)}"


def make(query: Query, name: str, sql: str, properties: str = "") -> None:
    where = f"{FOLDER}/{name.partition('.')[2]}/"
    query.rows(
        f"create table {name} with (table_type = 'ICEBERG', is_external = false, "
        f"location = '{where}'{properties}) as {sql}"
    )


def rows(query: Query, name: str, columns: str = "*") -> list[list[str | None]]:
    return query.rows(f"select {columns} from {name} order by 1")


def people(query: Query, name: str, properties: str = "") -> None:
    make(
        query,
        name,
        "select * from (values (1, 'ann', 1.50), (2, 'bob', 2.50), (3, cast(null as varchar), 3.50)) "
        "as t (id, name, amount)",
        properties,
    )


def test_a_table_made_of_a_query_is_read_back(ice: Query, name: str) -> None:
    people(ice, name)
    assert rows(ice, name) == [["1", "ann", "1.50"], ["2", "bob", "2.50"], ["3", None, "3.50"]]
    assert ice.rows(f"select count(*), sum(amount) from {name} where id > 1") == [["2", "6.00"]]
    assert ice.rows(f'select count(*) from {name} where "$path" like \'%/data/%.parquet\'') == [["3"]]  # fmt: skip


def test_every_type_comes_back_as_it_went_in(ice: Query, name: str) -> None:
    sql = (
        "select true as b, 1 as i, bigint '9000000000' as l, real '1.5' as f, 2.5e0 as d, "
        "decimal '12.30' as m, date '2026-02-03' as day, varchar 'x' as s, x'0a0b' as y, "
        "array[1, null] as a, map(array['k'], array[2]) as p, "
        "cast(row(1, 'z') as row(u integer, v varchar)) as r"
    )
    make(ice, name, sql)
    assert ice.rows(f"select * from {name}") == ice.rows(sql)
    described = "select b, typeof(i), typeof(l), typeof(f), typeof(m), typeof(r.u) from {}"
    assert ice.rows(described.format(name)) == ice.rows(described.format(f"({sql})"))


def test_insert_adds_a_snapshot(ice: Query, name: str) -> None:
    people(ice, name)
    done = ice.execution(f"insert into {name} (name, id) values ('eve', 4), ('dan', 5)")
    assert done["Status"]["State"] == "SUCCEEDED"
    assert rows(ice, name)[3:] == [["4", "eve", None], ["5", "dan", None]]
    assert ice.rows(f'select operation from ice."{name[4:]}$snapshots" order by committed_at') == [
        ["append"],
        ["append"],
    ]


@pytest.mark.parametrize("partitioning", ["", ", partitioning = array['bucket(id, 2)', 'name']"])
def test_delete_update_and_merge_change_the_rows_they_name(
    ice: Query, name: str, partitioning: str
) -> None:
    people(ice, name, partitioning)
    ice.rows(f"delete from {name} where amount > 3")
    assert rows(ice, name, "id") == [["1"], ["2"]]
    ice.rows(
        f"update {name} set name = upper(name), amount = cast(amount * 2 as decimal(3, 2)) where id = 2"
    )
    assert rows(ice, name) == [["1", "ann", "1.50"], ["2", "BOB", "5.00"]]
    done = ice.execution(
        f"merge into {name} as t using (values (1, 'x'), (2, 'y'), (7, 'z')) as s (id, name) "
        "on t.id = s.id when matched and s.name = 'x' then delete "
        "when matched then update set name = s.name || t.name "
        "when not matched then insert (id, name) values (s.id, s.name)"
    )
    assert done["Status"]["State"] == "SUCCEEDED", done["Status"]
    assert rows(ice, name) == [["2", "yBOB", "5.00"], ["7", "z", None]]
    answer = ice.client.get_query_results(QueryExecutionId=done["QueryExecutionId"])
    assert answer["UpdateCount"] == 3
    ice.rows(f"delete from {name}")
    assert rows(ice, name) == []


def test_a_merge_that_is_not_single_valued_changes_nothing(ice: Query, name: str) -> None:
    people(ice, name)
    before = rows(ice, name)
    reason = ice.reason(
        f"merge into {name} t using (values (1, 'x'), (1, 'y')) as s (id, name) on t.id = s.id "
        "when matched then update set name = s.name"
    )
    assert reason.startswith("MERGE_TARGET_ROW_MULTIPLE_MATCHES")
    assert rows(ice, name) == before
    assert ice.rows(f'select count(*) from ice."{name[4:]}$snapshots"') == [["1"]]


def test_an_insert_names_each_column_once(ice: Query, name: str) -> None:
    people(ice, name)
    reason = "DUPLICATE_COLUMN_NAME: line 1:1: Insert column name is specified more than once: id"
    merge = f"merge into {name} t using (select 9 as id) s on t.id = s.id when not matched then "
    for sql in (
        f"insert into {name} (id, ID) values (4, 5)",
        f"{merge} insert (id, id) values (4, 5)",
    ):
        assert ice.reason(sql) == reason
    assert len(rows(ice, name)) == 3


def test_rows_are_found_again_in_partitions_of_any_name(ice: Query, name: str) -> None:
    words = ["a/b=c", "é x", "it''s", "100%", "[?*]", "", "a+b&c", "__x"]
    values = ", ".join(f"('{w}', 1)" for w in words)
    sql = f"select * from (values {values}, (cast(null as varchar), 1)) as t (word, n)"
    make(ice, name, sql, ", partitioning = array['word']")
    ice.rows(f"update {name} set n = 2 where word <> 'é x' or word is null")
    assert ice.rows(f"select count(*), count(distinct word), sum(n) from {name}") == [["9", "8", "17"]]  # fmt: skip
    ice.rows(f"delete from {name} where n = 2")
    assert ice.rows(f"select word, n from {name}") == [["é x", "1"]]


def test_time_travel_by_version_and_time(ice: Query, name: str) -> None:
    people(ice, name)
    ice.rows(f"delete from {name} where id = 1")
    history = ice.rows(
        f'select snapshot_id, cast(committed_at as varchar) from ice."{name[4:]}$snapshots" order by committed_at'
    )
    first, at = history[0]
    assert len(ice.rows(f"select * from {name} for version as of {first}")) == 3
    assert len(ice.rows(f"select * from {name} for timestamp as of timestamp '{at}' as old")) == 3
    assert len(ice.rows(f"select * from {name} for timestamp as of current_timestamp")) == 2
    joined = (
        f"select count(*) from {name} n full join {name} for version as of {first} o on n.id = o.id"
    )
    assert ice.rows(joined) == [["3"]]
    assert "snapshot ID does not exist" in ice.reason(f"select * from {name} for version as of 7")
    assert "at or before" in ice.reason(
        f"select * from {name} for timestamp as of date '2020-01-01'"
    )


def test_columns_are_added_renamed_widened_and_dropped(ice: Query, name: str) -> None:
    people(ice, name)
    first = ice.rows(f'select snapshot_id from ice."{name[4:]}$snapshots"')[0][0]
    ice.rows(f"alter table {name} add columns (size bigint comment 'in cm')")
    ice.rows(f"alter table {name} change column id number bigint")
    ice.rows(f"alter table {name} drop column amount")
    ice.rows(f"insert into {name} values (5000000000, 'eve', 170)")
    assert rows(ice, name) == [
        ["1", "ann", None],
        ["2", "bob", None],
        ["3", None, None],
        ["5000000000", "eve", "170"],
    ]
    old = ice.rows(f"select id, amount from {name} for version as of {first} where amount > 3")
    assert old == [["3", "3.50"]]
    assert "Cannot change column type" in ice.reason(f"alter table {name} change number number int")
    assert "COLUMN_NOT_FOUND" in ice.reason(f"select amount from {name}")


@pytest.mark.parametrize(
    ("transform", "value", "place"),
    [
        ("day(day)", "date '1969-12-31'", "day_day=1969-12-31"),
        ("month(day)", "date '2026-03-31'", "day_month=2026-03"),
        ("year(day)", "date '1969-12-31'", "day_year=1969"),
        ("day", "date '2026-03-31'", "day=2026-03-31"),
        ("bucket(s, 16)", "'iceberg'", "s_bucket=9"),
        ("bucket(16, l)", "bigint '34'", "l_bucket=3"),
        ("bucket(m, 16)", "decimal '14.20'", "m_bucket=3"),
        ("bucket(i, 4)", "0", "i_bucket=0"),
        ("truncate(s, 3)", "'iceberg'", "s_trunc=ice"),
        ("truncate(i, 10)", "-1", "i_trunc=-10"),
        ("truncate(m, 50)", "decimal '10.65'", "m_trunc=10.50"),
        ("s", "'a/b=c'", "s=a%2Fb%3Dc"),
        ("s", "cast(null as varchar)", "s=null"),
    ],
)
def test_rows_lie_where_the_specification_puts_them(
    ice: Query, name: str, transform: str, value: str, place: str
) -> None:
    """Hashes of the specification: iceberg 1210000089, 34 2017239379, 14.20 -500754589, 0 1669671676."""
    column = transform.rstrip(")").partition("(")[2] or transform
    column = next(part.strip() for part in column.split(",") if not part.strip().isdecimal())
    make(ice, name, f"select {value} as {column}", f", partitioning = array['{transform}']")
    paths = ice.rows(f'select file_path from ice."{name[4:]}$files"')
    assert f"/data/{place}/" in str(paths[0][0])
    assert ice.rows(f"select {column} from {name}") == ice.rows(f"select {value}")


def test_files_outside_a_filter_cost_nothing(ice: Query, name: str) -> None:
    sql = "select n, n % 4 as part, cast(n as varchar) as text from unnest(sequence(1, 4000)) as t (n)"
    make(ice, name, sql, ", partitioning = array['part']")
    counted = [
        ice.execution(f"select sum(n) from {name} where part {test}")["Statistics"][
            "DataScannedInBytes"
        ]
        for test in (">= 0", "= 2", "in (1, 2)", "= 9")
    ]
    everything, one, two, none = counted
    assert none == 0
    assert 0 < one < two < everything
    assert ice.rows(f"select sum(n), count(*) from {name} where part = 2") == [["2000000", "1000"]]


Rows = dict[int, tuple[str, int]]


def _step(random: Random, rows: Rows, name: str) -> str:
    """One random change, made to the model and answered as SQL; equal keys are never made."""
    some = sorted({random.randrange(20) for _ in range(4)})
    word, number, listed = random.choice("abc"), random.randrange(5), ", ".join(map(str, some))
    kind = random.choice(["insert", "delete", "update", "merge", "merge"])
    if kind == "insert":
        new = [key for key in some if key not in rows] or [max(rows, default=0) + 20]
        rows.update(dict.fromkeys(new, (word, number)))
        values = ", ".join(f"({key}, '{word}', {number})" for key in new)
        return f"insert into {name} values {values}"
    if kind == "delete":
        for key in [k for k, (w, n) in rows.items() if k in some or n > 3]:
            del rows[key]
        return f"delete from {name} where id in ({listed}) or number > 3"
    if kind == "update":
        for key in [k for k, (w, _) in rows.items() if w == word]:
            rows[key] = (rows[key][0], rows[key][1] + number)
        return f"update {name} set number = number + {number} where word = '{word}'"
    for key in some:
        if key not in rows:
            rows[key] = (word, number)
        elif rows[key][0] == word:
            del rows[key]
        else:
            rows[key] = (rows[key][0] + word, rows[key][1])
    values = ", ".join(f"({key})" for key in some)
    return (
        f"merge into {name} t using (select id from (values {values}) as v (id)) s on t.id = s.id "
        f"when matched and t.word = '{word}' then delete "
        f"when matched then update set word = concat(t.word, '{word}') "
        f"when not matched then insert (number, id, word) values ({number}, s.id, '{word}')"
    )


@pytest.mark.parametrize("partitioning", ["", ", partitioning = array['truncate(id, 7)']"])
def test_any_changes_leave_the_rows_of_a_model_in_every_version(
    ice: Query, endpoint: Endpoint, name: str, partitioning: str
) -> None:
    random, model = Random(7), Rows({1: ("a", 1)})
    make(ice, name, "select 1 as id, cast('a' as varchar) as word, 1 as number", partitioning)
    versions: dict[str, list[list[str]]] = {}
    opened = catalog(endpoint).load_table(name)
    for _ in range(15):
        sql = _step(random, model, name)
        done = ice.execution(sql)
        assert done["Status"]["State"] == "SUCCEEDED", (sql, done["Status"])
        expected = [[str(key), word, str(n)] for key, (word, n) in sorted(model.items())]
        assert rows(ice, name) == expected, sql
        versions[str(opened.refresh().current_snapshot().snapshot_id)] = expected
    for version, expected in versions.items():
        assert rows(ice, f"{name} for version as of {version}") == expected
    read = opened.scan().to_arrow().sort_by("id").to_pylist()
    assert [[str(v) for v in row.values()] for row in read] == expected


def catalog(endpoint: Endpoint) -> Any:
    """pyiceberg with files of its own."""
    keys = {f"client.{n}": "test" for n in ("access-key-id", "secret-access-key")}
    return GlueCatalog(
        "test", client=endpoint.client("glue"), **keys,
        **{"s3.endpoint": endpoint.aws_url, "client.region": "us-east-1"},
    )  # fmt: skip


def test_partitions_are_counted_and_measured(ice: Query, name: str) -> None:
    people(ice, name, ", partitioning = array['bucket(id, 2)', 'name']")
    asked = f"""select partition.name, record_count, file_count, total_size > 0, data.amount.min,
        data.amount.null_count, data.id.max from ice."{name[4:]}$partitions" order by 1"""
    assert ice.rows(asked) == [
        ["ann", "1", "1", "true", "1.50", "0", "1"],
        ["bob", "1", "1", "true", "2.50", "0", "2"],
        [None, "1", "1", "true", "3.50", "0", "3"],
    ]
    days = f"{name}d"
    make(ice, days, "select date '2026-01-02' as day, timestamp '2026-01-02 03:04:05.678901' as at")
    asked = f'select data.day.min, data.at.max, file_count from ice."{days[4:]}$partitions"'
    assert ice.rows(asked) == [["2026-01-02", "2026-01-02 03:04:05.678901", "1"]]


def test_what_another_writer_does_is_seen(ice: Query, endpoint: Endpoint, name: str) -> None:
    people(ice, name)
    opened = catalog(endpoint).load_table(name)
    with opened.update_schema() as update:
        update.rename_column("name", "called")
        update.add_column("at", TimestampType())
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, 678901)
    added = {"id": 4, "called": "eve", "amount": Decimal("4.50"), "at": moment}
    opened.append(pa.Table.from_pylist([added], opened.schema().as_arrow()))
    assert rows(ice, name)[2:] == [
        ["3", None, "3.50", None],
        ["4", "eve", "4.50", "2026-01-02 03:04:05.678901"],
    ]
    assert (
        ice.rows(f"select id from {name} where at > timestamp '2026-01-02 03:04:05.678901'") == []
    )
    assert ice.rows(f"select called from {name} where at > timestamp '2026-01-02'") == [["eve"]]


@pytest.mark.parametrize(
    "path", [f"s3://{LAKE}/../../../../etc/passwd", "file:///etc/passwd", "/etc/passwd"]
)
def test_metadata_cannot_name_files_of_the_host(
    ice: Query, endpoint: Endpoint, name: str, path: str
) -> None:
    people(ice, name)
    opened = catalog(endpoint).load_table(name)
    known = next(iter(opened.scan().plan_files())).file
    facts = {"file_path": path, "record_count": 1, "file_size_in_bytes": 100}
    forged = DataFile.from_args(
        content=known.content, file_format=known.file_format, partition=known.partition,
        spec_id=0, **facts,
    )  # fmt: skip
    with opened.transaction() as transaction, transaction.update_snapshot().fast_append() as append:
        append.append_data_file(forged)
    for sql in (f"select * from {name}", f"delete from {name}", f"update {name} set id = 2"):
        assert ice.reason(sql).startswith(("NOT_SUPPORTED", "INVALID_PROPERTY"))


def test_bounds_of_another_writer_hide_no_nan(ice: Query, endpoint: Endpoint, name: str) -> None:
    make(ice, name, "select 0 as id, 1e0 as d, real '1' as f where false")
    opened = catalog(endpoint).load_table(name)
    added = [{"id": 1, "d": 1.0, "f": 1.0}, {"id": 2, "d": float("nan"), "f": float("nan")}]
    opened.append(pa.Table.from_pylist(added, opened.schema().as_arrow()))
    for condition in ("d <> 1", "not (f < 5)", "d is distinct from 1", "is_nan(f)", "not d <= 1"):
        assert ice.rows(f"select id from {name} where {condition}") == [["2"]], condition
    ice.rows(f"delete from {name} where d <> 1")
    assert rows(ice, name) == [["1", "1.0", "1.0"]]


def test_null_is_no_value_of_a_required_column(ice: Query, endpoint: Endpoint, name: str) -> None:
    schema = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("word", pa.string())])
    catalog(endpoint).create_table(name, schema, f"{FOLDER}/{name[4:]}")
    ice.rows(f"insert into {name} values (1, null)")
    for sql in (f"insert into {name} (word) values ('x')", f"update {name} set id = null"):
        assert "NULL value not allowed for NOT NULL column: id" in ice.reason(sql)
    assert rows(ice, name) == [["1", None]]


ADD = (
    "merge into {name} t using (values (1), ({number})) as s (id) on t.id = s.id "
    "when matched then update set amount = cast(t.amount + 1 as decimal(3, 2)) "
    "when not matched then insert (id) values (s.id)"
)


@pytest.mark.parametrize(
    ("sql", "added"), [("insert into {name} values ({number}, 'x', 1.50)", "0.00"), (ADD, "1.00")]
)
def test_writers_at_once_do_all_or_nothing(ice: Query, name: str, sql: str, added: str) -> None:
    people(ice, name)

    def write(number: int) -> dict[str, Any]:
        return dict(ice.execution(sql.format(name=name, number=number))["Status"])

    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(write, range(100, 106)))
    done = [s for s in states if s["State"] == "SUCCEEDED"]
    assert done
    assert {s["AthenaError"]["ErrorType"] for s in states if s not in done} <= {233}
    counted = f"select count(*), count(distinct id) from {name}"
    assert ice.rows(counted) == [[str(3 + len(done))] * 2]
    first = f"select cast(amount - 1.50 as decimal(3, 2)) from {name} where id = 1"
    assert ice.rows(first) == [[f"{float(added) * len(done):.2f}"]]


def test_optimize_and_vacuum_keep_every_row(ice: Query, endpoint: Endpoint, name: str) -> None:
    people(ice, name)
    for number in range(10, 16):
        ice.rows(f"insert into {name} (id) values ({number})")
    before = rows(ice, name)
    ice.rows(f"optimize {name} rewrite data using bin_pack")
    assert rows(ice, name) == before
    assert ice.rows(f'select count(*) from ice."{name[4:]}$files"') == [["1"]]
    ice.rows(f"alter table {name} set tblproperties ('vacuum_max_snapshot_age_seconds' = '0')")
    listed = {"Bucket": LAKE, "Prefix": f"iceberg/{name[4:]}/data/"}
    assert endpoint.client("s3").list_objects_v2(**listed)["KeyCount"] == 8
    ice.rows(f"vacuum {name}")
    assert endpoint.client("s3").list_objects_v2(**listed)["KeyCount"] == 1
    assert rows(ice, name) == before
    assert ice.rows(f'select count(*) from ice."{name[4:]}$snapshots"') == [["1"]]


def test_a_table_is_declared_shown_renamed_and_dropped(
    ice: Query, endpoint: Endpoint, name: str
) -> None:
    where = f"{FOLDER}/{name[4:]}"
    ice.rows(
        f"create table {name} (id int, at timestamp comment 'when', tags array<string>) "
        f"partitioned by (bucket(4, id), day(at)) location '{where}/' "
        "tblproperties ('table_type'='ICEBERG', 'format'='parquet', 'write_compression'='snappy')"
    )
    ice.rows(f"insert into {name} values (1, timestamp '2026-01-02 03:04:05.678', array['a'])")
    assert rows(ice, name) == [["1", "2026-01-02 03:04:05.678000", "[a]"]]
    shown = "\n".join(str(row[0]) for row in ice.rows(f"show create table {name}"))
    for part in (f"CREATE TABLE {name} (", "  at timestamp COMMENT 'when',", "PARTITIONED BY (bucket(4, `id`), day(`at`))",
                 f"LOCATION '{where}'", "'table_type'='iceberg'", "'write_compression'='snappy'"):  # fmt: skip
        assert part in shown
    described = [str(row[0]) for row in ice.rows(f"describe {name}")]
    assert described == [
        "# Table schema:\t\t", "# col_name\tdata_type\tcomment", "id\tint\t", "at\ttimestamp\twhen",
        "tags\tarray<string>\t", "\t\t", "# Partition spec:\t\t", "# field_name\tfield_transform\tcolumn_name",
        "id_bucket\tbucket[4]\tid", "at_day\tday\tat",
    ]  # fmt: skip
    asked = f"select column_name, data_type from information_schema.columns where table_name = '{name[4:]}'"
    assert ice.rows(asked) == [["id", "integer"], ["at", "timestamp(6)"], ["tags", "array(varchar)"]]  # fmt: skip
    ice.rows(f"alter table {name} rename to ice.renamed")
    assert rows(ice, "ice.renamed")[0][0] == "1"
    assert "TABLE_NOT_FOUND" in ice.reason(f"select * from {name}")
    ice.rows("drop table ice.renamed")
    listed = endpoint.client("s3").list_objects_v2(Bucket=LAKE, Prefix=f"iceberg/{name[4:]}/")
    assert listed["KeyCount"] == 0


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("create table {0} with (table_type = 'ICEBERG', location = '{1}') as select 1 as a", "is_external"),
        ("create table {0} with (table_type = 'ICEBERG', is_external = false) as select 1 as a", "location"),
        ("create table {0} with (table_type = 'ICEBERG', is_external = false, location = '{1}') as select localtimestamp as a", 'Use "timestamp(6)"'),
        ("create table {0} with (table_type = 'ICEBERG', is_external = false, location = '{1}') as select smallint '1' as a", "Type not supported for Iceberg: smallint"),
        ("create table {0} with (table_type = 'ICEBERG', is_external = false, location = '{1}', format = 'ORC') as select 1 as a", "ORC"),
        ("create table {0} with (table_type = 'ICEBERG', is_external = false, location = '{1}', owner = 'x') as select 1 as a", "Catalog 'awsdatacatalog$iceberg-aws' table property 'owner' does not exist"),
        ("create table {0} with (table_type = 'ICEBERG', is_external = false, location = '{1}', partitioning = array['b']) as select 1 as a", "Unknown partition column"),
        ("create table {0} with (table_type = 'ICEBERG', is_external = false, location = '{1}', partitioning = array['day(a)']) as select 1 as a", "Cannot partition by"),
        ("create external table {0} (a int) location '{1}' tblproperties ('table_type'='ICEBERG')", "External keyword"),
        ("create table {0} with (table_type = 'ICEBERG', is_external = false, location = '{1}', partitioning = array['n']) as select n from unnest(sequence(1, 101)) as t (n)", "TOO_MANY_OPEN_PARTITIONS"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_refused_and_leaves_nothing(
    ice: Query, endpoint: Endpoint, name: str, sql: str, reason: str
) -> None:
    where = f"{FOLDER}/{name[4:]}/"
    assert reason in ice.reason(sql.format(name, where))
    assert "TABLE_NOT_FOUND" in ice.reason(f"select * from {name}")
    listed = endpoint.client("s3").list_objects_v2(Bucket=LAKE, Prefix=f"iceberg/{name[4:]}/")
    assert listed["KeyCount"] == 0


def test_rows_of_other_tables_are_not_modified(ice: Query) -> None:
    ice.rows(f"create table ice.hive with (external_location = '{FOLDER}/hive/') as select 1 as id")
    for sql in ("delete from ice.hive", "update ice.hive set id = 2", "optimize ice.hive rewrite data using bin_pack", "vacuum ice.hive"):  # fmt: skip
        assert "NOT_SUPPORTED" in ice.reason(sql)
    assert rows(ice, "ice.hive") == [["1"]]

"""The tables of `tables.yml` in a local Athena of its own, filled with Trino's rows."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from local.athena.engine import results
from local.athena.engine.query import Work
from local.athena.engine.runner import Engine, Task, bind
from local.athena.errors import QueryFailed
from local.athena.settings import Settings
from local.athena.sql.types import Type, parse_type
from local.athena.statements.kinds import Reader, Statement, arguments, classify
from local.supervisor import Supervisor, listen, port_of
from tests.local.athena.oracle.trino import Answer, Trino

_TABLES = yaml.safe_load((Path(__file__).parent / "tables.yml").read_text(encoding="utf-8"))
MADE: dict[str, str] = {name: made["select"] for name, made in _TABLES["made"].items()}
_BUCKET = "lake"
_RESULTS = f"s3://{_BUCKET}/results/"
_ROW_GROUP = 5000
Row = dict[str, Any]
_CLAUSES = {
    "parquet": "stored as parquet",
    "json": "row format serde 'org.openx.data.jsonserde.JsonSerDe'",
    "csv": "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'",
    "text": "row format delimited fields terminated by '\\t'",
}


@dataclass
class Lake:
    """Answers as `Trino` does, from tables in S3 and Glue."""

    engine: Engine
    _statements: dict[str, str] = field(default_factory=dict)

    def ask(self, query: str) -> Answer:
        """One statement's answer, or the name and message of its error."""
        work = self.engine.work("tiny", None)
        try:
            statement = classify(query)
            if statement.kind == "query":
                return work.complete(lambda: _answer(work, query))
            if statement.kind == "prepare":
                name, text = _prepared(statement)
                self._statements[name] = text
            elif statement.kind == "execute":
                return _answer(work, self._bound(statement))
            else:
                task = Task(uuid.uuid4().hex, query, statement, "tiny", _RESULTS, lambda _: None)
                self.engine.run(task, work)
            return Answer()
        except QueryFailed as failed:
            return Answer(error=failed.name, message=failed.message)
        finally:
            work.unsettle()

    def _bound(self, statement: Statement) -> str:
        reader = Reader(statement, 1)
        text = self._statements[reader.name()]
        return bind(text, arguments(reader.rest()) if reader.take_if("USING") else [])

    def put(self, trino: Trino, name: str, layout: dict[str, Any]) -> None:
        """One table with the rows that Trino has; raises RuntimeError when a statement fails."""
        found = trino.ask(layout.get("select") or f"select * from {name}")
        kinds = [parse_type(kind) for kind in found.types]
        columns = dict(zip(found.names, kinds, strict=True))
        key, form = layout.get("partition"), layout.get("format", "parquet")
        listed = ", ".join(f"`{c}` {k.hive()}" for c, k in columns.items() if c != key)
        parted = f"partitioned by ({key} {columns[key].hive()})" if key else ""
        place = f"s3://{_BUCKET}/{name}/"
        self.run(
            f"create external table {name} ({listed}) {parted} {_CLAUSES[form]} location '{place}'"
        )
        for folder, rows in _partitions(_rows(trino, found, columns, layout), key):
            count = layout.get("files", 1)
            for at in range(count):
                body = _FILES[form](rows[at::count], {c: k for c, k in columns.items() if c != key})
                self.engine.storage.put(f"{place}{folder}{at}", body)
        if key:
            self.run(f"msck repair table {name}")

    def run(self, statement: str) -> None:
        """Raises RuntimeError when it fails."""
        done = self.ask(statement)
        if done.error:
            raise RuntimeError(f"{done.error}: {done.message} at: {statement}")


def _prepared(statement: Statement) -> tuple[str, str]:
    reader = Reader(statement, 1)
    name = reader.name()
    reader.expect("FROM")
    return name, reader.rest()


def _answer(work: Work, query: str) -> Answer:
    plan = work.plan(query)
    columns = plan.display_columns()
    rows = [
        [results.text(v, k) for v, (_, k) in zip(row, columns, strict=True)]
        for batch in work.run(plan, query)
        for row in batch
    ]
    return Answer([k.trino() for _, k in columns], rows, names=[n for n, _ in columns])


def _rows(
    trino: Trino, found: Answer, columns: dict[str, Type], layout: dict[str, Any]
) -> list[Row]:
    """Values as JSON has them; what is nested is asked for as JSON."""
    nested = [c for c, k in columns.items() if k.items]
    rows = [dict(zip(columns, row, strict=True)) for row in found.rows]
    if nested:
        parts = ", ".join(f"json_format(cast({c} as json))" for c in nested)
        for row, texts in zip(
            rows, trino.ask(f"select {parts} from ({layout['select']})").rows, strict=True
        ):
            row.update({c: t and json.loads(t) for c, t in zip(nested, texts, strict=True)})
    return rows


def _partitions(rows: list[Row], key: str | None) -> Iterator[tuple[str, list[Row]]]:
    if key is None:
        yield "", rows
        return
    for value in sorted({row[key] for row in rows}):
        yield f"{key}={value}/", [row for row in rows if row[key] == value]


def _arrow(kind: Type) -> pa.DataType:
    if kind.name == "array":
        return pa.list_(_arrow(kind.items[0]))
    if kind.name == "map":
        return pa.map_(*map(_arrow, kind.items))
    if kind.name == "row":
        return pa.struct([(n, _arrow(i)) for n, i in zip(kind.fields, kind.items, strict=True)])
    if kind.name == "decimal":
        return pa.decimal128(*kind.numbers)
    return _ARROW[kind.name]


_ARROW = {
    "boolean": pa.bool_(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "double": pa.float64(),
    "varchar": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
}


def _parquet(rows: list[Row], columns: dict[str, Type]) -> bytes:
    arrays = {}
    for name, kind in columns.items():
        values, wanted = [row[name] for row in rows], _arrow(kind)
        if kind.name == "map":
            values = [v and list(v.items()) for v in values]
        arrays[name] = (
            pa.array(values, wanted) if kind.items else pa.array(values, pa.string()).cast(wanted)
        )
    body = io.BytesIO()
    pq.write_table(pa.table(arrays), body, row_group_size=_ROW_GROUP)
    return body.getvalue()


def _json(rows: list[Row], columns: dict[str, Type]) -> bytes:
    numbers = {c for c, k in columns.items() if k.is_number}
    made = [
        {c: json.loads(row[c]) if c in numbers and row[c] else row[c] for c in columns}
        for row in rows
    ]
    return "".join(f"{json.dumps(row)}\n" for row in made).encode()


def _csv(rows: list[Row], columns: dict[str, Type]) -> bytes:
    body = io.StringIO()
    csv.writer(body, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        [row[c] for c in columns] for row in rows
    )
    return body.getvalue().encode()


def _text(rows: list[Row], columns: dict[str, Type]) -> bytes:
    return "".join("\t".join(row[c] for c in columns) + "\n" for row in rows).encode()


_FILES = {"parquet": _parquet, "json": _json, "csv": _csv, "text": _text}


@contextmanager
def lake(trino: Trino, folder: Path) -> Iterator[Lake]:
    """Servers of its own below `folder`, with all tables; what was in it is lost."""
    shutil.rmtree(folder, ignore_errors=True)
    with Supervisor(folder) as supervisor:
        listener = listen()
        url = f"http://127.0.0.1:{port_of(listener)}"
        argv = [sys.executable, "-m", "local.front", "--fd", str(listener.fileno())]
        supervisor.start(
            "aws",
            [*argv, "--state-dir", str(folder)],
            fds=[listener.fileno()],
            health=f"{url}/_heyblue/health",
        )
        listener.close()
        session: Any = boto3.Session("test", "test", region_name="us-east-1")
        session.client("s3", endpoint_url=url).create_bucket(Bucket=_BUCKET)
        engine = Engine(Settings(url, folder / "asked", s3_data_dir=folder / "s3"), None)
        with closing(engine):
            made = Lake(engine)
            made.run("create database tiny")
            for name, layout in {**_TABLES["tpch"], **_TABLES["made"]}.items():
                made.put(trino, name, layout)
            yield made

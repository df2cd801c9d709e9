"""Runs one statement in a worker thread and leaves its result where clients look for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.athena.engine import companion, output, results
from local.athena.engine.duck import Duck
from local.athena.engine.planner import Planner
from local.athena.engine.query import Plan, Work
from local.athena.errors import NotSupported, QueryFailed, RequestRefused
from local.athena.lake.calls import Calls, Carrier, Glue
from local.athena.lake.catalog import Catalog, glue_failure
from local.athena.lake.cost import Footers
from local.athena.lake.storage import Storage
from local.athena.lake.wire import Wire
from local.athena.settings import Settings
from local.athena.sql.types import Type
from local.athena.statements import insert, write
from local.athena.statements.define import DEFINE
from local.athena.statements.kinds import Reader, Statement, arguments, classify, explained, lex
from local.athena.statements.show import SHOW

log = logging.getLogger(__name__)
_UPDATES = {
    "CREATE_TABLE_AS_SELECT": "CREATE TABLE",
    **{sub: sub for sub in ("INSERT", "MERGE", "UPDATE", "DELETE")},
}


@dataclass
class Outcome:
    """What a finished statement tells its execution record."""

    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    update_count: int | None = None
    manifest: str | None = None
    output: str | None = None


@dataclass(frozen=True)
class Task:
    """One execution: its id, statement, place of results (`s3://…/`), parameters already bound."""

    id: str
    sql: str
    statement: Statement
    database: str
    output_folder: str
    prepared: Callable[[str], str | None]


class Engine:
    """Long-lived parts that queries share. S3 and Glue are asked `inside` the process if they live there."""

    def __init__(self, settings: Settings, inside: Carrier | None) -> None:
        self.settings = settings
        wire = Wire()
        # What botocore does around a call costs more than the call: leave out what nobody reads.
        config = Config(
            retries={"max_attempts": 3},
            max_pool_connections=32,
            s3={"addressing_style": "path"},
            user_agent="local-athena",
            parameter_validation=False,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        session: Any = boto3.session.Session()
        session.events.register("before-send", wire)
        client = session.client(
            "s3",
            endpoint_url=settings.endpoint_url,
            region_name=settings.region,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            config=config,
        )
        calls = Calls(settings, inside or wire.carrier(settings.endpoint_url))
        self.glue = Glue(calls)
        self.storage = Storage(calls, client, settings)
        self.planner = Planner()
        self.duck = Duck(settings, self.storage.roots)
        self.footers = Footers()
        self.rows_folder = settings.state_dir / "rows"
        self.rows_folder.mkdir(parents=True, exist_ok=True)

    def work(self, database: str, cutoff_bytes: int | None) -> Work:
        return Work(
            Catalog(self.glue),
            self.storage,
            self.planner,
            self.duck,
            self.footers,
            database,
            cutoff_bytes,
        )

    def run(self, task: Task, work: Work) -> Outcome:
        """Run to the end; raises QueryFailed or QueryCancelled."""
        try:
            return work.complete(lambda: self._dispatch(task, work))
        except ClientError as error:
            raise glue_failure(error) from error
        except BotoCoreError as error:
            raise QueryFailed("GENERIC_INTERNAL_ERROR", self.silence, user=False) from error

    @property
    def silence(self) -> str:
        """What to say when a call has no answer."""
        url = self.settings.endpoint_url
        return f"S3 and Glue do not answer at {url}: start them, or name another --endpoint-url"

    def _dispatch(self, task: Task, work: Work) -> Outcome:
        kind = task.statement.kind
        if kind == "execute":
            return self._execute(task, work)
        if kind == "query":
            plan = work.plan(task.sql, tree=None if work.whole else task.statement.tree)
            return self._rows(task, work, plan)
        if kind in ("create_table", "insert", "unload", "change"):
            return self._written(task, work, kind)
        if kind in SHOW:
            columns, lines = SHOW[kind](work, task.statement)
            return self._lines(task, work, columns, lines)
        if kind == "explain":
            return self._explain(task, work)
        if kind in ("prepare", "deallocate"):  # done by `preparing`, which knows the workgroup
            return self._lines(task, work, [], [])
        if kind in DEFINE:
            if kind != "maintain":  # which reads and writes for long before anything is seen
                work.settle()
            DEFINE[kind](work, task.statement)
            return self._lines(task, work, [], [])
        raise NotSupported(task.statement.sub)

    def _rows(self, task: Task, work: Work, plan: Plan) -> Outcome:
        infos = [results.column_info(name, kind) for name, kind in plan.display_columns()]
        path = self._row_file(task.id)
        url = f"{task.output_folder}{task.id}.csv"
        count = output.write(work, plan, task.sql, path)
        work.settle()
        described = companion.encoded(task.id, infos)
        self.storage.put_all([(url, path), (f"{url}.metadata", described)], work.check)
        return Outcome(infos, count, output=url)

    def _row_file(self, execution: str) -> Path:
        return self.rows_folder / f"{execution}.csv"

    def _lines(
        self, task: Task, work: Work, columns: list[tuple[str, Type]], rows: Iterable[results.Row]
    ) -> Outcome:
        infos = [results.column_info(name, kind) for name, kind in columns]
        listed = list(rows)
        with self._row_file(task.id).open("w", encoding="utf-8") as lines:
            lines.writelines(map(results.csv_line, listed))
        url = f"{task.output_folder}{task.id}.txt"
        body = "\n".join(map(results.txt_line, listed)).encode()
        described = (f"{url}.metadata", companion.encoded(task.id, infos))
        work.settle()
        self.storage.put_all([(url, body), *([described] if infos else [])])
        return Outcome(infos, len(listed), output=url)

    def _written(self, task: Task, work: Work, kind: str) -> Outcome:
        if kind == "create_table":
            base = f"{task.output_folder}tables/{task.id}"
            written = write.create_table_as(work, task.statement, base)
        elif kind == "insert":
            base = f"{task.output_folder}{task.id}"
            written = insert.insert(work, task.statement)
        elif kind == "change":
            base = f"{task.output_folder}{task.id}"
            written = insert.change(work, task.statement)
        else:
            base = f"{task.output_folder}{task.id}"
            written = write.unload(work, task.statement)
        manifest = f"{base}-manifest.csv"
        listed = "".join(f"{url}\n" for url in written.urls).encode()
        infos = [results.column_info("rows", Type("bigint"))]
        described = companion.encoded(
            task.id, infos, _UPDATES.get(task.statement.sub, ""), written.rows
        )
        work.settle()
        self.storage.put_all([(manifest, listed), (f"{base}.metadata", described)])
        self._row_file(task.id).write_text("")
        return Outcome(infos, 0, written.rows, manifest, base)

    def _explain(self, task: Task, work: Work) -> Outcome:
        """DuckDB's own plan, whose words differ from Trino's; for TYPE VALIDATE only that there is one."""
        text, validate = explained(task.statement)
        plan = work.plan(text)
        work.scanned_bytes = 0
        if validate:
            return self._lines(task, work, [("Valid", Type("boolean"))], [["true"]])
        with work.running(plan, task.sql) as (connection, query):
            shown = connection.execute(f"EXPLAIN {query}").fetchall()[0][1]
        return self._lines(
            task, work, [("Query Plan", Type("varchar"))], [[line] for line in shown.splitlines()]
        )

    def _execute(self, task: Task, work: Work) -> Outcome:
        reader = Reader(task.statement, 1)
        if reader.peek() == "IMMEDIATE" and not reader.peek(1):
            raise NotSupported("EXECUTE IMMEDIATE")
        name = reader.name()
        text = task.prepared(name)
        if text is None:
            raise QueryFailed("NOT_FOUND", f"Prepared statement not found: {name}")
        parameters = arguments(reader.rest()) if reader.take_if("USING") else []
        bound = bind(text, parameters)
        again = Task(
            task.id, bound, classify(bound), task.database, task.output_folder, task.prepared
        )
        return self._dispatch(again, work)

    def page(self, execution: str, start: int, count: int) -> tuple[list[results.Row], int | None]:
        """Rows from byte `start` of a result, at most `count`, and where the next page starts."""
        path = self._row_file(execution)
        if not path.is_file():
            raise RequestRefused("Could not find results", detail="RESULT_NOT_FOUND")
        if not output.begins_record(path, start):
            raise RequestRefused(f"Malformed nextPageToken {start}")
        return output.page(path, start, count)

    def forget(self, execution: str) -> None:
        """Drop what is kept of its result; the objects in S3 are the user's."""
        self._row_file(execution).unlink(missing_ok=True)

    def close(self) -> None:
        self.storage.close()
        self.duck.close()
        self.planner.close()


def bind(text: str, parameters: list[str]) -> str:
    """Put SQL literals in the places of `?`; raises QueryFailed when the counts differ."""
    made, last, used = [], 0, 0
    for lexeme in lex(text):
        if lexeme.kind == "symbol" and lexeme.text == "?":
            if used == len(parameters):
                raise _wrong_count(used + 1, len(parameters))
            made += [text[last : lexeme.start], _operand(parameters[used])]
            last, used = lexeme.end, used + 1
    if used < len(parameters):
        raise _wrong_count(used, len(parameters))
    return "".join(made) + text[last:]


def _operand(parameter: str) -> str:
    """Several words keep together: `x-?` with -1 would begin a comment."""
    return parameter if len(lex(parameter)) == 1 else f"({parameter})"


def _wrong_count(expected: int, given: int) -> QueryFailed:
    return QueryFailed(
        "INVALID_PARAMETER_USAGE",
        f"line 1:1: Incorrect number of parameters: expected {expected} but found {given}",
    )

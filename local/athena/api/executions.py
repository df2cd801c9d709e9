"""The life of query executions: queued, running, done; with their workgroup's rules and their record."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError

from local.athena.api import records
from local.athena.api.checking import checked, literal
from local.athena.api.preparing import PREPARING
from local.athena.api.records import Record
from local.athena.api.saved import Saved
from local.athena.api.state import State
from local.athena.api.workgroups import Workgroups
from local.athena.engine.failures import exhausted, nested_too_deeply
from local.athena.engine.query import CANCELLED, Work
from local.athena.engine.runner import Engine, Outcome, Task
from local.athena.errors import QueryCancelled, QueryFailed, RequestRefused
from local.athena.lake.catalog import CATALOG
from local.athena.lake.cost import billed_bytes
from local.athena.lake.storage import split_url
from local.athena.statements.kinds import Statement, classify

log = logging.getLogger(__name__)
_KEPT_SECONDS = 45 * 24 * 3600
_AGAIN_SECONDS = 0.02
_CLOSING_SECONDS = 1.5


@dataclass
class _Running:
    """A query between its start and the end of its thread; `ended` is done when its record is."""

    work: Work
    ended: Future[None] = field(default_factory=Future)
    started: float = 0.0
    worker: Future[None] | None = None
    problem: QueryFailed | None = None


class Executions:
    """Starts, watches and remembers queries; `saved` keeps the prepared statements."""

    def __init__(
        self,
        engine: Engine,
        state: State,
        workgroups: Workgroups,
        saved: Saved,
    ) -> None:
        self._engine, self._state, self._workgroups, self._saved = (
            engine,
            state,
            workgroups,
            saved,
        )
        self._pool = ThreadPoolExecutor(engine.settings.workers, thread_name_prefix="athena-query")
        self._records: dict[str, Record] = {}
        self._tokens: dict[str, str] = {}
        self._starting = threading.Lock()
        self._running: dict[str, _Running] = {}
        for key, record in state.list("execution"):
            self._load(key, record)

    def _load(self, key: str, record: Record) -> None:
        """Take up what an earlier process left; Athena keeps executions for 45 days."""
        if record["Status"]["SubmissionDateTime"] < time.time() - _KEPT_SECONDS:
            self._forget(key)
            return
        if record["Status"]["State"] in records.OPEN:
            records.complete(record, Outcome(), 0, 0.0)
            problem = QueryFailed(
                "GENERIC_INTERNAL_ERROR",
                "The endpoint was restarted while the query ran",
                user=False,
            )
            records.finish(record, "FAILED", problem.reason, problem)
            self._save(record)
        self._records[key] = record
        if record.get("Token"):
            self._tokens[record["Token"]] = key

    def start(self, request: dict[str, Any]) -> str:
        """StartQueryExecution; raises RequestRefused for bad syntax, workgroup or location."""
        group = request.get("WorkGroup") or "primary"
        found = self._workgroups.result_configuration(
            group, request.get("ResultConfiguration") or {}
        )
        self._require_bucket(found["OutputLocation"])
        parameters = request.get("ExecutionParameters") or []
        sql, statement, problem = checked(request["QueryString"], parameters)
        self._require_own_location(group, statement)
        record = records.new(request, statement, found, group)
        key = str(record["QueryExecutionId"])
        with self._starting:
            known = self._tokens.get(record["Token"]) if record["Token"] else None
            if known is None:
                self._records[key] = record
                if record["Token"]:
                    self._tokens[record["Token"]] = key
        if known is not None:
            return self._started_before(known, record)
        if not self._reuse(record, request):
            given = parameters if statement.kind == "execute" else []
            self._submit(record, sql, statement, found["OutputLocation"], given, problem)
        return key

    def _require_bucket(self, location: str) -> None:
        """Raises RequestRefused when there is none; when S3 does not answer, the query will say so."""
        try:
            found = self._engine.storage.has_bucket(location)
        except BotoCoreError:
            return
        if not found:
            bucket = split_url(location)[0]
            raise RequestRefused(f"Unable to verify/create output bucket {bucket}")

    def _started_before(self, key: str, again: Record) -> str:
        """The execution that the token has started; Athena compares four of the parameters."""
        if self._records[key]["Asked"] != again["Asked"]:
            raise RequestRefused(
                "Idempotent parameters do not match", detail="IDEMPOTENT_PARAMETER_MISMATCH"
            )
        return key

    def _require_own_location(self, group: str, statement: Statement) -> None:
        """Where a workgroup says the place of all results, no query says another."""
        if statement.kind == "create_table" and self._workgroups.enforces_location(group):
            words = {x.value.lower() for x in statement.lexemes if x.kind in ("word", "quoted")}
            if "external_location" in words:
                raise RequestRefused(
                    "The Create Table As Select query failed because it was submitted with an "
                    "'external_location' property to an Athena Workgroup that enforces a "
                    "centralized output location for all queries. Please remove the "
                    "'external_location' property and resubmit the query."
                )

    def _submit(
        self,
        record: Record,
        sql: str,
        statement: Statement,
        folder: str,
        given: list[str],
        problem: QueryFailed | None,
    ) -> None:
        key, group = record["QueryExecutionId"], record["WorkGroup"]
        database = record["QueryExecutionContext"].get("Database", "default")
        work = self._engine.work(database, self._workgroups.cutoff_bytes(group))
        if given:
            sql = f"{statement.text} USING {', '.join(map(literal, given))}"
            statement = classify(sql)
        task = Task(
            key,
            sql,
            statement,
            database,
            folder,
            lambda name: self._saved.prepared_text(group, name),
        )
        self._save(record)
        running = self._running[key] = _Running(work, problem=problem)
        with work.ending:
            running.worker = self._pool.submit(self._run, record, task, running)

    def _run(self, record: Record, task: Task, running: _Running) -> None:
        work = running.work
        with work.ending:
            if record["Status"]["State"] == "QUEUED":
                record["Status"]["State"], running.started = "RUNNING", time.time()
        outcome = Outcome()
        try:
            work.check()
            if running.problem:
                raise running.problem
            _require_runnable(record, task.statement)
            if task.statement.kind in PREPARING:
                PREPARING[task.statement.kind](self._saved, record["WorkGroup"], task.statement)
            outcome = self._engine.run(task, work)
            state, reason, problem = "SUCCEEDED", "", None
        except QueryCancelled as error:
            state, reason, problem = "CANCELLED", str(error), None
        except QueryFailed as error:
            state, reason, problem = "FAILED", error.reason, error
        except (MemoryError, RecursionError) as error:
            problem = nested_too_deeply() if isinstance(error, RecursionError) else exhausted()
            state, reason = "FAILED", problem.reason
        except Exception as error:  # a fault of ours: the query fails, the endpoint lives on
            log.exception("query %s broke the engine", task.id)
            state, reason = "FAILED", f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}"
            problem = QueryFailed("GENERIC_INTERNAL_ERROR", reason, user=False)
        if not self._end(record, running, outcome, state, reason, problem):
            self._engine.forget(task.id)
        work.unsettle()
        self._running.pop(task.id, None)

    def _end(
        self,
        record: Record,
        running: _Running,
        outcome: Outcome,
        state: str,
        reason: str,
        problem: QueryFailed | None = None,
    ) -> bool:
        """Write the end into the record; False when it had one already, which then stands."""
        work = running.work
        with work.ending:
            if record["Status"]["State"] not in records.OPEN:
                return False
            seconds = time.time() - running.started if running.started else 0.0
            records.complete(record, outcome, work.scanned_bytes, seconds)
            records.finish(record, state, reason, problem)
            self._save(record)
        log.info(
            "query %s %s %.3f s %d rows %d bytes, billed %d",
            record["QueryExecutionId"], state, seconds, outcome.update_count or outcome.rows,
            work.scanned_bytes, 0 if state == "FAILED" else billed_bytes(work.scanned_bytes),
        )  # fmt: skip
        running.ended.set_result(None)
        return True

    def _reuse(self, record: Record, request: dict[str, Any]) -> bool:
        wanted = (request.get("ResultReuseConfiguration") or {}).get(
            "ResultReuseByAgeConfiguration"
        ) or {}
        if not wanted.get("Enabled") or record["SubstatementType"] != "SELECT":
            return False
        oldest = time.time() - 60 * wanted.get("MaxAgeInMinutes", 60)
        for other in self.newest_first():
            same = all(
                other[k] == record[k]
                for k in ("Query", "WorkGroup", "QueryExecutionContext", "ExecutionParameters")
            )
            done = (
                other["Status"]["State"] == "SUCCEEDED"
                and other["Status"]["CompletionDateTime"] >= oldest
            )
            if same and done and other is not record and self._has_result(other):
                self._take_over(record, other)
                return True
        return False

    def _has_result(self, record: Record) -> bool:
        """Clients delete result files that they have read."""
        place = record["ResultConfiguration"]["OutputLocation"]
        return bool(record.get("Columns")) and self._engine.storage.exists(place)

    def _take_over(self, record: Record, other: Record) -> None:
        record["ResultConfiguration"] = dict(other["ResultConfiguration"])
        record["Columns"], record["UpdateCount"], record["Rows"] = (
            other["Columns"],
            None,
            other["Rows"],
        )
        record["ReusedFrom"] = other.get("ReusedFrom") or other["QueryExecutionId"]
        record["Statistics"]["ResultReuseInformation"] = {"ReusedPreviousResult": True}
        records.finish(record, "SUCCEEDED", "")
        self._save(record)

    def _save(self, record: Record) -> None:
        self._state.put(
            "execution", record["QueryExecutionId"], record, record["Status"]["SubmissionDateTime"]
        )

    def get(self, key: str) -> Record:
        if key not in self._records:
            raise RequestRefused(
                f"QueryExecution {key} was not found", detail="QUERY_EXECUTION_NOT_FOUND"
            )
        return self._records[key]

    def pending(self, key: str) -> Future[None] | None:
        """What will be done when an execution that has not ended does."""
        found = self._running.get(key)
        return found.ended if found and not found.ended.done() else None

    def stop(self, key: str) -> None:
        """End a query at once, unless its effects are being written; the engine follows."""
        record = self.get(key)
        running = self._running.get(key)
        if not running:
            return
        work = running.work
        work.stopped = True
        if not self._end(record, running, Outcome(), "CANCELLED", CANCELLED):
            return
        assert running.worker is not None
        if running.worker.cancel():
            self._running.pop(key, None)
        else:
            threading.Thread(target=_interrupt, args=(work, running.worker), daemon=True).start()

    def is_used(self, group: str) -> bool:
        """Whether any execution belongs to the workgroup."""
        return any(r["WorkGroup"] == group for r in list(self._records.values()))

    def forget(self, group: str) -> None:
        for key, record in list(self._records.items()):
            if record["WorkGroup"] == group:
                self.stop(key)
                self._forget(key)

    def _forget(self, key: str) -> None:
        self._records.pop(key, None)
        self._state.delete("execution", key)
        self._engine.forget(key)

    def newest_first(self) -> list[Record]:
        return sorted(
            self._records.values(),
            key=lambda r: r["Status"]["SubmissionDateTime"],
            reverse=True,
        )

    def close(self) -> None:
        """Cancel what has not ended and give its threads a moment."""
        running = list(self._running.items())
        for key, _ in running:
            self.stop(key)
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait([each.worker for _, each in running if each.worker], timeout=_CLOSING_SECONDS)


def _interrupt(work: Work, worker: Future[None]) -> None:
    """An interrupt between two statements is lost: repeat it until the thread has ended."""
    while not worker.done():
        work.interrupt()
        wait([worker], timeout=_AGAIN_SECONDS)


_READS_DATA = ("query", "create_table", "insert", "unload", "change", "explain", "execute")


def _require_runnable(record: Record, statement: Statement) -> None:
    catalog = record["QueryExecutionContext"].get("Catalog", CATALOG)
    if catalog != CATALOG and statement.kind in _READS_DATA:  # others fall back to the default
        raise QueryFailed("CATALOG_NOT_FOUND", f"line 1:1: Catalog '{catalog}' does not exist")

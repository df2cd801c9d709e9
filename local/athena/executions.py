"""The life of query executions: queued, running, done; with their workgroup's rules and their record."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from local.athena.engine import Engine, Outcome, Task, bind
from local.athena.errors import QueryCancelled, QueryFailed, RequestRefused
from local.athena.query import Work
from local.athena.state import State
from local.athena.statements import Statement, classify, lex
from local.athena.syntax import parse
from local.athena.workgroups import Workgroups

log = logging.getLogger(__name__)
Record = dict[str, Any]
_OPEN = ("QUEUED", "RUNNING")
ENGINE_VERSION = {
    "SelectedEngineVersion": "AUTO",
    "EffectiveEngineVersion": "Athena engine version 3",
}


class Executions:
    """Starts, watches and remembers queries. `prepared(workgroup, name)` finds a prepared statement."""

    def __init__(
        self,
        engine: Engine,
        state: State,
        workgroups: Workgroups,
        prepared: Callable[[str, str], str | None],
    ) -> None:
        self._engine, self._state, self._workgroups, self._prepared = (
            engine,
            state,
            workgroups,
            prepared,
        )
        self._pool = ThreadPoolExecutor(engine.settings.workers, thread_name_prefix="athena-query")
        self._records: dict[str, Record] = {}
        self._tokens: dict[str, str] = {}
        self._running: dict[str, tuple[Work, Future[None]]] = {}
        for key, record in state.list("execution"):
            if record["Status"]["State"] in _OPEN:
                _finish(record, "FAILED", "The endpoint was restarted while the query ran")
            self._records[key] = record

    def start(self, request: dict[str, Any]) -> str:
        """StartQueryExecution; raises RequestRefused for bad syntax, workgroup or location."""
        token = request.get("ClientRequestToken")
        if token and token in self._tokens:
            return str(self._tokens[token])
        group = request.get("WorkGroup") or "primary"
        folder = self._workgroups.output_folder(group, request.get("ResultConfiguration") or {})
        parameters = request.get("ExecutionParameters") or []
        sql, statement = _checked(request["QueryString"], parameters)
        record = _record(request, statement, folder, group)
        key = str(record["QueryExecutionId"])
        self._records[key] = record
        if token:
            self._tokens[token] = key
        if self._reuse(record, request):
            return key
        self._submit(
            record, sql, statement, folder, parameters if statement.kind == "execute" else []
        )
        return key

    def _submit(
        self, record: Record, sql: str, statement: Statement, folder: str, given: list[str]
    ) -> None:
        key, group = record["QueryExecutionId"], record["WorkGroup"]
        database = record["QueryExecutionContext"]["Database"]
        work = self._engine.work(database, self._workgroups.cutoff_bytes(group))
        if given:
            sql = f"{statement.text} USING {', '.join(map(literal, given))}"
            statement = classify(sql)
        task = Task(key, sql, statement, database, folder, lambda name: self._prepared(group, name))
        self._save(record)
        self._running[key] = (work, self._pool.submit(self._run, record, task, work))

    def _run(self, record: Record, task: Task, work: Work) -> None:
        started = time.time()
        record["Status"]["State"] = "RUNNING"
        outcome = Outcome()
        try:
            if task.statement.kind in ("prepare", "deallocate"):
                raise QueryFailed(
                    "NOT_SUPPORTED", f"{task.statement.sub}: use the CreatePreparedStatement call"
                )
            outcome = self._engine.run(task, work)
            state, reason, problem = "SUCCEEDED", "", None
        except QueryCancelled as error:
            state, reason, problem = "CANCELLED", str(error), None
        except QueryFailed as error:
            state, reason, problem = "FAILED", error.reason, error
        except Exception as error:
            log.exception("query %s broke the engine", task.id)
            state, reason = "FAILED", f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}"
            problem = QueryFailed("GENERIC_INTERNAL_ERROR", reason, user=False)
        self._complete(record, outcome, work, started)
        _finish(record, state, reason, problem)
        self._save(record)
        log.info(
            "query %s %s %.3f s %d rows %d bytes",
            task.id, state, time.time() - started, outcome.update_count or outcome.rows, work.scanned_bytes,
        )  # fmt: skip

    def _complete(self, record: Record, outcome: Outcome, work: Work, started: float) -> None:
        statistics = record["Statistics"]
        elapsed = int((time.time() - started) * 1000)
        statistics["EngineExecutionTimeInMillis"] = elapsed
        statistics["DataScannedInBytes"] = work.scanned_bytes
        if outcome.manifest:
            statistics["DataManifestLocation"] = outcome.manifest
        if outcome.output:
            record["ResultConfiguration"]["OutputLocation"] = outcome.output
        record["Columns"], record["UpdateCount"], record["Rows"] = (
            outcome.columns,
            outcome.update_count,
            outcome.rows,
        )

    def _reuse(self, record: Record, request: dict[str, Any]) -> bool:
        wanted = (request.get("ResultReuseConfiguration") or {}).get(
            "ResultReuseByAgeConfiguration"
        ) or {}
        if not wanted.get("Enabled") or record["SubstatementType"] != "SELECT":
            return False
        oldest = time.time() - 60 * wanted.get("MaxAgeInMinutes", 60)
        for other in self.newest_first():
            same = all(
                other[k] == record[k] for k in ("Query", "WorkGroup", "QueryExecutionContext")
            )
            done = (
                other["Status"]["State"] == "SUCCEEDED"
                and other["Status"]["CompletionDateTime"] >= oldest
            )
            if same and done and other.get("Columns") and other is not record:
                self._take_over(record, other)
                return True
        return False

    def _take_over(self, record: Record, other: Record) -> None:
        record["ResultConfiguration"] = dict(other["ResultConfiguration"])
        record["Columns"], record["UpdateCount"], record["Rows"] = (
            other["Columns"],
            None,
            other["Rows"],
        )
        record["ReusedFrom"] = other.get("ReusedFrom") or other["QueryExecutionId"]
        record["Statistics"]["ResultReuseInformation"] = {"ReusedPreviousResult": True}
        _finish(record, "SUCCEEDED", "")
        self._save(record)

    def _save(self, record: Record) -> None:
        self._state.put(
            "execution", record["QueryExecutionId"], record, record["Status"]["SubmissionDateTime"]
        )

    def get(self, key: str) -> Record:
        if key not in self._records:
            raise RequestRefused(f"QueryExecution {key} was not found")
        return self._records[key]

    def pending(self, key: str) -> Future[None] | None:
        """The future of an execution that has not ended."""
        found = self._running.get(key)
        return found[1] if found and not found[1].done() else None

    def stop(self, key: str) -> None:
        record = self.get(key)
        found = self._running.get(key)
        if not found or record["Status"]["State"] not in _OPEN:
            return
        work, future = found
        work.stop()
        if future.cancel():
            _finish(record, "CANCELLED", "Query was cancelled")
            self._save(record)

    def newest_first(self) -> list[Record]:
        return sorted(
            self._records.values(), key=lambda r: r["Status"]["SubmissionDateTime"], reverse=True
        )

    def close(self) -> None:
        for work, _ in list(self._running.values()):
            work.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _checked(sql: str, parameters: list[str]) -> tuple[str, Statement]:
    """Syntax errors are answered at once, as Athena does, everything else by the execution."""
    try:
        statement = classify(sql)
        if parameters and statement.kind != "execute":
            sql = bind(statement.text, [literal(p) for p in parameters])
            statement = classify(sql)
        if statement.kind == "query":
            parse(statement.text)
    except QueryFailed as error:
        if error.name == "SYNTAX_ERROR":
            raise RequestRefused(error.message) from error
        statement = classify(sql)
    return statement.text, statement


def literal(parameter: str) -> str:
    """An execution parameter is SQL when it is a literal, otherwise a string."""
    lexemes = lex(parameter)
    kinds = [x.kind for x in lexemes]
    words = [x.upper for x in lexemes]
    is_sql = (
        kinds in (["string"], ["number"])
        or (kinds == ["symbol", "number"] and lexemes[0].text in "+-")
        or words in (["NULL"], ["TRUE"], ["FALSE"])
        or (kinds == ["word", "string"] and words[0] in ("DATE", "TIMESTAMP", "DECIMAL", "TIME"))
        or words[:1] in (["CAST"], ["ARRAY"])
    )
    return parameter if is_sql else "'" + parameter.replace("'", "''") + "'"


_PLACES = {"create_table": "tables/{id}", "insert": "{id}", "unload": "{id}"}


def _record(request: dict[str, Any], statement: Statement, folder: str, group: str) -> Record:
    key = str(uuid.uuid4())
    context = request.get("QueryExecutionContext") or {}
    suffix = ".csv" if statement.type == "DML" else ".txt"
    place = _PLACES.get(statement.kind, "{id}" + suffix).format(id=key)
    return {
        "QueryExecutionId": key,
        "Query": request["QueryString"],
        "StatementType": statement.type,
        "SubstatementType": statement.sub,
        "ResultConfiguration": {
            **(request.get("ResultConfiguration") or {}),
            "OutputLocation": folder + place,
        },
        "ResultReuseConfiguration": request.get("ResultReuseConfiguration")
        or {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {
            "Database": (context.get("Database") or "default").strip("`").lower(),
            "Catalog": (context.get("Catalog") or "awsdatacatalog").lower(),
        },
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {
            "EngineExecutionTimeInMillis": 0,
            "DataScannedInBytes": 0,
            "TotalExecutionTimeInMillis": 0,
            "QueryQueueTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        },
        "WorkGroup": group,
        "EngineVersion": ENGINE_VERSION,
        "ExecutionParameters": request.get("ExecutionParameters") or [],
    }


def _finish(record: Record, state: str, reason: str, problem: QueryFailed | None = None) -> None:
    status = record["Status"]
    now = time.time()
    if reason:
        status["StateChangeReason"] = reason
    if problem or state == "FAILED":
        status["AthenaError"] = {
            "ErrorCategory": 2 if problem and problem.user else 1,
            "ErrorType": 1006 if problem and problem.user else 401,
            "Retryable": False,
            "ErrorMessage": reason,
        }
    status["CompletionDateTime"] = now
    record["Statistics"]["TotalExecutionTimeInMillis"] = int(
        (now - status["SubmissionDateTime"]) * 1000
    )
    status["State"] = state


_PRIVATE = ("Columns", "UpdateCount", "Rows", "ReusedFrom")


def public(record: Record) -> Record:
    """The record as GetQueryExecution answers it."""
    shown = {k: v for k, v in record.items() if k not in _PRIVATE}
    if not shown["ExecutionParameters"]:
        del shown["ExecutionParameters"]
    return shown

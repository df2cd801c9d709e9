"""The record of an execution: what the API answers of it, and what only the endpoint knows."""

from __future__ import annotations

import time
import uuid
from typing import Any

from local.athena.api.workgroups import ENGINE_VERSION
from local.athena.engine.failures import athena_error
from local.athena.engine.runner import Outcome
from local.athena.errors import QueryFailed
from local.athena.statements.kinds import Statement

Record = dict[str, Any]
OPEN = ("QUEUED", "RUNNING")

_PLACES = {
    "create_table": "tables/{id}",
    **dict.fromkeys(("insert", "unload", "change"), "{id}"),
}


def new(request: dict[str, Any], statement: Statement, found: dict[str, Any], group: str) -> Record:
    """The record of a started query; `found` is the result configuration that holds."""
    key = str(uuid.uuid4())
    context = request.get("QueryExecutionContext") or {}
    given = (request.get("ResultConfiguration") or {}).get("OutputLocation")
    suffix = ".csv" if statement.type == "DML" else ".txt"
    place = _PLACES.get(statement.kind, "{id}" + suffix).format(id=key)
    return {
        "QueryExecutionId": key,
        "Query": request["QueryString"],
        "StatementType": statement.type,
        "SubstatementType": statement.sub,
        "ResultConfiguration": {
            **found,
            "OutputLocation": found["OutputLocation"] + place,
        },
        "ResultReuseConfiguration": request.get("ResultReuseConfiguration")
        or {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {k: v.strip("`").lower() for k, v in context.items()},
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
        "Token": request.get("ClientRequestToken"),
        "Asked": [request["QueryString"], context, given],
    }


def complete(record: Record, outcome: Outcome, scanned: int, seconds: float) -> None:
    """What a query did before its end: `scanned` bytes, `seconds` in the engine."""
    statistics = record["Statistics"]
    statistics["EngineExecutionTimeInMillis"] = int(seconds * 1000)
    statistics["DataScannedInBytes"] = scanned
    if outcome.manifest:
        statistics["DataManifestLocation"] = outcome.manifest
    if outcome.output:
        record["ResultConfiguration"]["OutputLocation"] = outcome.output
    record["Columns"], record["UpdateCount"], record["Rows"] = (
        outcome.columns,
        outcome.update_count,
        outcome.rows,
    )


def finish(record: Record, state: str, reason: str, problem: QueryFailed | None = None) -> None:
    """The end, with the reason that clients read; the state last, for readers take no lock."""
    status = record["Status"]
    now = time.time()
    if reason:
        status["StateChangeReason"] = reason
    if problem:
        status["AthenaError"] = athena_error(problem)
    status["CompletionDateTime"] = now
    record["Statistics"]["TotalExecutionTimeInMillis"] = int(
        (now - status["SubmissionDateTime"]) * 1000
    )
    status["State"] = state


_PRIVATE = ("Columns", "UpdateCount", "Rows", "ReusedFrom", "Token", "Asked")


def public(record: Record) -> Record:
    """The record as GetQueryExecution answers it."""
    shown = {k: v for k, v in record.items() if k not in _PRIVATE}
    if not shown["ExecutionParameters"]:
        del shown["ExecutionParameters"]
    return shown

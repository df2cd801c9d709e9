"""The operations of the Athena API, one function each; answers are what botocore's model expects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.athena.api import requests
from local.athena.api.executions import Executions
from local.athena.api.metadata import Metadata
from local.athena.api.paging import page_of, position
from local.athena.api.records import public
from local.athena.api.saved import Saved
from local.athena.api.state import State
from local.athena.api.tags import Tags
from local.athena.api.workgroups import ENGINE_VERSION, Workgroups
from local.athena.engine.runner import Engine
from local.athena.errors import QueryFailed, RequestRefused

Answer = dict[str, Any]
_MALFORMED = "Malformed nextPageToken "
# What Hive's side of Athena answers carries no count, not even 0.
_UNCOUNTED = ("DESCRIBE_TABLE", "EXPLAIN", "SHOW_CREATE_TABLE")


class Operations:
    """`call(name, request)` runs one operation; raises RequestRefused for the client's mistakes."""

    def __init__(self, engine: Engine, state: State) -> None:
        self.engine, self.state = engine, state
        self.workgroups = Workgroups(state)
        self.saved = Saved(state, self.workgroups)
        self.metadata = Metadata(engine)
        self.tags = Tags(state, self.workgroups)
        self.executions = Executions(engine, state, self.workgroups, self.saved)

    def call(self, name: str, request: Any) -> Answer:
        operation = OPERATIONS.get(name)
        if operation is None:
            raise RequestRefused(
                f"Operation '{name}' is not available here", "UnknownOperationException"
            )
        try:
            return operation(self, requests.read(name, request))
        except (ClientError, QueryFailed) as error:  # Glue's, or of what lies in it
            raise RequestRefused(str(error), "MetadataException") from error
        except BotoCoreError as error:
            raise RequestRefused(self.engine.silence, "MetadataException") from error

    def close(self) -> None:
        self.executions.close()
        self.engine.close()
        self.state.close()

    def start_query(self, request: Answer) -> Answer:
        return {"QueryExecutionId": self.executions.start(request)}

    def get_query(self, request: Answer) -> Answer:
        return {"QueryExecution": public(self.executions.get(request["QueryExecutionId"]))}

    def batch_get_query(self, request: Answer) -> Answer:
        found, missing = [], []
        for key in request["QueryExecutionIds"]:
            try:
                found.append(public(self.executions.get(key)))
            except RequestRefused as error:
                missing.append(
                    {
                        "QueryExecutionId": key,
                        "ErrorCode": error.code,
                        "ErrorMessage": error.message,
                    }
                )
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def list_queries(self, request: Answer) -> Answer:
        group = request.get("WorkGroup") or "primary"
        self.workgroups.get(group)
        keys = [
            r["QueryExecutionId"] for r in self.executions.newest_first() if r["WorkGroup"] == group
        ]
        page, more = page_of(keys, request, 50)
        return {"QueryExecutionIds": page, **more}

    def stop_query(self, request: Answer) -> Answer:
        self.executions.stop(request["QueryExecutionId"])
        return {}

    def query_results(self, request: Answer) -> Answer:
        record = self.executions.get(request["QueryExecutionId"])
        state = record["Status"]["State"]
        if state == "CANCELLED":
            raise RequestRefused("Could not find results", detail="RESULT_NOT_FOUND")
        if state != "SUCCEEDED":
            raise RequestRefused(
                f"Query has not yet finished. Current state: {state}"
                if state in ("QUEUED", "RUNNING")
                else f"Query did not finish successfully. Final query state: {state}",
                detail="INVALID_QUERY_EXECUTION_STATE",
            )
        start = position(request.get("NextToken"), _MALFORMED)
        most = request.get("MaxResults") or 1000
        key = record.get("ReusedFrom") or record["QueryExecutionId"]
        rows, following = self.engine.page(key, start, most)
        columns = (
            []
            if record["UpdateCount"] is not None and record["StatementType"] == "DDL"
            else record["Columns"]
        )
        answer: Answer = {
            "ResultSet": {
                "Rows": [
                    {"Data": [{"VarCharValue": v} if v is not None else {} for v in r]}
                    for r in rows
                ],
                "ResultSetMetadata": {"ColumnInfo": columns},
            },
            **_update_count(record),
        }
        return answer | ({"NextToken": str(following)} if following is not None else {})

    def runtime_statistics(self, request: Answer) -> Answer:
        record = self.executions.get(request["QueryExecutionId"])
        statistics = record["Statistics"]
        return {
            "QueryRuntimeStatistics": {
                "Timeline": {
                    "QueryQueueTimeInMillis": 0,
                    "EngineExecutionTimeInMillis": statistics["EngineExecutionTimeInMillis"],
                    "TotalExecutionTimeInMillis": statistics["TotalExecutionTimeInMillis"],
                },
                "Rows": {
                    "InputBytes": statistics["DataScannedInBytes"],
                    "OutputRows": record.get("Rows") or 0,
                },
            }
        }

    def get_workgroup(self, request: Answer) -> Answer:
        return {"WorkGroup": self.workgroups.get(request["WorkGroup"])}

    def list_workgroups(self, request: Answer) -> Answer:
        page, more = page_of(self.workgroups.list(), request, 50)
        return {"WorkGroups": page, **more}

    def create_workgroup(self, request: Answer) -> Answer:
        self.workgroups.create(request)
        self.tags.add(request["Name"], request.get("Tags") or [])
        return {}

    def update_workgroup(self, request: Answer) -> Answer:
        self.workgroups.update(request)
        return {}

    def delete_workgroup(self, request: Answer) -> Answer:
        """With RecursiveDeleteOption all that belongs to it goes too."""
        name = request["WorkGroup"]
        self.workgroups.require_deletable(name)
        used = self.saved.is_used(name) or self.executions.is_used(name)
        if used and not request.get("RecursiveDeleteOption"):
            raise RequestRefused(f"WorkGroup {name} is not empty")
        self.saved.forget(name)
        self.executions.forget(name)
        self.tags.forget(name)
        self.workgroups.delete(name)
        return {}

    def engine_versions(self, request: Answer) -> Answer:
        return {"EngineVersions": [dict(ENGINE_VERSION)]}


def _update_count(record: Answer) -> Answer:
    count = record["UpdateCount"]
    if count is None and (
        record["StatementType"] == "DDL" or record["SubstatementType"] in _UNCOUNTED
    ):
        return {}
    return {"UpdateCount": count or 0}


OPERATIONS: dict[str, Callable[[Operations, Answer], Answer]] = {
    "StartQueryExecution": Operations.start_query,
    "GetQueryExecution": Operations.get_query,
    "BatchGetQueryExecution": Operations.batch_get_query,
    "ListQueryExecutions": Operations.list_queries,
    "StopQueryExecution": Operations.stop_query,
    "GetQueryResults": Operations.query_results,
    "GetQueryRuntimeStatistics": Operations.runtime_statistics,
    "GetWorkGroup": Operations.get_workgroup,
    "ListWorkGroups": Operations.list_workgroups,
    "CreateWorkGroup": Operations.create_workgroup,
    "UpdateWorkGroup": Operations.update_workgroup,
    "DeleteWorkGroup": Operations.delete_workgroup,
    "CreateNamedQuery": lambda o, r: o.saved.create_named(r),
    "GetNamedQuery": lambda o, r: o.saved.get_named(r),
    "BatchGetNamedQuery": lambda o, r: o.saved.batch_get_named(r),
    "UpdateNamedQuery": lambda o, r: o.saved.update_named(r),
    "DeleteNamedQuery": lambda o, r: o.saved.delete_named(r),
    "ListNamedQueries": lambda o, r: o.saved.list_named(r),
    "CreatePreparedStatement": lambda o, r: o.saved.create_prepared(r),
    "UpdatePreparedStatement": lambda o, r: o.saved.update_prepared(r),
    "GetPreparedStatement": lambda o, r: o.saved.get_prepared(r),
    "DeletePreparedStatement": lambda o, r: o.saved.delete_prepared(r),
    "ListPreparedStatements": lambda o, r: o.saved.list_prepared(r),
    "BatchGetPreparedStatement": lambda o, r: o.saved.batch_get_prepared(r),
    "ListDataCatalogs": lambda o, r: o.metadata.list_catalogs(r),
    "GetDataCatalog": lambda o, r: o.metadata.get_catalog(r),
    "ListDatabases": lambda o, r: o.metadata.list_databases(r),
    "GetDatabase": lambda o, r: o.metadata.get_database(r),
    "ListTableMetadata": lambda o, r: o.metadata.list_tables(r),
    "GetTableMetadata": lambda o, r: o.metadata.get_table(r),
    "ListEngineVersions": Operations.engine_versions,
    "TagResource": lambda o, r: o.tags.tag(r),
    "UntagResource": lambda o, r: o.tags.untag(r),
    "ListTagsForResource": lambda o, r: o.tags.list(r),
}

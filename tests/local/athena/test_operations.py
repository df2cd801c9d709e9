"""The API on the wire: every operation's answer and refusal in the shapes of the service's own model."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session
from botocore.validate import ParamValidator

from local.athena.api.operations import OPERATIONS

from .conftest import LAKE, RESULTS, Endpoint, Query

pytestmark = pytest.mark.integration
MODEL: Any = Session().get_service_model("athena")
OUTPUT = {"OutputLocation": f"s3://{RESULTS}/operations"}
GROUP = "operations"
ARN = f"arn:aws:athena:us-east-1:000000000000:workgroup/{GROUP}"
Call = Callable[[str, Any], Any]


@pytest.fixture(scope="module")
def call(endpoint: Endpoint) -> Call:
    """One operation over plain HTTP: (status, answer)."""

    def made(operation: str, request: Any) -> Any:
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        headers = {
            "x-amz-target": f"AmazonAthena.{operation}",
            "content-type": "application/x-amz-json-1.1",
        }
        try:
            with urllib.request.urlopen(
                urllib.request.Request(endpoint.url, body, headers)
            ) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    return made


def _finished(call: Call, sql: str, **arguments: Any) -> Any:
    request = {"QueryString": sql, "ResultConfiguration": OUTPUT, **arguments}
    status, started = call("StartQueryExecution", request)
    assert status == 200, started
    while True:
        _, answer = call("GetQueryExecution", started)
        if answer["QueryExecution"]["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return answer["QueryExecution"]


def _requests(call: Call) -> list[tuple[str, dict[str, Any]]]:
    """Every operation at least once, in an order in which each finds what it needs."""
    key = {"QueryExecutionId": _finished(call, "select 1 as one, 'x' as two")["QueryExecutionId"]}
    failed = _finished(call, "select nope")["QueryExecutionId"]
    group, table = {"WorkGroup": GROUP}, {"CatalogName": "AwsDataCatalog"}
    named = call("CreateNamedQuery", {"Name": "n", "Database": "d", "QueryString": "q"})[1]
    statement = {**group, "StatementName": "by_id", "QueryStatement": "select ?"}
    database = {**table, "DatabaseName": "operations"}
    return [
        ("CreateWorkGroup", {"Name": "other", "Tags": [{"Key": "a", "Value": "b"}]}),
        ("UpdateWorkGroup", {**group, "Description": "of the tests", "State": "ENABLED"}),
        ("GetWorkGroup", group),
        ("ListWorkGroups", {}),
        ("TagResource", {"ResourceARN": ARN, "Tags": [{"Key": "c", "Value": "d"}]}),
        ("UntagResource", {"ResourceARN": ARN, "TagKeys": ["a"]}),
        ("ListTagsForResource", {"ResourceARN": ARN}),
        ("StartQueryExecution", {"QueryString": "select 1", "ResultConfiguration": OUTPUT}),
        ("GetQueryExecution", key),
        ("GetQueryExecution", {"QueryExecutionId": failed}),
        ("BatchGetQueryExecution", {"QueryExecutionIds": [*key.values(), failed, "nobody"]}),
        ("ListQueryExecutions", {"MaxResults": 1}),
        ("GetQueryResults", key),
        ("GetQueryRuntimeStatistics", key),
        ("StopQueryExecution", key),
        ("CreateNamedQuery", {"Name": "n", "Database": "d", "QueryString": "q"}),
        ("GetNamedQuery", named),
        ("BatchGetNamedQuery", {"NamedQueryIds": [named["NamedQueryId"], "nobody"]}),
        ("UpdateNamedQuery", {**named, "Name": "m", "QueryString": "r"}),
        ("ListNamedQueries", {}),
        ("DeleteNamedQuery", named),
        ("CreatePreparedStatement", statement),
        ("UpdatePreparedStatement", {**statement, "Description": "again"}),
        ("GetPreparedStatement", {**group, "StatementName": "by_id"}),
        ("BatchGetPreparedStatement", {**group, "PreparedStatementNames": ["by_id", "nobody"]}),
        ("ListPreparedStatements", group),
        ("DeletePreparedStatement", {**group, "StatementName": "by_id"}),
        ("ListDataCatalogs", {}),
        ("GetDataCatalog", {"Name": "AwsDataCatalog"}),
        ("ListDatabases", table),
        ("GetDatabase", database),
        ("ListTableMetadata", database),
        ("GetTableMetadata", {**database, "TableName": "kept"}),
        ("ListEngineVersions", {}),
        ("DeleteWorkGroup", {"WorkGroup": "other"}),
    ]


def test_every_answer_has_the_shape_that_clients_expect(call: Call, query: Query) -> None:
    query.rows("create database if not exists operations")
    query.rows(
        "create external table if not exists operations.kept (id int comment 'the id') "
        f"partitioned by (day date) stored as parquet location 's3://{LAKE}/operations/kept/'"
    )
    call("CreateWorkGroup", {"Name": GROUP})
    requests = _requests(call)
    for operation, request in requests:
        status, answer = call(operation, request)
        assert status == 200, (operation, answer)
        report = ParamValidator().validate(answer, MODEL.operation_model(operation).output_shape)
        assert not report.has_errors(), (operation, report.generate_report())
    assert {operation for operation, _ in requests} == set(OPERATIONS)


REFUSALS = [
    ("CreateNotebook", {}, "UnknownOperationException", None, "'CreateNotebook' is not available"),
    ("GetQueryResults", b"{", "SerializationException", None, None),
    ("GetWorkGroup", b'{"WorkGroup": "\\ud800"}', "SerializationException", None, None),
    ("GetQueryResults", [], "SerializationException", None, "Start of list found"),
    (
        "ListWorkGroups",
        {"MaxResults": "1"},
        "SerializationException",
        None,
        "STRING_VALUE can not be converted to an Integer",
    ),
    (
        "GetQueryExecution",
        {},
        "InvalidRequestException",
        "INVALID_INPUT",
        "1 validation error detected: Value null at 'queryExecutionId' failed to satisfy constraint: "
        "Member must not be null",
    ),
    (
        "ListWorkGroups",
        {"MaxResults": 0, "NextToken": ""},
        "InvalidRequestException",
        "INVALID_INPUT",
        "2 validation errors detected: Value at 'nextToken' failed to satisfy constraint: Member must "
        "have length greater than or equal to 1; Value at 'maxResults' failed",
    ),
    (
        "ListWorkGroups",
        {"NextToken": "x"},
        "InvalidRequestException",
        "INVALID_INPUT",
        "The nextPageToken is malformed: x",
    ),
    (
        "GetQueryExecution",
        {"QueryExecutionId": "x"},
        "InvalidRequestException",
        "QUERY_EXECUTION_NOT_FOUND",
        "QueryExecution x was not found",
    ),
    (
        "StopQueryExecution",
        {"QueryExecutionId": "x"},
        "InvalidRequestException",
        "QUERY_EXECUTION_NOT_FOUND",
        "QueryExecution x was not found",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "selec 1", "ResultConfiguration": OUTPUT},
        "InvalidRequestException",
        "MALFORMED_QUERY",
        "line 1:1: mismatched input 'selec'",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "select 1\nwhere where true", "ResultConfiguration": OUTPUT},
        "InvalidRequestException",
        "MALFORMED_QUERY",
        "line 2:7: mismatched input 'where'",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "select 1\nwhere ", "ResultConfiguration": OUTPUT},
        "InvalidRequestException",
        "MALFORMED_QUERY",
        "line 2:6: mismatched input '<EOF>'",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "create table a.b\nas select 1 where where", "ResultConfiguration": OUTPUT},
        "InvalidRequestException",
        "MALFORMED_QUERY",
        "line 2:19: mismatched input 'where'",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "insert into a.b (c)\nvalues (1", "ResultConfiguration": OUTPUT},
        "InvalidRequestException",
        "MALFORMED_QUERY",
        "line 2:10: mismatched input '<EOF>'",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "-- only", "ResultConfiguration": OUTPUT},
        "InvalidRequestException",
        "MALFORMED_QUERY",
        "line 1:8: mismatched input '<EOF>'",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "select 1; select 2", "ResultConfiguration": OUTPUT},
        "InvalidRequestException",
        "MALFORMED_QUERY",
        "Only one sql statement is allowed. Got: select 1; select 2",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "create table a.b (c int)", "ResultConfiguration": OUTPUT},
        "InvalidRequestException",
        "MALFORMED_QUERY",
        "No location was specified for table. An S3 location must be specified",
    ),
    (
        "StartQueryExecution",
        {
            "QueryString": "create table a.b (c int) location 's3://x/'",
            "ResultConfiguration": OUTPUT,
        },
        "InvalidRequestException",
        "MALFORMED_QUERY",
        "External keyword required for table type HIVE",
    ),
    (
        "StartQueryExecution",
        {"QueryString": 'select 1 as ""', "ResultConfiguration": OUTPUT},
        "InvalidRequestException",
        "MALFORMED_QUERY",
        "line 1:13: Zero-length delimited identifier not allowed",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "selec 1", "ResultConfiguration": {"OutputLocation": "/tmp"}},
        "InvalidRequestException",
        "INVALID_INPUT",
        "outputLocation is not a valid S3 path.",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "select 1", "ResultConfiguration": OUTPUT, "WorkGroup": "nobody"},
        "InvalidRequestException",
        "INVALID_INPUT",
        "WorkGroup is not found.",
    ),
    (
        "StartQueryExecution",
        {"QueryString": "select 1", "ClientRequestToken": "short"},
        "InvalidRequestException",
        "INVALID_INPUT",
        "1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint: "
        "Member must have length greater than or equal to 32",
    ),
    (
        "GetDataCatalog",
        {"Name": "elsewhere"},
        "InvalidRequestException",
        "INVALID_INPUT",
        "Data catalog elsewhere was not found",
    ),
    (
        "GetTableMetadata",
        {"CatalogName": "AwsDataCatalog", "DatabaseName": "nowhere", "TableName": "t"},
        "MetadataException",
        None,
        "Table t not found",
    ),
    (
        "GetPreparedStatement",
        {"StatementName": "nobody", "WorkGroup": "primary"},
        "ResourceNotFoundException",
        None,
        "PreparedStatement nobody was not found",
    ),
    (
        "TagResource",
        {"ResourceARN": "arn:aws:athena:us-east-1:0:workgroup/nobody", "Tags": []},
        "ResourceNotFoundException",
        None,
        "was not found",
    ),
    (
        "CreateWorkGroup",
        {
            "Name": "managed",
            "Configuration": {"ManagedQueryResultsConfiguration": {"Enabled": True}},
        },
        "InvalidRequestException",
        "INVALID_INPUT",
        "Managed query results are not available here",
    ),
    (
        "CreateWorkGroup",
        {"Name": "cheap", "Configuration": {"BytesScannedCutoffPerQuery": 9_999_999}},
        "InvalidRequestException",
        "INVALID_INPUT",
        "1 validation error detected: Value at 'configuration.bytesScannedCutoffPerQuery' failed to "
        "satisfy constraint: Member must have value greater than or equal to 10000000",
    ),
    (
        "DeleteWorkGroup",
        {"WorkGroup": "primary"},
        "InvalidRequestException",
        "INVALID_INPUT",
        "Cannot delete primary workgroup",
    ),
]


@pytest.mark.parametrize(
    ("operation", "request_", "code", "detail", "message"),
    REFUSALS,
    ids=[f"{r[0]}-{at}" for at, r in enumerate(REFUSALS)],
)
def test_a_bad_request_is_refused_in_athenas_words(
    call: Call, operation: str, request_: Any, code: str, detail: str | None, message: str | None
) -> None:
    status, answer = call(operation, request_)
    assert (status, answer["__type"]) == (400, code)
    assert answer.get("AthenaErrorCode") == answer.get("ErrorCode") == detail
    assert (message or "") in answer.get("Message", "")


FAILURES = [
    ("select nope from (values 1) as t(x)", "COLUMN_NOT_FOUND: line 1:8: Column 'nope'", 2, 1006),
    ("select * from nowhere.t", "SCHEMA_NOT_FOUND: line 1:", 2, 1301),
    ("select 1 / 0", "DIVISION_BY_ZERO: Division by zero", 2, 1001),
    ("select sequence(1, 2, 0)", "INVALID_FUNCTION_ARGUMENT", 2, 1106),
    ("select nosuch(1)", "FUNCTION_NOT_FOUND: line 1:8", 2, 1303),
    ("drop table nowhere.t", "FAILED: SemanticException [Error 10001]: Table not found", 2, 1006),
    ("select cast('x' as int)", "INVALID_CAST_ARGUMENT: ", 2, 1100),
    ("select 'a' + 1", "TYPE_MISMATCH: ", 2, 1002),
    (
        "select * from elsewhere.a.b",
        "CATALOG_NOT_FOUND: line 1:15: Catalog 'elsewhere' does not exist",
        2,
        1006,
    ),
    ("create view information_schema.u as select 1", "MISSING_COLUMN_NAME: ", 2, 1100),
]


@pytest.mark.parametrize(("sql", "reason", "category", "kind"), FAILURES)
def test_a_failure_tells_its_category_and_type(
    call: Call, sql: str, reason: str, category: int, kind: int
) -> None:
    status = _finished(call, sql)["Status"]
    assert (status["State"], status["AthenaError"]["ErrorCategory"]) == ("FAILED", category)
    assert status["StateChangeReason"].startswith(reason)
    assert status["AthenaError"]["ErrorMessage"] == status["StateChangeReason"]
    assert (status["AthenaError"]["ErrorType"], status["AthenaError"]["Retryable"]) == (kind, False)


def test_a_query_in_an_unknown_catalog_fails(call: Call) -> None:
    done = _finished(call, "select 1", QueryExecutionContext={"Catalog": "Elsewhere"})
    assert done["Status"]["StateChangeReason"] == (
        "CATALOG_NOT_FOUND: line 1:1: Catalog 'elsewhere' does not exist"
    )


def test_the_same_token_starts_one_query_and_other_parameters_are_refused(query: Query) -> None:
    token = {"ClientRequestToken": "t" * 40}
    first = query.execution("select 1 as a", **token)["QueryExecutionId"]
    assert query.execution("select 1 as a", **token)["QueryExecutionId"] == first
    with pytest.raises(ClientError, match="Idempotent parameters do not match") as refused:
        query.execution("select 2 as a", **token)
    response: Any = refused.value.response
    assert response["AthenaErrorCode"] == "IDEMPOTENT_PARAMETER_MISMATCH"


def test_a_refused_query_does_not_use_up_its_token(query: Query) -> None:
    token = {"ClientRequestToken": "u" * 40}
    with pytest.raises(ClientError, match="mismatched input"):
        query.execution("selec 1", **token)
    assert query.rows("select 1", **token) == [["1"]]


def test_pages_of_results_begin_where_the_last_one_ended(call: Call) -> None:
    key = _finished(call, "select n from unnest(sequence(1, 5)) as t(n) order by n")
    asked = {"QueryExecutionId": key["QueryExecutionId"], "MaxResults": 4}
    first = call("GetQueryResults", asked)[1]
    assert len(first["ResultSet"]["Rows"]) == 4  # with the header
    second = call("GetQueryResults", {**asked, "NextToken": first["NextToken"]})[1]
    assert [r["Data"][0]["VarCharValue"] for r in second["ResultSet"]["Rows"]] == ["4", "5"]
    assert "NextToken" not in second
    assert first["UpdateCount"] == 0
    for token in ("x", "1", "-1", "999999"):
        status, answer = call("GetQueryResults", {**asked, "NextToken": token})
        assert (status, answer["Message"]) == (400, f"Malformed nextPageToken {token}")


def test_results_of_what_did_not_succeed_are_refused(call: Call) -> None:
    key = {"QueryExecutionId": _finished(call, "select nope")["QueryExecutionId"]}
    answer = call("GetQueryResults", key)[1]
    assert answer["AthenaErrorCode"] == "INVALID_QUERY_EXECUTION_STATE"
    assert answer["Message"] == "Query did not finish successfully. Final query state: FAILED"


def test_only_counts_that_athena_has_are_answered(call: Call, query: Query) -> None:
    query.rows("create database if not exists operations")
    counts = []
    for sql in (
        "show databases",
        "create database if not exists operations",
        f"create table operations.counted with (external_location='s3://{LAKE}/operations/counted/') "
        "as select 1 as a",
        "insert into operations.counted values 2, 3",
        "describe operations.counted",
        "drop table operations.counted",
    ):
        key = {"QueryExecutionId": _finished(call, sql)["QueryExecutionId"]}
        counts.append(call("GetQueryResults", key)[1].get("UpdateCount"))
    assert counts == [0, None, 1, 2, None, None]


def test_a_workgroup_enforces_what_it_says(query: Query) -> None:
    client = query.client
    encryption = {"EncryptionOption": "SSE_S3"}
    client.create_work_group(
        Name="strict",
        Configuration={
            "ResultConfiguration": {
                "OutputLocation": f"s3://{RESULTS}/strict",
                "EncryptionConfiguration": encryption,
            }
        },
    )
    done = query.execution("select 1", WorkGroup="strict")
    place = f"s3://{RESULTS}/strict/{done['QueryExecutionId']}.csv"
    assert done["ResultConfiguration"] == {
        "OutputLocation": place,
        "EncryptionConfiguration": encryption,
    }
    updates = {
        "EnforceWorkGroupConfiguration": False,
        "RequesterPaysEnabled": True,
        "ResultConfigurationUpdates": {"RemoveEncryptionConfiguration": True},
    }
    client.update_work_group(WorkGroup="strict", ConfigurationUpdates=updates)
    found = client.get_work_group(WorkGroup="strict")["WorkGroup"]["Configuration"]
    assert found["RequesterPaysEnabled"] is True
    assert found["ResultConfiguration"] == {"OutputLocation": f"s3://{RESULTS}/strict"}
    done = query.execution("select 1", WorkGroup="strict")
    assert done["ResultConfiguration"]["OutputLocation"].startswith(f"s3://{RESULTS}/boto3/")
    client.update_work_group(WorkGroup="strict", State="DISABLED")
    with pytest.raises(ClientError, match="WorkGroup strict is disabled"):
        query.execution("select 1", WorkGroup="strict")
    with pytest.raises(ClientError, match="WorkGroup strict is not empty"):
        client.delete_work_group(WorkGroup="strict")
    client.delete_work_group(WorkGroup="strict", RecursiveDeleteOption=True)
    with pytest.raises(ClientError, match=r"WorkGroup is not found\."):
        client.get_work_group(WorkGroup="strict")


def test_a_query_that_scans_more_than_its_workgroup_allows_is_cancelled(
    endpoint: Endpoint, query: Query
) -> None:
    endpoint.client("s3").put_object(
        Bucket=LAKE, Key="operations/wide/a.json", Body=b'{"a": 1}\n' * 1_200_000
    )
    query.rows("create database if not exists operations")
    query.rows(
        "create external table if not exists operations.wide (a int) row format serde "
        f"'org.openx.data.jsonserde.JsonSerDe' location 's3://{LAKE}/operations/wide/'"
    )
    query.client.create_work_group(
        Name="thrifty", Configuration={"BytesScannedCutoffPerQuery": 10_000_000}
    )
    done = query.execution("select count(a) from operations.wide", WorkGroup="thrifty")
    assert (done["Status"]["State"], done["Status"]["StateChangeReason"]) == (
        "CANCELLED",
        "Bytes scanned limit was exceeded",
    )


def test_a_result_that_its_reader_has_deleted_is_not_reused(
    endpoint: Endpoint, query: Query
) -> None:
    reuse = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 5}}

    def run() -> dict[str, Any]:
        return query.execution("select 'deleted' as a", ResultReuseConfiguration=reuse)

    first = run()
    place = first["ResultConfiguration"]["OutputLocation"]
    assert run()["ResultConfiguration"]["OutputLocation"] == place
    bucket, _, key = place.removeprefix("s3://").partition("/")
    endpoint.client("s3").delete_object(Bucket=bucket, Key=key)
    again = run()
    assert again["ResultConfiguration"]["OutputLocation"] != place
    assert again["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": False}

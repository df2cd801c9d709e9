"""DuckDB's failures in the words and error names of Trino."""

from __future__ import annotations

import re
from typing import Any

import duckdb

from local.athena.errors import NotSupported, QueryFailed, ReadUnplanned
from local.athena.functions.microseconds import OUTSIDE

UNPLANNED = "READ_UNPLANNED"  # a mark that no error has for its name
_MARKED = re.compile(r"@([A-Z_]+):(.*?)@", re.S)


def place(text: str, *names: str) -> str:
    """Where a name stands first, or a qualified one: the first if there are several."""
    path = r'"?\s*\.\s*"?'.join(map(re.escape, names))
    found = re.search(rf'(?i)(?<![\w"])"?{path}(?!\w)', text)
    before = text[: found.start()] if found else ""
    return f"line {before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def explain(error: Any, text: str = "") -> QueryFailed:
    """The QueryFailed for a duckdb.Error; `text` is the user's SQL, for line and column."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return exhausted()
    message = _READING.sub("", str(error).split("\n\nLINE ")[0].strip())
    if (marked := _MARKED.search(message)) and marked.group(1) == UNPLANNED:
        return ReadUnplanned(marked.group(2))
    if marked:
        return QueryFailed(marked.group(1), marked.group(2))
    if _IN_ZONE.search(message):
        return NotSupported("a value in a time zone other than UTC here: cast it to timestamp")
    if placed := _placed(message, text):
        return placed
    if _TOO_FAR.search(message):
        return NotSupported(OUTSIDE)
    if _UNREADABLE.search(message):
        return QueryFailed("HIVE_CURSOR_ERROR", _FOLDERS.sub("", _unreadable(message)))
    if "Division by zero" in message:  # followed by advice that holds for DuckDB alone
        return QueryFailed("DIVISION_BY_ZERO", "Division by zero")
    for pattern, name in _KINDS:
        if re.search(pattern, message):
            return QueryFailed(
                name, re.sub(r"^[A-Z]\w+( \w+)? Error: ", "", message.splitlines()[0])
            )
    return QueryFailed("GENERIC_USER_ERROR", message.splitlines()[0])


def _placed(message: str, text: str) -> QueryFailed | None:
    """Errors that Trino words itself and gives a place."""
    if missing := re.search(
        r'Referenced column "([^"]*)" not found|Could not find key "([^"]*)" in struct'
        r"|Cannot extract field '([^']*)'",
        message,
    ):
        name = next(filter(None, missing.groups()))
        return QueryFailed(
            "COLUMN_NOT_FOUND", f"{place(text, name)}: Column '{name}' cannot be resolved"
        )
    if missing := re.search(
        r'column "?([^"]+?)"? (?:not found|does not have a column named)', message
    ):
        name = missing.group(1)
        return QueryFailed(
            "COLUMN_NOT_FOUND", f"{place(text, name)}: Column '{name}' cannot be resolved"
        )
    if ungrouped := re.search(r'column "([^"]+)" must appear in the GROUP BY', message):
        name = ungrouped.group(1)
        what = f"'{name}' must be an aggregate expression or appear in GROUP BY clause"
        return QueryFailed("EXPRESSION_NOT_AGGREGATE", f"{place(text, name)}: {what}")
    if misplaced := re.search(r"(WHERE|GROUP BY) clause cannot contain", message):
        clause = misplaced.group(1)
        what = (
            f"{clause} clause cannot contain aggregations, window functions or grouping operations"
        )
        where = place(text, clause.split()[0])
        return QueryFailed("EXPRESSION_NOT_SCALAR", f"{where}: {what}")
    return None


# Of an expression that does not know them.
_IN_ZONE = re.compile(r'STRUCT\("timestamp with time zone ')
# Of a common type that DuckDB chose by itself, as for the columns of UNION.
_TOO_FAR = re.compile(
    r"convert Timestamp to higher precision|Type INT32 with value \d+-\d\d-\d\d can't be cast"
)
# Of files, whose place on this machine is nobody's business.
_READING = re.compile(r'Error while reading file "[^"]*": ')
_UNREADABLE = re.compile(
    r"Malformed JSON in file|not a GZIP stream|CSV Error on Line|not a Parquet file|ZSTD|IO Error"
)
_LINE = re.compile(r"CSV Error on Line: (\d+).*?^\s*file = (.*?)$", re.S | re.M)


def _unreadable(message: str) -> str:
    found = _LINE.search(message)
    if not found:
        return message.splitlines()[0]
    cause = "is not UTF-8" if "Invalid unicode" in message else "is too long to be read"
    return f"line {found.group(1)} of {found.group(2)} {cause}"


_FOLDERS = re.compile(r"(?<![\w.])/(?:[^/\s\"']+/)+")

_KINDS = [
    (r"extract specifier", "INVALID_FUNCTION_ARGUMENT"),
    (r"GROUPING statement cannot be used without", "MISSING_GROUP_BY"),
    (r"GROUPING child", "INVALID_ARGUMENTS"),
    (r'window "\w+" does not exist', "INVALID_WINDOW_REFERENCE"),
    (r"JOIN type must be INNER or LEFT for a LATERAL", "INVALID_COLUMN_REFERENCE"),
    (r"TRY can not be used in combination", "NOT_SUPPORTED"),
    (r"Frame (starting|start|end) |Window \w+ \w+ expression cannot", "INVALID_WINDOW_FRAME"),
    (r"Chained comparisons", "SYNTAX_ERROR"),
    (r"Invalid (RANGE|ROWS|GROUPS) \w+ value", "INVALID_WINDOW_FRAME"),
    (r"aggregate function calls cannot be nested", "NESTED_AGGREGATION"),
    (r"JOIN (clause|condition) cannot contain", "EXPRESSION_NOT_SCALAR"),
    (
        r"HAVING clause cannot contain window|window functions? .*nested|nested window",
        "NESTED_WINDOW",
    ),
    (r"Window functions are not supported here", "MISSING_OVER"),
    (r"Values were not provided for the following", "INVALID_PARAMETER_USAGE"),
    (r"(date|time|timestamp) field value out of range", "INVALID_CAST_ARGUMENT"),
    (r"Unimplemented type for cast", "FUNCTION_NOT_FOUND"),
    (r"Cannot deduce template type", "FUNCTION_NOT_FOUND"),
    (r"set-returning|UNNEST not supported here", "NOT_SUPPORTED"),
    (r"DOUBLE with value .* INT64|with value nan ", "INVALID_CAST_ARGUMENT"),
    (r"Casting value .* to type DECIMAL", "INVALID_CAST_ARGUMENT"),
    (r"invalid perl operator|bad repetition operator|invalid escape sequence", "NOT_SUPPORTED"),
    (r"Could not choose a best candidate", "FUNCTION_NOT_FOUND"),
    (r"Out of Memory", "EXCEEDED_LOCAL_MEMORY_LIMIT"),
    (r"Map keys must be unique", "INVALID_FUNCTION_ARGUMENT"),
    (r"Map keys can not be NULL", "INVALID_FUNCTION_ARGUMENT"),
    (r"key list does not align with the map value list", "INVALID_FUNCTION_ARGUMENT"),
    (r"Ambiguous reference to column", "AMBIGUOUS_NAME"),
    (r"Overflow|out of range|Out of Range", "NUMERIC_VALUE_OUT_OF_RANGE"),
    (r"could not convert|Could not convert|Conversion Error", "INVALID_CAST_ARGUMENT"),
    (r"Could not parse string", "INVALID_FUNCTION_ARGUMENT"),
    (r"t_(plus|minus)_interval\(\) does not support", "TYPE_MISMATCH"),
    (r"does not support the supplied arguments|No function matches", "FUNCTION_NOT_FOUND"),
    (r"Cannot compare|Cannot mix|cannot be applied|Cannot combine", "TYPE_MISMATCH"),
    (r"Table .* does not exist", "TABLE_NOT_FOUND"),
    (r"More than one row returned by a subquery", "SUBQUERY_MULTIPLE_ROWS"),
]


def exhausted() -> QueryFailed:
    """What a query gets that needs more memory or disk than it may have."""
    return QueryFailed(
        "EXCEEDED_LOCAL_MEMORY_LIMIT", "Query exhausted resources at this scale factor"
    )


# Athena's ErrorType by error name; https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
# says what the numbers mean, https://github.com/aoyagikouhei/athena-local which Athena answered.
_USER, _DATA, _TYPE, _SYNTAX, _ARGUMENT = 1000, 1001, 1002, 1006, 1100
_TYPES = {
    **dict.fromkeys(("HIVE_BAD_DATA", "HIVE_CURSOR_ERROR", "DIVISION_BY_ZERO"), _DATA),
    "TYPE_MISMATCH": _TYPE,
    **dict.fromkeys(("SYNTAX_ERROR", "COLUMN_NOT_FOUND", "CATALOG_NOT_FOUND"), _SYNTAX),
    **dict.fromkeys(("AMBIGUOUS_NAME", "EXPRESSION_NOT_AGGREGATE"), _SYNTAX),
    "DUPLICATE_COLUMN_NAME": _SYNTAX,
    **dict.fromkeys(("INVALID_CAST_ARGUMENT", "NUMERIC_VALUE_OUT_OF_RANGE"), _ARGUMENT),
    **dict.fromkeys(("INVALID_PARAMETER_USAGE", "MISSING_COLUMN_NAME"), _ARGUMENT),
    "INVALID_PROPERTY": 1101,
    "INVALID_TABLE_PROPERTY": 1103,
    "INVALID_FUNCTION_ARGUMENT": 1106,
    "INVALID_VIEW": 1107,
    "TABLE_ALREADY_EXISTS": 1110,
    "NOT_SUPPORTED": 1200,
    "NOT_FOUND": 1300,
    "TABLE_NOT_FOUND": 1301,
    "SCHEMA_NOT_FOUND": 1301,
    "FUNCTION_NOT_FOUND": 1303,
    "PERMISSION_DENIED": 1500,
    "EXCEEDED_LOCAL_MEMORY_LIMIT": 1,
    "HIVE_METASTORE_ERROR": 204,
    "ICEBERG_COMMIT_ERROR": 233,
}
_OF_SYSTEM = 200  # "Query engine had an internal error"
_OF_HIVE = _SYNTAX  # whatever the statement asked of Hive's side


def athena_error(problem: QueryFailed) -> dict[str, Any]:
    """Status.AthenaError of a failed execution."""
    other = _OF_SYSTEM if not problem.user else _USER if problem.name else _OF_HIVE
    return {
        "ErrorCategory": 2 if problem.user and problem.name != "EXCEEDED_LOCAL_MEMORY_LIMIT" else 1,
        "ErrorType": _TYPES.get(problem.name, other),
        "Retryable": False,
        "ErrorMessage": problem.reason,
    }


def nested_too_deeply() -> QueryFailed:
    return QueryFailed("STACK_OVERFLOW", "statement is too large (stack overflow during analysis)")

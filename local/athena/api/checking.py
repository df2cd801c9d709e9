"""What StartQueryExecution reads of a statement before anything runs: its syntax, its parameters."""

from __future__ import annotations

from dataclasses import replace

from local.athena.engine.runner import bind
from local.athena.errors import QueryFailed, RequestRefused
from local.athena.sql.syntax import parse
from local.athena.statements.ddl import create_external, is_iceberg
from local.athena.statements.inner import query_of
from local.athena.statements.kinds import Statement, classify, lex


def checked(sql: str, parameters: list[str]) -> tuple[str, Statement, QueryFailed | None]:
    """Syntax errors are answered at once, as Athena does; parameters that do not fit and everything
    else by the execution.
    """
    problem = None
    try:
        statement = classify(sql)
        if parameters and statement.kind != "execute":
            sql = bind(statement.text, [literal(p) for p in parameters])
            statement = classify(sql)
        if statement.kind == "query":
            statement = replace(statement, tree=parse(statement.text))
        elif statement.kind == "create_external" and not is_iceberg(statement):
            create_external(statement, "")
        elif (query := query_of(statement)) is not None:
            parse(query)
    except QueryFailed as error:
        if error.name == "SYNTAX_ERROR":
            raise RequestRefused(error.message, detail="MALFORMED_QUERY") from error
        problem = error if error.name == "INVALID_PARAMETER_USAGE" else None
        statement = classify(sql)
    return statement.text, statement, problem


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

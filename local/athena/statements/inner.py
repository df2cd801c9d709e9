"""The query inside a statement that writes or keeps its rows."""

from __future__ import annotations

from local.athena.statements.kinds import Reader, Statement


def query_of(statement: Statement) -> str | None:
    """The query inside a statement that writes or keeps its rows, where it stands in the text."""
    reader = Reader(statement, 2)
    if statement.kind == "unload":
        return Reader(statement, 1).inside()
    if statement.kind in ("create_table", "create_view"):
        while reader.peek() != "AS":
            if reader.peek() == "(":
                reader.balanced()
            else:
                reader.take()
        reader.take()
        return without_data(reader)[0] if statement.kind == "create_table" else reader.query()
    if statement.kind != "insert":
        return None
    reader.qualified("")
    if reader.peek() == "(" and reader.peek(1) not in QUERY_WORDS:
        reader.balanced()
    return reader.query()


QUERY_WORDS = ("SELECT", "WITH", "VALUES", "TABLE", "(")


def without_data(reader: Reader) -> tuple[str, bool]:
    """The query of a CREATE TABLE AS, and whether it ends WITH NO DATA."""
    words = [x.upper for x in reader.lexemes]
    query = reader.query()
    for tail, no_data in ((["WITH", "NO", "DATA"], True), (["WITH", "DATA"], False)):
        if words[-len(tail) :] == tail:
            return query[: reader.lexemes[-len(tail)].start], no_data
    return query, False

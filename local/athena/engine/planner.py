"""A DuckDB without any data: it tells the types of expressions and what a query reads of each table."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb

from local.athena.errors import QueryFailed
from local.athena.functions import refusals
from local.athena.functions.library import PYTHON_FUNCTIONS, definitions
from local.athena.functions.macros import SERIES, UNFOLDED_SERIES
from local.athena.functions.scalars import PythonFunction
from local.athena.sql.nodes import call, sql
from local.athena.sql.quoting import identifier
from local.athena.sql.types import Type, parse_type

_PROBE = "list_cosine_similarity"  # fits no three arguments, so an error names their types
_SIGNATURE = re.compile(rf"argument types '{_PROBE}\((.*)\)'")
# Without data every predicate looks false and every IN list like a join: keep them as they stand.
_OFF = "statistics_propagation,empty_result_pullup,in_clause,join_order,build_side_probe_side"

# Empty tables kept, of about 30 KB each. Afterwards a query whose tables have columns as no query before them
# makes its own.
_STANDING = 500


@dataclass
class Scan:
    """What one scan of a stand-in table needs: columns, and conjuncts as DuckDB prints them."""

    columns: set[str] = field(default_factory=set)
    filters: list[str] = field(default_factory=list)


def prepare(connection: Any, series: str = SERIES) -> None:
    """Install the macros and settings that both the planner and the engine rely on."""
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET GLOBAL order_by_non_integer_literal = true")
    for made in PYTHON_FUNCTIONS:
        _register(connection, made)
    for statement in definitions(series):
        connection.execute(statement)


def _register(connection: Any, made: PythonFunction) -> None:
    name, function, parameters = made.name, made.function, made.parameters
    if made.refuses:
        name, function = f"{name}_numbered", refusals.told(function, parameters)
        parameters = [*parameters, "BIGINT"]
    connection.create_function(
        name,
        function,
        parameters,
        made.returned,
        side_effects=False,
        null_handling="special" if made.nulls else "default",
    )
    if made.refuses:
        connection.execute(refusals.telling(made.name, name, made.parameters))


class Planner:
    """Thread-safe; each query takes its own `Session`."""

    def __init__(self) -> None:
        self._database = duckdb.connect(":memory:", config={"default_null_order": "nulls_last"})
        prepare(self._database, UNFOLDED_SERIES)
        self._database.execute(f"SET disabled_optimizers = '{_OFF}'")
        self._database.execute("SET GLOBAL integer_division = true")
        self._database.execute("SET python_enable_replacements = false")
        self._database.execute("SET enable_external_access = false")
        self._database.execute("SET lock_configuration = true")
        self._lock = threading.Lock()
        self._standing: dict[str, str] = {}

    def session(self) -> Session:
        with self._lock:
            return Session(self._database.cursor(), self)

    def standing(self, name: str, columns: str) -> bool:
        """Make an empty table that all sessions see, or find it made; not more than some."""
        with self._lock:
            if name not in self._standing and len(self._standing) < _STANDING:
                self._database.execute(f"CREATE TABLE {identifier(name)} ({columns})")
                self._standing[name] = columns
            return self._standing.get(name) == columns

    def close(self) -> None:
        self._database.close()


class Session:
    """What one query asks; its tables are empty ones of the same columns."""

    def __init__(self, connection: Any, planner: Planner) -> None:
        self._connection = connection
        self._planner = planner

    def close(self) -> None:
        self._connection.close()

    def interrupt(self) -> None:
        self._connection.interrupt()

    def stand_in(self, name: str, columns: dict[str, Type]) -> None:
        """Create an empty table; columns in order, DuckDB compares their names without case."""
        listed = ", ".join(f"{identifier(c)} {t.duckdb()}" for c, t in columns.items())
        if not self._planner.standing(name, listed):
            self._connection.execute(f"CREATE TEMP TABLE {identifier(name)} ({listed})")

    def types(
        self, tree: Any, *nodes: Any, definitions: list[str] | None = None
    ) -> list[Type] | None:
        """Types of `nodes` inside `tree`, as DuckDB's binder names them; None if never bound.

        `definitions` are the WITH clauses that the tree sees, the nearest first.
        """
        first = nodes[0]
        marked = call(_PROBE, *[n.copy() for n in nodes], *["?"] * (3 - len(nodes)))
        first.replace(marked)
        try:
            return self._probed(within(sql(tree), definitions or []), len(nodes))
        finally:
            marked.replace(first)

    def column_types(self, query: str, count: int, definitions: list[str]) -> list[Type] | None:
        """Types of all columns of a query that sees some WITH clauses, the nearest first; as `types`."""
        names = [f"c{at}" for at in range(count)]
        probe = f"{_PROBE}({', '.join([*names, *['NULL'] * (3 - count)])})"
        text = f"SELECT {probe} FROM ({query}) AS asked({', '.join(names)})"
        return self._probed(within(text, definitions), count)

    def _probed(self, query: str, count: int) -> list[Type] | None:
        try:
            self._connection.execute(f"EXPLAIN {query}")
        except duckdb.Error as error:
            found = _SIGNATURE.search(str(error))
            if not found:
                raise
            return _signature(found.group(1))[:count]
        return None

    def scans(self, query: str) -> dict[str, list[Scan]]:
        """Every scan of each stand-in table, by table name."""
        plan = json.loads(
            self._connection.execute(f"EXPLAIN (FORMAT json) {query}").fetchall()[0][1]
        )
        found: dict[str, list[Scan]] = {}
        for root in plan:
            for name, scan in _walk(root, []):
                found.setdefault(name, []).append(scan)
        return found

    def describe(self, query: str) -> list[tuple[str, Type]]:
        bound = self._connection.sql(query)
        return [(n, parse_type(str(t))) for n, t in zip(bound.columns, bound.types, strict=True)]

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return list(self._connection.execute(query, *parameters).fetchall())

    def execute(self, query: str, *parameters: Any) -> None:
        self._connection.execute(query, *parameters)


def within(query: str, definitions: list[str]) -> str:
    """A query inside WITH clauses, the nearest first."""
    for each in definitions:
        query = f"{each} SELECT * FROM ({query}) AS inner_query"
    return query


def _signature(text: str) -> list[Type]:
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text + ","):
        depth += letter in "(["
        depth -= letter in ")]"
        if letter == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    return [parse_type(p) for p in parts]


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _walk(node: dict[str, Any], above: list[str]) -> Iterator[tuple[str, Scan]]:
    info = node.get("extra_info", {})
    if node["name"].strip() == "SEQ_SCAN":
        filters = [f.removeprefix("optional: ") for f in _texts(info.get("Filters"))]
        columns = {c for c in _texts(info.get("Projections")) if c}
        yield info["Table"].split(".")[-1], Scan(columns, filters + above)
        return
    passed = _texts(info.get("Expression")) if node["name"].strip() == "FILTER" else []
    for child in node.get("children", []):
        yield from _walk(child, passed)


def require_bound(types: list[Type] | None) -> list[Type]:
    if types is None:
        raise QueryFailed("NOT_SUPPORTED", "an expression whose type depends on an unused subquery")
    return types

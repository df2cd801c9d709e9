"""One query from SQL text to rows: resolve, translate, prune, fetch, run."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import duckdb
from sqlglot import exp

from local.athena.engine import needs
from local.athena.engine.duck import Duck
from local.athena.engine.failures import explain
from local.athena.engine.planner import Planner, Scan, Session
from local.athena.engine.results import require_printable
from local.athena.errors import QueryCancelled, ReadUnplanned
from local.athena.functions import refusals
from local.athena.lake import pruning, scan
from local.athena.lake.catalog import Catalog, Partition, Table
from local.athena.lake.cost import Footers
from local.athena.lake.storage import Listing, Storage
from local.athena.sql import zones
from local.athena.sql.casts import convert
from local.athena.sql.fields import UNNAMED, is_unnamed
from local.athena.sql.nodes import sql
from local.athena.sql.quoting import identifier
from local.athena.sql.resolve import Relation, Resolver
from local.athena.sql.scopes import Scopes
from local.athena.sql.syntax import parse
from local.athena.sql.translate import Translator
from local.athena.sql.types import Type

log = logging.getLogger(__name__)
T = TypeVar("T")
_ROWS = 10_000
CANCELLED = "Query cancelled by user"


@dataclass
class Plan:
    """`sql` for DuckDB, the result's columns (Trino's names and types) and what it reads."""

    sql: str
    columns: list[tuple[str, Type]]
    sources: list[scan.Source]
    used: dict[str, set[str]]
    scanned_bytes: int = 0

    @property
    def unnamed(self) -> list[int]:
        return [at for at, (name, _) in enumerate(self.columns) if is_unnamed(name)]

    def display_columns(self) -> list[tuple[str, Type]]:
        return [
            (f"_col{at}" if is_unnamed(name) else name, kind)
            for at, (name, kind) in enumerate(self.columns)
        ]


@dataclass
class Work:
    """What one running query holds.

    Who has `ending` decides how the query ends: another thread that stops it, or its own, which
    takes it before anything is seen from outside and keeps it until its record says so.
    """

    catalog: Catalog
    storage: Storage
    planner: Planner
    duck: Duck
    footers: Footers
    database: str
    cutoff_bytes: int | None = None
    scanned_bytes: int = 0
    _connections: list[Any] = field(default_factory=list)
    _number: int = 0
    stopped: bool = False
    whole: bool = False  # read all columns, also those of which the planner sees no use
    ending: Any = field(default_factory=threading.RLock)
    _settled: bool = False

    @cached_property
    def iceberg(self) -> Any:
        """Imported when the first Iceberg table is met: its library takes a second to import."""
        from local.athena.iceberg.access import Access

        return Access(self)

    def snapshot(self, table: Table, version: Any) -> Any:
        """See `resolve.Iceberg`."""
        return self.iceberg.snapshot(table, version)

    def metadata(self, table: Table, name: str) -> tuple[dict[str, Type], list[tuple[Any, ...]]]:
        """See `resolve.Iceberg`."""
        columns, rows = self.iceberg.metadata(table, name)
        return columns, rows

    @cached_property
    def listing(self) -> Listing:
        """What this query has listed so far."""
        return Listing(self.storage)

    def settle(self) -> None:
        """Call before the query's effects can be seen; raises QueryCancelled when it was stopped."""
        if not self._settled:
            self.ending.acquire()
            self._settled = True
            self.check()

    def unsettle(self) -> None:
        """The record of the query has its end."""
        if self._settled:
            self.ending.release()

    def complete(self, attempt: Callable[[], T]) -> T:
        """What an attempt answers, which plans and runs; made again when it read a column unplanned."""
        try:
            return attempt()
        except ReadUnplanned:
            self.whole, self.scanned_bytes = True, 0
            return attempt()

    def interrupt(self) -> None:
        """Break off what DuckDB does for the query; from another thread."""
        for connection in list(self._connections):
            connection.interrupt()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        connection = self.duck.connection()
        self._connections.append(connection)
        try:
            self.check()
            if self._number:
                connection.execute(refusals.numbering(self._number))
            yield connection
            refusals.require_none(self._number)
        except duckdb.InterruptException as error:
            raise QueryCancelled(CANCELLED) from error
        finally:
            refusals.forget(self._number)
            self._connections.remove(connection)
            connection.close()

    def check(self) -> None:
        if self.stopped:
            raise QueryCancelled(CANCELLED)

    def plan(self, text: str, hidden: tuple[str, ...] = (), tree: Any = None) -> Plan:
        """Everything about a query short of running it; raises QueryFailed.

        `hidden` are columns that its tables have though the text may not name them; `tree` is
        that of the text if it has been parsed, and is changed.
        """
        resolver = Resolver(self.catalog, self.database, text, self, hidden)
        tree = resolver.resolve(parse(text) if tree is None else tree)
        session = self.planner.session()
        self._connections.append(session)
        try:
            for relation in resolver.relations:
                session.stand_in(relation.name, relation.columns)
            scopes = Scopes(resolver.relations)
            made = sql(Translator(text, session, scopes).translate(tree))
            log.debug("translated to %s", made)
            if "try(" in made.lower():
                self._number = self._number or refusals.number()
                session.execute(refusals.numbering(self._number))
            plan = self._planned(session, made, resolver.relations)
            if resolver.output is not None:  # DuckDB numbers names that occur twice
                names = [n or f"{UNNAMED}{at}" for at, n in enumerate(resolver.output)]
                plan.columns = [(n, k) for n, (_, k) in zip(names, plan.columns, strict=True)]
            refusals.require_none(self._number)
            return plan
        except duckdb.Error as error:
            raise explain(error, text) from error
        finally:
            refusals.forget(self._number)
            self._connections.remove(session)
            session.close()

    def constant(self, node: Any) -> Any:
        """The value of an expression without columns, a node as the parser left it."""
        session = self.planner.session()
        try:
            tree = exp.select(exp.alias_(node.copy(), "value"))
            made = sql(Translator("", session).translate(tree))
            return session.rows(made)[0][0]
        except duckdb.Error as error:
            raise explain(error) from error
        finally:
            session.close()

    def _planned(self, session: Session, made: str, relations: list[Relation]) -> Plan:
        columns = session.describe(made)
        require_printable(columns)
        scans = session.scans(made) if relations else {}
        plan = Plan(made, columns, [], {})
        for relation in relations:
            self.check()
            found = scans.get(relation.name, [])
            used = set().union(*(needs.used(s, relation) for s in found))
            plan.used[relation.name] = set(relation.columns) if self.whole else used
            source = scan.Source(relation)
            if found and relation.snapshot is not None:
                self._of_iceberg(plan, source, found)
            elif found and relation.table is not None:
                kept = self._kept(session, relation.table, found)
                source = scan.locate(self.storage, self.listing, relation, kept)
                plan.scanned_bytes += self._bytes(session, source, found)
            plan.sources.append(source)
        self.scanned_bytes += plan.scanned_bytes
        if self.cutoff_bytes is not None and self.scanned_bytes > self.cutoff_bytes:
            raise QueryCancelled("Bytes scanned limit was exceeded")
        return plan

    def _of_iceberg(self, plan: Plan, source: scan.Source, scans: list[Scan]) -> None:
        snapshot = source.relation.snapshot
        kept = snapshot.kept([tuple(s.filters) for s in scans])
        source.data = self.iceberg.located(kept)
        for one in scans:
            needed, filters = needs.needed(one, source.relation), tuple(one.filters)
            plan.scanned_bytes += snapshot.scanned(source.data, needed, filters, self.footers)

    def _kept(self, session: Session, table: Table, scans: list[Scan]) -> list[Partition]:
        if not table.keys:
            return []
        return pruning.keep(session, self.catalog, self.listing, table, scans)

    def _bytes(self, session: Session, source: scan.Source, scans: list[Scan]) -> int:
        """What the scans of one relation read; each has columns, partitions, row groups of its own."""
        relation, table = source.relation, source.relation.table
        assert table is not None
        total = 0
        for one in scans:
            alone = len(scans) == 1 or not table.keys
            kept = None if alone else set(self._kept(session, table, [one]))
            needed, filters = needs.needed(one, relation), tuple(one.filters)
            for partition, objects, paths in source.files:
                if kept is not None and partition not in kept:
                    continue
                if table.format == "parquet":
                    total += sum(self.footers.scanned(p, needed, filters) for p in paths)
                else:
                    total += sum(stored.size for stored in objects)
        return total

    def prepare(self, connection: Any, plan: Plan) -> str:
        """The WITH clause of the plan's relations; those that are rows become tables of `connection`."""
        views = []
        for source in plan.sources:
            relation = source.relation
            if relation.rows is not None:
                _materialize(connection, relation)
                continue
            made = scan.view(source, plan.used[relation.name], self.storage, self.footers)
            views.append(f"{identifier(relation.name)} AS NOT MATERIALIZED ({made})")
        return f"WITH {', '.join(views)} " if views else ""

    @contextmanager
    def running(self, plan: Plan, text: str) -> Iterator[tuple[Any, str]]:
        """A connection and the plan's query in it; raises QueryFailed in Trino's words."""
        with self.connection() as connection, translated(text):
            given = self.prepare(connection, plan)
            yield connection, f"{given}SELECT * FROM ({plan.sql}) AS result"

    def run(self, plan: Plan, text: str) -> Iterator[list[tuple[Any, ...]]]:
        """The result in batches, with text for what has a zone; raises QueryFailed in Trino's words."""
        with self.running(plan, text) as (connection, query):
            connection.execute(_printed(query, plan))
            while batch := connection.fetchmany(_ROWS):
                self.check()
                yield batch


def _printed(query: str, plan: Plan) -> str:
    kinds = [kind for _, kind in plan.columns]
    if not any(kind.holds_zone for kind in kinds):
        return query
    names = [f"c{at}" for at in range(len(kinds))]
    parts = [
        sql(convert(exp.column(name, table="result"), kind, zones.printed(kind)))
        for name, kind in zip(names, kinds, strict=True)
    ]
    return f"SELECT {', '.join(parts)} FROM ({query}) AS result ({', '.join(names)})"


@contextmanager
def translated(text: str) -> Iterator[None]:
    """DuckDB's failures as QueryFailed; an interrupt passes."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise explain(error, text) from error


def _materialize(connection: Any, relation: Relation) -> None:
    rows = relation.rows or []
    names = ", ".join(f"{identifier(c)} {t.duckdb()}" for c, t in relation.columns.items())
    connection.execute(f"CREATE TEMP TABLE {identifier(relation.name)} ({names})")
    if rows:
        parts = ", ".join(map(_from_text, relation.columns.values()))
        values = [[_text(v) for v in column] for column in zip(*rows, strict=True)]
        connection.execute(f"INSERT INTO {identifier(relation.name)} SELECT {parts}", values)


def _from_text(kind: Type) -> str:
    text = "CAST(unnest(?) AS JSON)" if kind.items else "unnest(?)"
    return f"CAST({text} AS {kind.duckdb()})"


def _text(value: Any) -> str | None:
    if isinstance(value, list | dict):
        return json.dumps(value, default=str)
    return None if value is None else str(value)

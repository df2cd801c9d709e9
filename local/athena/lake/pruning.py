"""Which partitions a query can touch: its own predicates, evaluated over the partitions' values."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from local.athena.engine.planner import Scan, Session
from local.athena.errors import QueryFailed
from local.athena.lake import projection
from local.athena.lake.catalog import Catalog, Partition, Table, key_row
from local.athena.lake.storage import Listing
from local.athena.sql.quoting import identifier
from local.athena.sql.types import Type

_PROMISED = (
    20  # projected partitions up to which looking into each costs less than one long listing
)


def _conjuncts(scan: Scan) -> list[tuple[frozenset[str], str]]:
    """The scan's predicates with the columns each names; what cannot be read prunes nothing."""
    found = []
    for text in scan.filters:
        try:
            tree: Any = parse_one(text, dialect="duckdb")
        except SqlglotError:
            continue
        for part in tree.unnest().flatten() if isinstance(tree.unnest(), exp.And) else [tree]:
            names = frozenset(c.name.lower() for c in part.find_all(exp.Column))
            plain = not any(c.table for c in part.find_all(exp.Column))
            if names and plain and "#" not in text and "..." not in text:
                found.append((names, part.sql(dialect="duckdb")))
    return found


def _predicate(scans: list[Scan], columns: frozenset[str]) -> str:
    """A condition on `columns` that holds wherever any of the scans keeps a row."""
    sides = []
    for scan in scans:
        usable = [text for names, text in _conjuncts(scan) if names <= columns]
        if not usable:
            return ""
        sides.append("(" + " AND ".join(f"({u})" for u in usable) + ")")
    return " OR ".join(sides)


def _filter(
    session: Session, keys: Mapping[str, Type], rows: list[tuple[str, ...]], predicate: str
) -> list[tuple[str, ...]]:
    if not predicate or not rows:
        return rows
    listed = ", ".join(
        f"CAST(unnest(?) AS {t.duckdb()}) AS {identifier(k)}" for k, t in keys.items()
    )
    numbered = f"SELECT unnest(range({len(rows)})) AS kept_row, {listed}"
    try:
        kept = session.rows(
            f"SELECT kept_row FROM ({numbered}) WHERE {predicate} ORDER BY 1",
            [list(column) for column in zip(*map(key_row, rows), strict=True)],
        )
    except duckdb.Error:
        return rows
    return [rows[i] for (i,) in kept]


def _injected(table: Table, column: str, scans: list[Scan]) -> list[str]:
    """The literals that the query compares an injected column with."""
    found = _equalities(column, scans)
    if found is None:
        raise QueryFailed(
            "CONSTRAINT_VIOLATION",
            f"For the injected projected partition column {column}, the WHERE clause must contain "
            "only static equality conditions, and at least one such condition must be present.",
        )
    return found


def _equalities(column: str, scans: list[Scan]) -> list[str] | None:
    """The values one of which a column must have, None when a scan does not say so."""
    found: set[str] = set()
    for scan in scans:
        values = [
            v for names, text in _conjuncts(scan) if names == {column} for v in _equal_to(text)
        ]
        if not values:
            return None
        found.update(values)
    return sorted(found)


def _equal_to(text: str) -> list[str]:
    tree: Any = parse_one(text, dialect="duckdb").unnest()
    if isinstance(tree, exp.EQ):
        return [str(tree.expression.this)] if isinstance(tree.expression, exp.Literal) else []
    if isinstance(tree, exp.In):
        return [str(e.this) for e in tree.expressions if isinstance(e, exp.Literal)]
    if isinstance(tree, exp.Or):
        parts = [_equal_to(part.sql(dialect="duckdb")) for part in tree.flatten()]
        return [v for part in parts for v in part] if all(parts) else []
    return []


def _domains(session: Session, table: Table, scans: list[Scan]) -> list[list[str]]:
    """The values that each projected column can still have, in the order of the keys."""
    domains = []
    for column, kind in table.keys.items():
        if projection.is_injected(table, column):
            domains.append(_injected(table, column, scans))
            continue
        known = projection.domain(table, column, wanted=_equalities(column, scans))
        values: list[tuple[str, ...]] = [(v,) for v in known]
        kept = _filter(session, {column: kind}, values, _predicate(scans, frozenset([column])))
        domains.append([v[0] for v in kept])
    return domains


def _projected(
    session: Session, listing: Listing, table: Table, scans: list[Scan]
) -> list[Partition]:
    """Few promised partitions are taken at their word; of many, those that hold objects."""
    domains = _domains(session, table, scans)
    places = projection.Places(table)
    rows: Iterable[tuple[str, ...]] = itertools.product(*domains)
    if math.prod(map(len, domains)) > _PROMISED:
        reader = places.reader(domains)
        rows = rows if reader is None else _present(listing, places.start(domains), reader, domains)
    kept = _filter(session, table.keys, list(rows), _predicate(scans, frozenset(table.keys)))
    return [Partition(values, places.of(values)) for values in kept]


def _present(
    listing: Listing, start: str, reader: re.Pattern[str], domains: list[list[str]]
) -> list[tuple[str, ...]]:
    """The values of the folders that hold objects, as far as the domains know them."""
    allowed = [frozenset(domain) for domain in domains]
    folders = {stored.url.rpartition("/")[0] for stored in listing.under(start)}
    matches = (found for folder in folders if (found := reader.fullmatch(folder)))
    values = {tuple(m[f"k{at}"] for at in range(len(domains))) for m in matches}
    return sorted(v for v in values if all(map(frozenset.__contains__, allowed, v)))


def keep(
    session: Session, catalog: Catalog, listing: Listing, table: Table, scans: list[Scan]
) -> list[Partition]:
    """The partitions that can hold a row any of the scans wants."""
    if not scans:
        return []
    if table.is_projected:
        return _projected(session, listing, table, scans)
    found = catalog.partitions(table)
    by_values = {p.values: p for p in found}
    kept = _filter(session, table.keys, list(by_values), _predicate(scans, frozenset(table.keys)))
    return [by_values[v] for v in kept]

"""Trino's syntax tree to DuckDB's: first what needs no types, then, innermost first, what does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
from sqlglot import exp

from local.athena.engine.failures import explain
from local.athena.engine.planner import Session, require_bound
from local.athena.errors import NotSupported, QueryFailed
from local.athena.functions import arrays, rewrites, signatures
from local.athena.functions.rewrites import Moved
from local.athena.functions.table import DIRECT, REFUSED
from local.athena.sql import asking, column_checks, overloads, zoned
from local.athena.sql.attempts import isolate
from local.athena.sql.checks import CHECKS, NUMERIC, QUICK
from local.athena.sql.constructs import HANDLERS, HARMLESS, waiting_concat, waiting_zone
from local.athena.sql.inference import Inference
from local.athena.sql.nodes import call, is_fresh
from local.athena.sql.ordering import AGGREGATES
from local.athena.sql.scopes import Scopes, cells
from local.athena.sql.syntax import PREFIX, function_name, position_of
from local.athena.sql.types import Type
from local.athena.sql.waiting import AGGREGATES_IN_DUCKDB, AROUND, REWRITES, WAITING, plan


class Translator:
    """One query's translation; `scopes` answers types of columns where that is cheap."""

    def __init__(self, text: str, session: Session, scopes: Scopes | None = None) -> None:
        self._text = text
        self._session = session
        self._scopes = scopes or Scopes([])
        self._inference = Inference(self._scopes)
        self._scopes.type_of = self._inference.type_of

    def translate(self, tree: Any) -> Any:
        """The DuckDB tree; raises QueryFailed for what Trino refuses and NotSupported for our limits."""
        holder = exp.Subquery(this=tree)
        isolate(tree)
        nodes = list(_bottom_up(tree))
        if any(map(zoned.makes_zone, nodes)):
            zoned.prepare(nodes)
        late = any(map(_is_late, nodes))
        for node in list(_bottom_up(tree)):
            self._untyped(node)
        if late:
            overloads.bind(list(_bottom_up(holder.this)), AGGREGATES_IN_DUCKDB)
        self._resolve_types(holder)
        if late:
            overloads.bind(list(_bottom_up(holder.this)), AGGREGATES_IN_DUCKDB)
        _name_by_depth(holder)
        made = holder.this
        holder.set("this", None)
        made.parent = None
        return made

    def _untyped(self, node: Any) -> None:
        try:
            made = self._rewritten(node)
        except Moved as moved:
            moved.old.replace(moved.new)
            return
        if made is not None and made is not node:
            node.replace(made)

    def _rewritten(self, node: Any) -> Any:
        if isinstance(node, exp.Anonymous):
            return self._call(node)
        handler = HANDLERS.get(type(node))
        if handler:
            return handler(node)
        if isinstance(node, exp.Func) and type(node) not in HARMLESS:
            raise self._unknown(node.sql_name().lower())
        return None

    def _unknown(self, name: str) -> QueryFailed:
        where = position_of(self._text, name)
        return QueryFailed("FUNCTION_NOT_FOUND", f"{where}: Function '{name}' not registered")

    def _call(self, node: Any) -> Any:
        name = function_name(node)
        if not str(node.this).startswith(PREFIX):
            if name == "row":
                return call("row", *node.expressions)
            if node.meta.get("made"):
                return None
            raise self._unknown(name)
        signatures.expect(node, name)
        waits_as = f"zoned {name}" if node.meta.get("zoned") else name
        if waits_as in WAITING:
            count = WAITING[waits_as][2]
            if len(node.expressions) < (count if 0 < count < arrays.ALL else 1):
                raise arrays.unexpected(name, [])
            waiting = call(WAITING[waits_as][0], *node.expressions)
            waiting.meta["typed"] = waits_as
            if name == "typeof":
                asked = node.expressions[0]
                text = asked.this if isinstance(asked, exp.Literal) else ""
                waiting.meta["asked"] = type(asked), str(text)
            return waiting
        if name in CHECKS or name in NUMERIC:
            node.meta["typed"] = name if name in CHECKS else "numbers"
        if name == "concat":
            return waiting_concat(list(node.expressions))
        if name == "at_timezone":
            value, zone = rewrites.arity(node, name, 2)
            return waiting_zone(value, zone, node)
        if name in DIRECT:
            node.set("this", DIRECT[name].target)
            return None
        if name in REWRITES:
            return REWRITES[name](node)
        if name in REFUSED:
            raise NotSupported(f"{position_of(self._text, name)}: function {name}")
        raise self._unknown(name)

    def _resolve_types(self, holder: Any) -> None:
        waiting = [n for n in _bottom_up(holder.this) if _waits(n)]
        for at, node in enumerate(waiting):
            if (
                isinstance(node, (exp.SetOperation, exp.Values, exp.Select))
                or node.meta["typed"] == "using"
            ):
                self._check_columns(node, holder, waiting[at + 1 :])
                continue
            operands, finish = plan(node)
            if node.meta["typed"] in CHECKS:
                quick = node.meta["typed"] in QUICK
                known = self._checked_types(holder, operands, waiting[at + 1 :], quick)
            else:
                types = [self.quick_type(o) for o in operands]
                known = [t for t in types if t is not None]
                if len(known) < len(types):
                    known = require_bound(self._probe(holder, operands, waiting[at + 1 :]))
            if not signatures.compares(node.meta["typed"], known):
                raise arrays.unexpected(node.meta["typed"], known)
            around = node.meta.pop("typed") in AROUND
            target = rewrites.outermost(node) if around else node
            marker = exp.Placeholder(this="target")
            target.replace(marker)
            marker.replace(finish(node, known))

    def _probe(self, holder: Any, operands: list[Any], later: list[Any]) -> list[Type] | None:
        try:
            return asking.inside(operands, holder.this, self._session)
        except duckdb.Error:
            pass  # perhaps a call that DuckDB binds before these and that waits itself
        try:
            with _blanked(later, operands[0]):
                return asking.inside(operands, holder.this, self._session)
        except duckdb.Error as error:
            raise explain(error, self._text) from error

    def _checked_types(
        self, holder: Any, operands: list[Any], later: list[Any], quick: bool
    ) -> list[Type]:
        """For a check that changes no value: what nobody can tell passes as NULL's type."""
        found = []
        for operand in operands:
            kind = self.quick_type(operand)
            if kind is None and not quick:
                try:
                    kind = (self._probe(holder, [operand], later) or [_NO_TYPE])[0]
                except QueryFailed:
                    kind = None
            found.append(kind or _NO_TYPE)
        return found

    def _check_columns(self, node: Any, holder: Any, later: list[Any]) -> None:
        """Columns that are put together: of set operations, of rows of VALUES, of JOIN USING."""
        node.meta.pop("typed")
        if isinstance(node, exp.SetOperation):
            column_checks.united(node, self._output(node.this), self._output(node.expression))
        elif isinstance(node, exp.Select):
            column_checks.distinct([k for k in self._output(node) or [] if k is not None])
        elif isinstance(node, exp.Values):
            rows = [cells(row) for row in node.expressions]
            column_checks.rows(
                rows, [self._checked_types(holder, r, later, quick=False) for r in rows]
            )
        else:
            for name, before, after in self._scopes.merged(node):
                column_checks.merged(
                    name,
                    node,
                    before or asking.column_before(name, node, self._session),
                    after or asking.column_after(name, node, self._session),
                )

    def _output(self, query: Any) -> list[Type | None] | None:
        return asking.output(query, self._scopes, self._session)

    def quick_type(self, node: Any) -> Type | None:
        """The type of an expression where it can be told without asking the planner."""
        return self._inference.type_of(node)


_NO_TYPE = Type("unknown")  # of NULL


def _is_late(node: Any) -> bool:
    """Whether it is an aggregate or a window function, as the parser left it."""
    if isinstance(node, exp.Anonymous):
        return function_name(node) in AGGREGATES
    return isinstance(node, (exp.Window, exp.GroupConcat))


def _bottom_up(tree: Any) -> Iterator[Any]:
    """Children first; WITH and FROM before the clauses that use them, FILTER and OVER before their call."""
    stack: list[tuple[Any, bool]] = [(tree, False)]
    while stack:
        node, seen = stack.pop()
        if seen:
            yield node
            continue
        stack.append((node, True))
        order = _AROUND_ORDER if isinstance(node, _AROUND_CALLS) else _ORDER
        children = sorted(_children(node), key=lambda pair: order.get(pair[0], 3))
        stack.extend((child, False) for _, child in reversed(children))


_ORDER = {"with_": 0, "from_": 1, "joins": 2, "laterals": 2, "distinct": 4}
_AROUND_CALLS = (exp.Filter, exp.Window, exp.WithinGroup)
_AROUND_ORDER = {"this": 4}  # a call of two aggregates for one copies what is around it


def _children(node: Any) -> list[tuple[str, Any]]:
    found = []
    for key, value in node.args.items():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, exp.Expr):
                found.append((key, child))
    return found


def _waits(node: Any) -> bool:
    return "typed" in node.meta


def _name_by_depth(tree: Any) -> None:
    """Equal calls have equal lambdas then: GROUP BY finds the expressions of the SELECT list."""
    for node in list(tree.find_all(exp.Lambda)):
        depth, ancestor = 0, node.parent
        while ancestor is not None:
            depth += isinstance(ancestor, exp.Lambda)
            ancestor = ancestor.parent
        names = {p.name: f"{p.name.rpartition('_')[0]}_at_{depth}" for p in node.expressions}
        for identifier in list(node.find_all(exp.Identifier)):
            if identifier.name in names and is_fresh(identifier.name):
                identifier.set("this", names[identifier.name])


@contextmanager
def _blanked(nodes: list[Any], operand: Any) -> Iterator[None]:
    """NULL for calls that still wait, with their FILTER and OVER, except those around the operand."""
    inside = set()
    ancestor = operand
    while ancestor is not None:
        inside.add(id(ancestor))
        ancestor = ancestor.parent
    calls = [rewrites.outermost(n) for n in nodes if isinstance(n, exp.Condition)]
    found = [n for n in calls if id(n) not in inside]
    blanks = [exp.Null() for _ in found]
    for node, blank in zip(found, blanks, strict=True):
        node.replace(blank)
    try:
        yield
    finally:
        for node, blank in reversed(list(zip(found, blanks, strict=True))):
            blank.replace(node)

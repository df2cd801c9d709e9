"""WITH RECURSIVE: Trino takes ten steps and fails when an eleventh would give rows.

The rows carry the number of their step; what follows sees them without it.
Source: max_recursion_depth and QueryPlanner.planExpand of trino-main.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql.nodes import case, failing, fresh, raw

_STEPS = 10
_MESSAGE = (
    f"Recursion depth limit exceeded ({_STEPS}). "
    "Use 'max_recursion_depth' session property to modify the limit."
)


def limit(tree: Any) -> None:
    """Count the steps of every common table expression that refers to itself; changes the tree."""
    for with_ in list(tree.find_all(exp.With)):
        if with_.args.get("recursive"):
            made = []
            for cte in with_.expressions:
                made += _counted(cte)
            with_.set("expressions", made)


def _references(query: Any, name: str) -> list[Any]:
    return [t for t in query.find_all(exp.Table) if not t.db and t.name.lower() == name.lower()]


def _counted(cte: Any) -> list[Any]:
    name, query = cte.alias, cte.this
    if not _references(query, name):
        return [cte]
    columns = [c.name for c in cte.args["alias"].columns]
    if not columns:
        raise QueryFailed(
            "MISSING_COLUMN_ALIASES", "line 1:1: missing column aliases in recursive WITH query"
        )
    if not isinstance(query, exp.Union) or query.args.get("distinct"):
        raise NotSupported("a recursive query that is not a UNION ALL of two queries")
    first, step = _select(query.this), _select(query.expression)
    found = _references(step, name)
    if _references(first, name) or len(found) != 1:
        raise NotSupported("a recursive query that refers to itself more than once")
    depth, counted = fresh("depth"), fresh("counted")
    alias = found[0].alias_or_name
    found[0].set("this", exp.to_identifier(counted, quoted=True))
    if not found[0].args.get("alias"):
        found[0].set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    before = exp.column(depth, table=alias, quoted=True)
    exceeded = exp.GTE(this=before.copy(), expression=raw(_STEPS))
    failure = failing("NOT_SUPPORTED", _MESSAGE)
    failure.meta["made"] = True  # no call of the user's
    number = case(
        (exceeded, failure),
        default=exp.Add(this=before.copy(), expression=raw(1)),
    )
    first.append("expressions", exp.alias_(raw(0), depth, quoted=True))
    step.append("expressions", exp.alias_(number, depth, quoted=True))
    query.set("this", first)
    query.set("expression", step)
    identifiers = [exp.to_identifier(c, quoted=True) for c in (*columns, depth)]
    inner = exp.CTE(
        this=query,
        alias=exp.TableAlias(this=exp.to_identifier(counted, quoted=True), columns=identifiers),
    )
    shown = exp.select(*[exp.column(c, quoted=True) for c in columns]).from_(
        exp.Table(this=exp.to_identifier(counted, quoted=True))
    )
    # looked at, so that DuckDB does not drop the column that fails
    shown = shown.where(exp.GTE(this=exp.column(depth, quoted=True), expression=raw(0)))
    outer = exp.CTE(this=shown, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    return [inner, outer]


def _select(query: Any) -> Any:
    """A plain SELECT whose list can be lengthened."""
    if isinstance(query, exp.Values):
        return exp.select("*").from_(query.copy())
    while isinstance(query, exp.Subquery) and not query.args.get("order"):
        query = query.this
    stars = [e for e in getattr(query, "expressions", []) if e.is_star]
    if not isinstance(query, exp.Select) or query.args.get("distinct") or query.args.get("group"):
        raise NotSupported("a recursive query with grouping or set operations inside")
    if stars and _from_itself(query):
        raise NotSupported("SELECT * in the step of a recursive query")
    return query.copy()


def _from_itself(query: Any) -> bool:
    start = query.args.get("from_")
    return start is None or not isinstance(start.this, exp.Values)

"""What of sqlglot's SQL is Trino's: the parser reads many dialects, anything else ends here.

Source: the grammar SqlBase.g4 of trino-parser. Listed are the parts that each node may have; tokens
are checked in `lexis`. Functions are not looked at: an unknown one is refused by `translate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlglot import exp
from sqlglot.tokens import TokenType

from local.athena.errors import NotSupported, QueryFailed
from local.athena.sql.lexis import RESERVED, unexpected

# sqlglot reads these as plain columns
_VARIABLES = frozenset(["current_schema", "current_path", "current_role"])
_JOINED = "this alias joins sample"
_ORDERED = "order limit offset"
_PARTS: dict[type, str] = {
    exp.Select: f"with_ expressions distinct from_ joins laterals where group having windows {_ORDERED}",
    exp.From: "this",
    exp.Where: "this",
    exp.Having: "this",
    exp.Group: "expressions",
    exp.GroupingSets: "expressions",
    exp.Cube: "expressions",
    exp.Rollup: "expressions",
    exp.Distinct: "expressions",
    exp.Union: f"with_ this expression distinct {_ORDERED}",
    exp.Except: f"with_ this expression distinct {_ORDERED}",
    exp.Intersect: f"with_ this expression distinct {_ORDERED}",
    exp.With: "expressions recursive",
    exp.CTE: "this alias",
    exp.Table: f"{_JOINED} db catalog version when",
    exp.Subquery: f"{_JOINED} with_ {_ORDERED}",
    exp.Values: f"expressions alias sample {_ORDERED}",
    exp.Lateral: "this alias",
    exp.Unnest: "expressions alias offset",
    exp.TableAlias: "this columns",
    exp.TableSample: "method percent",
    exp.Join: "this on side kind using method",
    exp.Order: "this expressions",
    exp.Ordered: "this desc nulls_first",
    exp.Limit: "expression",
    exp.Offset: "expression",
    exp.Fetch: "direction count limit_options",
    exp.LimitOptions: "rows with_ties",
    exp.Window: "this partition_by order spec alias over",
    exp.WindowSpec: "kind start start_side end end_side",
    exp.Filter: "this expression",
    exp.WithinGroup: "this expression",
    exp.IgnoreNulls: "this",
    exp.RespectNulls: "this",
    exp.Star: "",
    exp.Column: "this table db catalog",
    exp.Identifier: "this quoted",
    exp.Alias: "this alias",
    exp.Aliases: "this expressions",
    exp.Dot: "this expression",
    exp.Paren: "this",
    exp.Tuple: "expressions",
    exp.Bracket: "this expressions",
    exp.Lambda: "this expressions",
    exp.In: "this expressions query",
    exp.Between: "this low high",
    exp.Like: "this expression",
    exp.Escape: "this expression",
    exp.Is: "this expression",
    exp.Interval: "this unit",
    exp.AtTimeZone: "this zone",
    exp.Cast: "this to",
    exp.TryCast: "this to safe",
    exp.Struct: "expressions",
    exp.Array: "expressions bracket_notation value_constructor",
    exp.Any: "this",
    exp.All: "this",
    exp.Exists: "this",
    exp.Version: "this expression kind",
    exp.HexString: "this",
    exp.UnicodeString: "this escape",
    exp.Placeholder: "",
    exp.OverflowTruncateBehavior: "this with_count",
}
_ALLOWED = {kind: frozenset(parts.split()) for kind, parts in _PARTS.items()}
_PLAIN = (
    exp.Literal, exp.Boolean, exp.Null, exp.Var, exp.DataType, exp.DataTypeParam, exp.ColumnDef,
    exp.IntervalSpan, exp.Anonymous, exp.Not, exp.Neg, exp.Func,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.DPipe, exp.And, exp.Or,
    exp.EQ, exp.NEQ, exp.LT, exp.GT, exp.LTE, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ,
)  # fmt: skip
# where the parser's name of a part is not the word in the text
_SPELLED = {"pivots": "pivot", "similarto": "similar", "limit_options": "percent", "locks": "for"}


def check_tree(sql: str, tree: Any) -> None:
    """Raise QueryFailed(SYNTAX_ERROR) for the first node or part of a node that Trino does not know."""
    for node in tree.walk():
        allowed = _ALLOWED.get(type(node))
        if allowed is not None:
            given = next((k for k in _given(node) if k not in allowed), None)
            if given is not None:
                raise _foreign(sql, given.rstrip("_").split("_")[0])
        elif not isinstance(node, _PLAIN):
            raise _foreign(sql, node.key)
        if (problem := _PROBLEMS.get(type(node))) and (name := problem(node)):
            raise _foreign(sql, name)


def check_joins(sql: str, tokens: list[Any], tree: Any) -> None:
    """Raise QueryFailed(SYNTAX_ERROR) for a JOIN without ON or USING: the tree shows it as a comma."""
    written = [t for t in tokens if t.token_type == TokenType.JOIN]
    conditions = ("on", "using", "kind", "side", "method")
    joins = [j for j in tree.find_all(exp.Join) if any(j.args.get(k) for k in conditions)]
    bare = [
        j
        for j in joins
        if j.kind != "CROSS" and not any(j.args.get(k) for k in ("on", "using", "method"))
    ]
    if len(written) > len(joins) or bare:
        raise unexpected(sql, len(sql), "<EOF>")


def _given(node: Any) -> Iterator[str]:
    return (k for k, v in node.args.items() if v is not None and v is not False and v != [])


def _foreign(sql: str, name: str) -> QueryFailed:
    name = _SPELLED.get(name, name)
    found = re.search(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", sql)
    return unexpected(sql, found.start() if found else 0, found.group() if found else name)


def _identifier(node: Any) -> str:
    """A reserved word must be quoted as a name, except where sqlglot made a column of it."""
    word = str(node.this).lower()
    if node.args.get("quoted") or word not in RESERVED:
        return ""
    return "" if word in _VARIABLES and isinstance(node.parent, exp.Column) else word


def _is_grouping(node: Any) -> bool:
    return isinstance(node.parent, (exp.Group, exp.GroupingSets))


def _variable(node: Any) -> str:
    name = node.name.lower()
    if name in _VARIABLES and not node.table and not node.this.args.get("quoted"):
        raise NotSupported(name.upper())
    return ""


def _join(node: Any) -> str:
    if node.method not in ("", "NATURAL"):
        return str(node.method)
    if node.kind not in ("", "INNER", "CROSS", "OUTER") or node.side not in (
        "", "LEFT", "RIGHT", "FULL",
    ):  # fmt: skip
        return str(node.kind)
    return ""


def _row_count(node: Any) -> str:
    count = node.args.get("expression") or node.args.get("count")
    if isinstance(node, exp.Fetch) and count is None:
        return ""
    if isinstance(count, exp.Literal) and not count.is_string and str(count.this).isdigit():
        return ""
    return "" if isinstance(count, exp.Placeholder) else str(node.key)


_AROUND_STAR = (exp.Select, exp.Column, exp.Dot, exp.Aliases, exp.Anonymous)
_ZONES = (exp.Literal, exp.Interval, exp.Placeholder)
_PROBLEMS: dict[type, Any] = {
    exp.AtTimeZone: lambda n: "" if isinstance(n.args["zone"], _ZONES) else "zone",
    exp.Identifier: _identifier,
    exp.Column: _variable,
    exp.Join: _join,
    exp.Limit: _row_count,
    exp.Offset: _row_count,
    exp.Fetch: _row_count,
    exp.TableSample: lambda n: "" if n.args.get("method") else "sample",
    exp.Is: lambda n: "" if isinstance(n.expression, exp.Null) else "is",
    exp.Alias: lambda n: "" if isinstance(n.parent, exp.Select) else "as",
    exp.Star: lambda n: "" if isinstance(n.parent, _AROUND_STAR) else "*",
    exp.Interval: lambda n: "" if n.args.get("unit") is not None else "interval",
    exp.CTE: lambda n: "" if isinstance(n.this, (exp.Query, exp.Values)) else "with",
    exp.Tuple: lambda n: "" if n.expressions or _is_grouping(n) else "(",
    exp.Distinct: lambda n: "on" if n.args.get("on") else "",
    exp.Array: lambda n: "select" if any(isinstance(e, exp.Query) for e in n.expressions) else "",
    exp.Struct: lambda n: (
        "as" if any(isinstance(e, (exp.Alias, exp.PropertyEQ)) for e in n.expressions) else ""
    ),
    exp.Like: lambda n: "any" if isinstance(n.expression, (exp.Any, exp.All)) else "",
    exp.Group: lambda n: "" if n.args.get("all") is None else "distinct",
    exp.IgnoreNulls: lambda n: "" if isinstance(n.parent, exp.Window) else "ignore",
    exp.RespectNulls: lambda n: "" if isinstance(n.parent, exp.Window) else "respect",
    exp.ColumnDef: lambda n: "" if set(_given(n)) <= {"this", "kind"} else "constraint",
}

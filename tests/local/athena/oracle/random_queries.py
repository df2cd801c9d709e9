"""Random queries over the tables: joins, predicates, aggregates, windows, subqueries and set operations.

What Trino leaves open (an order of equals, the rows of a LIMIT) is not in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

T = TypeVar("T")
Columns = dict[str, str]  # types by name, in the notation of the generator

_TABLES: dict[str, tuple[str, Columns]] = {
    "people": (
        "id",
        {
            "id": "bigint",
            "name": "varchar",
            "nation": "bigint",
            "balance": "decimal",
            "rating": "double",
            "segment": "varchar",
            "since": "date",
            "active": "boolean",
            "level": "integer",
        },
    ),
    "visits": (
        "id",
        {
            "id": "bigint",
            "person": "bigint",
            "seen": "timestamp",
            "amount": "decimal",
            "weight": "real",
            "channel": "integer",
            "words": "words",
            "marks": "marks",
            "place": "place",
        },
    ),
    "notes": ("id", {"id": "integer", "note": "varchar", "stars": "smallint", "author": "varchar"}),
    "nation": ("nationkey", {"nationkey": "bigint", "name": "varchar", "regionkey": "bigint"}),
    "region": ("regionkey", {"regionkey": "bigint", "name": "varchar"}),
}
_LITERALS: dict[str, list[str]] = {
    "bigint": ["bigint '3'", "bigint '12'", "cast(null as bigint)"],
    "integer": ["0", "1", "2", "7", "-3", "100"],
    "smallint": ["smallint '1'", "smallint '2'"],
    "decimal": ["0.5", "12.25", "1000.00", "-3.1", "decimal '7'"],
    "double": ["1e0", "-2.5e0", "1e3", "cast(null as double)"],
    "real": ["real '1.5'", "real '2'"],
    "varchar": ["''", "'a'", "'FURNITURE'", "'AFRICA'", "'slyly'", "cast(null as varchar)"],
    "date": ["date '2020-02-10'", "date '2020-02-29'", "date '1999-12-31'"],
    "timestamp": ["timestamp '2020-02-10 12:00:00.000'", "timestamp '2020-03-01 00:00:00.000'"],
    "boolean": ["true", "false", "cast(null as boolean)"],
    "words": ["array['a', 'slyly']", "cast(array[] as array(varchar))"],
}
_NUMBERS = ("bigint", "integer", "smallint", "decimal", "double", "real")
_PLAIN = (*_NUMBERS, "varchar", "date", "timestamp", "boolean")
# Expressions of a type: {type} stands for an operand of that type, {number} for any number.
_FORMS: dict[str, list[str]] = {
    "bigint": [
         "(select max(s.id) from people s where s.nation = {bigint} and s.level > 0)", "coalesce(try_cast({varchar} as bigint), 0)", "date_diff('month', {date}, {date})", "array_position({words}, {varchar})", "levenshtein_distance({varchar}, 'slyly')", "reduce({words}, 0, (s, x) -> s + length(x), s -> s)", "cardinality(filter({words}, x -> x like '%s'))", "json_array_length(cast({words} as json))", "cast({boolean} as bigint)", "day({date})", "element_at(map_values({marks}), 1)",
        "({bigint} + {integer})", "({bigint} - {bigint})", "({bigint} * {integer})", "({bigint} % 7)",
        "({bigint} / nullif({integer}, 0))", "abs({bigint})", "length({varchar})", "cardinality({words})",
        "year({date})", "month({timestamp})", "day_of_week({date})", "hour({timestamp})",
        "date_diff('day', {date}, {date})", "date_diff('hour', {timestamp}, {timestamp})",
        "strpos({varchar}, 'e')", "bitwise_and({bigint}, {integer})", "cast({decimal} as bigint)",
        "element_at({marks}, 'a')", "sign({bigint})", "greatest({bigint}, {integer})",
        "cast(round({double}) as bigint)", "week({date})", "-({bigint})", "reduce({words}, bigint '0', (s, x) -> s + length(x), s -> s)",
    ],
    "integer": [
        "try({integer} / {integer})", "if({boolean}, {integer}, {smallint})", "greatest({integer}, {smallint})",
        "({integer} + {smallint})", "({integer} - 1)", "({integer} / nullif({integer}, 0))", "({integer} % 3)",
        "abs({integer})", "cast({boolean} as integer)", "mod({integer}, 5)", "sign({integer})", "-({integer})",
    ],
    "smallint": ["abs({smallint})", "cast({boolean} as smallint)"],
    "decimal": [
        "cast({bigint} as decimal(12,3))", "round({decimal}, -1)", "coalesce({decimal}, {integer})", "({decimal} + 0.125)", "least({decimal}, {decimal})",
        "({decimal} + {decimal})", "({decimal} - {integer})", "({decimal} * 2)", "round({decimal}, 1)",
        "abs({decimal})", "cast({integer} as decimal(10,2))", "({decimal} / nullif({integer}, 0))",
        "ceil({decimal})", "floor({decimal})", "truncate({decimal})", "({decimal} % 10)", "-({decimal})",
        "greatest({decimal}, {integer})",
    ],
    "double": [
        "to_unixtime({timestamp})", "power({integer}, 2)", "coalesce({double}, {decimal})", "truncate({double})", "greatest({double}, {integer})", "cbrt({double})",
        "({double} + {number})", "({double} * {real})", "({double} - {decimal})", "cast({number} as double)",
        "round({double}, 2)", "sqrt(abs({double}))", "({double} / nullif({integer}, 0))", "floor({double})",
        "{place}.price", "abs({double})",
    ],
    "real": ["({real} + {integer})", "({real} * real '2')", "cast({integer} as real)", "abs({real})"],
    "varchar": [
        "concat_ws('-', {varchar}, {varchar}, 'x')", "format('%s:%d', {varchar}, {bigint})", "reduce({words}, '', (s, x) -> s || x, s -> s)", "element_at(split({varchar}, ' '), 2)", "json_extract_scalar(json_format(cast({words} as json)), '$[0]')", "array_max({words})", "case {varchar} when 'AFRICA' then {varchar} else 'z' end", "cast({varchar} as varchar(3))", "to_iso8601({date})", "substr({varchar}, -3)", "rpad({varchar}, 5, 'ab')", "regexp_replace({varchar}, '[aeiou]', '<$0>')", "translate({varchar}, 'aeiou', 'AEIOU')", "lower(to_hex(to_utf8({varchar})))", "array_join(transform({words}, x -> substr(x, 1, 1)), '')", "cast({double} as varchar)", "(select min(s.name) from region s where s.regionkey <> {bigint})",
        "upper({varchar})", "substr({varchar}, 2, 3)", "({varchar} || {varchar})", "concat({varchar}, '-')",
        "cast({bigint} as varchar)", "cast({decimal} as varchar)", "cast({date} as varchar)",
        "cast({boolean} as varchar)", "replace({varchar}, 'e', 'E')", "reverse({varchar})", "trim({varchar})",
        "date_format({timestamp}, '%Y-%m-%d %H')", "split_part({varchar}, ' ', 1)", "array_join({words}, '/')",
        "element_at({words}, 1)", "{place}.status", "regexp_extract({varchar}, '[aeiou]+')",
        "lpad({varchar}, 6, '*')", "format_datetime({timestamp}, 'yyyy/MM')", "cast({timestamp} as varchar)",
    ],
    "date": [
        "date_add('month', {integer}, {date})", "date_trunc('week', {date})", "coalesce({date}, date '2020-02-29')", "cast(date_trunc('day', {timestamp}) as date)",
        "({date} + interval '3' day)", "date_trunc('month', {date})", "date_add('week', {integer}, {date})",
        "cast({timestamp} as date)", "last_day_of_month({date})", "({date} - interval '1' month)",
        "least({date}, {date})",
    ],
    "timestamp": [
        "date_trunc('month', {timestamp})", "date_add('day', {integer}, {timestamp})", "({timestamp} - interval '1' month)", "coalesce({timestamp}, cast({date} as timestamp(3)))",
        "({timestamp} + interval '2' hour)", "date_trunc('hour', {timestamp})", "cast({date} as timestamp(3))",
        "date_add('minute', {integer}, {timestamp})", "greatest({timestamp}, {timestamp})",
    ],
    "boolean": [
        "(({bigint}, {varchar}) = ({bigint}, {varchar}))", "(({bigint}, {integer}) in ((1, 2), (3, 4)))", "({varchar} like 'S#%%' escape '#')", "({varchar} between {varchar} and {varchar})", "all_match({words}, x -> x > 'c')", "arrays_overlap({words}, {words})", "({date} in (date '2020-02-10', {date}))", "({timestamp} between {timestamp} and {timestamp})", "({boolean} is distinct from {boolean})",  "({decimal} {cmp} {double})", "({boolean} = {boolean})", "coalesce({boolean}, false)",
        "({number} {cmp} {number})", "({varchar} {cmp} {varchar})", "({date} {cmp} {date})",
        "({timestamp} {cmp} {date})", "({varchar} like '%e%')", "({varchar} not like '_a%')",
        "({boolean} and {boolean})", "({boolean} or {boolean})", "not {boolean}", "({any} is null)",
        "({any} is not null)", "({number} between {number} and {number})", "({bigint} in (1, 2, {integer}))",
        "({integer} not in (1, {integer}))", "({varchar} in ('AFRICA', {varchar}))",
        "({bigint} is distinct from {integer})", "({varchar} is not distinct from {varchar})",
        "contains({words}, {varchar})", "any_match({words}, x -> length(x) > 5)", "regexp_like({varchar}, 'o.*s')",
        "starts_with({varchar}, 'A')", "({words} = {words})", "({date} between {date} and {date})",
    ],
    "words": [
        "zip_with({words}, {words}, (x, y) -> coalesce(x, y))", "array_union({words}, {words})", "array_except({words}, array['slyly'])", "transform(sequence(1, 3), x -> cast(x + {integer} as varchar))", "array_remove({words}, {varchar})", "flatten(array[{words}, {words}])", "regexp_extract_all({varchar}, '[a-z]+')", "if({boolean}, {words}, array['q'])",
        "transform({words}, x -> upper(x))", "filter({words}, x -> x > 'm')", "({words} || {words})",
        "array_distinct({words})", "reverse({words})", "slice({words}, 1, 2)", "split({varchar}, ' ')",
        "map_keys({marks})", "array[{varchar}, {varchar}]", "array_sort({words})",
    ],
    "marks": ["map_filter({marks}, (k, v) -> v > 0)", "transform_values({marks}, (k, v) -> v + 1)"],
}  # fmt: skip
_AGGREGATES: dict[str, list[str]] = {
    "bigint": [
        "count(*)", "count({any})", "count(distinct {any})", "sum({bigint})", "sum({integer})", "max({bigint})",
        "min({bigint})", "count_if({boolean})", "sum(distinct {integer})", "max_by({bigint}, {key})",
        "approx_distinct({level})", "cardinality(array_agg({any}))",
    ],
    "integer": ["max({integer})", "min({integer})"],
    "decimal": ["sum({decimal})", "avg({decimal})", "max({decimal})", "min({decimal})"],
    "double": [
        "avg({bigint})", "avg({double})", "sum({double})", "max({double})", "stddev({double})", "avg({integer})",
        "var_pop({bigint})",
    ],
    "varchar": [
        "max({varchar})", "min({varchar})", "min_by({varchar}, {key})", "listagg({varchar}, ',') within group (order by {key})",
        "array_join(array_agg({varchar} order by {key}), ',')",
    ],
    "date": ["max({date})", "min({date})"],
    "timestamp": ["max({timestamp})", "min({timestamp})"],
    "boolean": ["bool_and({boolean})", "bool_or({boolean})", "every({boolean})", "max({boolean})"],
    "words": ["array_agg({varchar} order by {key})", "array_agg(distinct {varchar} order by {same})"],
}  # fmt: skip
_RANKS = ["rank()", "dense_rank()", "count(*)", "percent_rank()", "cume_dist()"]
_PLACED = [
    "row_number()", "ntile(3)", "lag({any})", "lead({any}, 2)", "first_value({any})", "last_value({any})",
    "nth_value({any}, 2)", "lag({any}) ignore nulls", "first_value({any}) ignore nulls",
]  # fmt: skip
_ROWS = [
    "", " rows between 2 preceding and current row", " rows between 1 preceding and 1 following",
    " rows between unbounded preceding and unbounded following", " rows between current row and 2 following",
    " rows 1 preceding", " rows between 3 preceding and 1 preceding",
]  # fmt: skip
_RANGES = [
    "",
    " range between 2 preceding and 1 following",
    " groups between 1 preceding and current row",
]
_COMPARED = ("=", "<>", "<", "<=", ">", ">=")


@dataclass
class _Scope:
    """What expressions may name: columns by type, and the key that makes each row one."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    is_keyed: bool = True

    def add(self, alias: str, columns: Columns, key: str | None) -> None:
        for name, kind in columns.items():
            self.columns.setdefault(kind, []).append(f"{alias}.{name}")
        if key is None:
            self.is_keyed = False
        else:
            self.keys.append(f"{alias}.{key}")


class Maker:
    """Queries from a seed; `queries` never ends."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._named: dict[str, Columns] = {}
        self._aliases = 0

    def queries(self) -> Iterator[str]:
        while True:
            self._aliases = 0
            yield self.query()

    def query(self) -> str:
        """One whole query, ordered by all columns where these have an exact order."""
        self._named.clear()
        clause = ""
        if self._chance(0.2):
            made, columns = self._query(1)
            self._named["q"] = {n: k for n, k in columns.items() if k != "window"}
            clause = f"with q as ({made}) "
        made, columns = self._query(2)
        made = clause + made
        if self._chance(0.6) and all(kind in _PLAIN for kind in columns.values()):
            exact = [
                str(at + 1) for at, k in enumerate(columns.values()) if k not in ("double", "real")
            ]
            if len(exact) == len(columns):
                ways = [
                    f"{at}{self._pick(['', ' desc', ' nulls first', ' desc nulls last'])}"
                    for at in exact
                ]
                made += (
                    f" order by {', '.join(ways)}{self._pick(['', '', ' limit 7', ' offset 2'])}"
                )
        return made

    def _query(self, depth: int) -> tuple[str, Columns]:
        shapes: list[Callable[[int], tuple[str, Columns]]] = [
            self._plain,
            self._grouped,
            self._windowed,
        ]
        if depth > 1 and self._chance(0.12):
            return self._united(depth)
        return self._pick(shapes)(depth)

    def _united(self, depth: int) -> tuple[str, Columns]:
        kinds = [self._pick(_PLAIN) for _ in range(self._random.randint(1, 3))]
        parts = []
        for _ in range(2):
            source, scope = self._from(depth - 1)
            listed = ", ".join(
                f"{self._expression(k, scope, 1)} as c{at}" for at, k in enumerate(kinds)
            )
            parts.append(f"select {listed} from {source}")
        between = self._pick(
            [" union ", " union all ", " intersect ", " except ", " except all ", " intersect all "]
        )
        return between.join(parts), {f"c{at}": k for at, k in enumerate(kinds)}

    def _plain(self, depth: int) -> tuple[str, Columns]:
        source, scope = self._from(depth)
        kinds = [self._kind(scope) for _ in range(self._random.randint(1, 4))]
        listed = ", ".join(
            f"{self._expression(k, scope, 2)} as c{at}" for at, k in enumerate(kinds)
        )
        distinct = "distinct " if self._chance(0.15) else ""
        made = f"select {distinct}{listed} from {source}{self._where(scope, depth)}"
        return made, {f"c{at}": k for at, k in enumerate(kinds)}

    def _grouped(self, depth: int) -> tuple[str, Columns]:
        source, scope = self._from(depth)
        keys = [self._kind(scope) for _ in range(self._random.randint(0, 2))]
        columns, listed = {}, []
        for at, kind in enumerate(keys):
            columns[f"k{at}"] = kind
            listed.append(f"{self._expression(kind, scope, 1)} as k{at}")
        for at in range(self._random.randint(1, 3)):
            kind, made = self._aggregate(scope)
            columns[f"a{at}"] = kind
            listed.append(f"{made} as a{at}")
        if self._chance(0.2):
            columns["w"] = "window"
            listed.append(
                self._pick(
                    [
                        "rank() over (order by count(*) desc)",
                        "sum(count(*)) over ()",
                        f"max({self._aggregate(scope, 'bigint')[1]}) over (order by count(*))",
                        f"avg({self._aggregate(scope, 'decimal')[1]}) over ()",
                    ]
                )
                + " as w"
            )
        grouping = ""
        if keys and self._chance(0.3):
            plain = [self._column(kind, scope) or "1" for kind in keys]
            if "1" not in plain:
                listed[: len(keys)] = [f"{name} as k{at}" for at, name in enumerate(plain)]
                inside = ", ".join(plain)
                grouping = " group by " + self._pick([f"rollup ({inside})", f"cube ({inside})"])
        if keys and not grouping:
            grouping = " group by " + ", ".join(str(at + 1) for at in range(len(keys)))
        having = (
            f" having {self._aggregate(scope, 'bigint')[1]} > {self._random.randint(0, 3)}"
            if self._chance(0.25)
            else ""
        )
        return (
            f"select {', '.join(listed)} from {source}{self._where(scope, depth)}{grouping}{having}",
            columns,
        )

    def _aggregate(self, scope: _Scope, kind: str = "") -> tuple[str, str]:
        kind = kind or self._pick(list(_AGGREGATES))
        form = self._pick(_AGGREGATES[kind])
        while "{key}" in form and (not scope.is_keyed or ("_by" in form and len(scope.keys) > 1)):
            form = self._pick(_AGGREGATES[kind if kind != "words" else "bigint"])
            kind = kind if kind != "words" else "bigint"
        made = self._filled(form, scope, 1)
        if (
            self._chance(0.2)
            and "listagg" not in made
            and "array_join" not in made
            and "cardinality" not in made
        ):
            made += f" filter (where {self._expression('boolean', scope, 1)})"
        return kind, made

    def _windowed(self, depth: int) -> tuple[str, Columns]:
        source, scope = self._from(depth)
        columns, listed = {}, []
        for at in range(self._random.randint(1, 2)):
            columns[f"c{at}"] = kind = self._kind(scope)
            listed.append(f"{self._expression(kind, scope, 1)} as c{at}")
        for at in range(self._random.randint(1, 2)):
            columns[f"w{at}"] = "window"
            listed.append(f"{self._window(scope)} as w{at}")
        return f"select {', '.join(listed)} from {source}{self._where(scope, depth)}", columns

    def _window(self, scope: _Scope) -> str:
        parts = (
            f"partition by {self._expression(self._kind(scope), scope, 1)} "
            if self._chance(0.6)
            else ""
        )
        way = self._pick(["", " desc", " nulls first", " desc nulls last"])
        if scope.is_keyed and self._chance(0.6):
            kind = self._pick(list(_AGGREGATES))
            plain = [
                f
                for f in _AGGREGATES[kind]
                if not set("({").isdisjoint(f)
                and "distinct" not in f
                and "order by" not in f
                and "_by" not in f
            ]
            function = self._pick(
                [*_PLACED, *[f for f in plain if "cardinality" not in f and "approx" not in f]]
            )
            order = ", ".join(f"{k}{way}" for k in scope.keys)
            frame = (
                self._pick(_ROWS)
                if "(" in function
                and not function.startswith(("row_number", "ntile", "lag", "lead"))
                else ""
            )
            return f"{self._filled(function, scope, 1)} over ({parts}order by {order}{frame})"
        frame = self._pick(_RANGES)
        function = self._pick(
            [
                *_RANKS,
                "sum({bigint})",
                "max({any})",
                "min({varchar})",
                "avg({decimal})",
                "count({any})",
            ]
        )
        if function in _RANKS and function != "count(*)":
            frame = ""
        kind = (
            self._pick(("bigint", "integer", "decimal")) if "range" in frame else self._kind(scope)
        )
        return f"{self._filled(function, scope, 1)} over ({parts}order by {self._expression(kind, scope, 1)}{way}{frame})"

    def _from(self, depth: int) -> tuple[str, _Scope]:
        scope = _Scope()
        made = self._relation(scope, depth, [*_TABLES])
        for _ in range(self._pick([0, 0, 1, 1, 2])):
            before = _Scope({k: list(v) for k, v in scope.columns.items()}, list(scope.keys))
            way = self._pick(
                [" join ", " left join ", " right join ", " full join ", " cross join ", ", "]
            )
            small = ["region"] if way in (" cross join ", ", ") else [*_TABLES]
            after = _Scope()
            right = self._relation(after, 1, small)
            for kind, names in after.columns.items():
                scope.columns.setdefault(kind, []).extend(names)
            scope.keys += after.keys
            scope.is_keyed &= after.is_keyed
            if "cross" in way:
                made += f"{way}{right}"
            elif way == ", ":
                made = f"{made} cross join {right}"
            else:
                made += f"{way}{right} on {self._joined(before, after)}"
        if "words" in scope.columns and self._chance(0.12):
            alias = self._alias()
            made += f" cross join unnest({self._pick(scope.columns['words'])}) with ordinality as {alias}(w, o)"
            scope.add(alias, {"w": "varchar", "o": "bigint"}, "o")
        return made, scope

    def _joined(self, before: _Scope, after: _Scope) -> str:
        kind = self._pick(["bigint", "bigint", "varchar", "integer"])
        left = self._column(kind, before) or self._pick(before.columns.get("bigint", ["1"]))
        right = (
            self._column(kind, after)
            or self._column("bigint", after)
            or self._column("integer", after)
            or "1"
        )
        if kind == "varchar" and not (self._column(kind, before) and self._column(kind, after)):
            left, right = "1", "1"
            kind = "bigint"
        both = _Scope(
            {
                k: before.columns.get(k, []) + after.columns.get(k, [])
                for k in {*before.columns, *after.columns}
            }
        )
        extra = f" and {self._expression('boolean', both, 1)}" if self._chance(0.3) else ""
        return (
            f"{left} {self._pick(['=', '=', '=', '=', '<']) if not extra else '='} {right}{extra}"
        )

    def _relation(self, scope: _Scope, depth: int, tables: list[str]) -> str:
        alias = self._alias()
        if depth > 1 and self._chance(0.2):
            made, columns = self._query(depth - 1)
            scope.add(alias, {n: k for n, k in columns.items() if k != "window"}, None)
            if scope.columns:
                return f"({made}) {alias}"
            scope.is_keyed = True
        if self._named.get("q") and self._chance(0.4):
            scope.add(alias, self._named["q"], None)
            return f"q {alias}"
        name = self._pick(tables)
        scope.add(alias, _TABLES[name][1], _TABLES[name][0])
        return f"{name} {alias}"

    def _where(self, scope: _Scope, depth: int) -> str:
        if self._chance(0.4):
            return ""
        if depth > 1 and self._chance(0.3):
            return f" where {self._subquery(scope)}"
        return f" where {self._expression('boolean', scope, 2)}"

    def _subquery(self, scope: _Scope) -> str:
        alias, name = self._alias(), self._pick(list(_TABLES))
        inner = _Scope()
        inner.add(alias, _TABLES[name][1], _TABLES[name][0])
        left, right = self._expression("bigint", scope, 0), self._expression("bigint", inner, 0)
        extra = self._expression("boolean", inner, 1)
        return self._pick(
            [
                f"{left} {self._pick(['in', 'not in'])} (select {right} from {name} {alias} where {extra})",
                f"{self._pick(['exists', 'not exists'])} (select 1 from {name} {alias} where {right} = {left} and {extra})",
                f"{left} {self._pick(_COMPARED)} (select max({right}) from {name} {alias} where {extra})",
                f"{left} >= (select count(*) from {name} {alias} where {right} = {left} and {extra})",
                f"{left} {self._pick(['> all', '< any', '= any'])} (select {right} from {name} {alias} where {extra})",
            ]
        )

    def _expression(self, kind: str, scope: _Scope, depth: int) -> str:
        column = self._column(kind, scope)
        if column and (depth == 0 or self._chance(0.45)):
            return column
        if depth > 0 and kind in _FORMS and self._chance(0.75):
            return self._form(kind, scope, depth)
        if kind in ("marks", "place"):
            return column or f"cast(null as {_NESTED[kind]})"
        if depth > 0 and self._chance(0.3):
            some = [self._expression(kind, scope, depth - 1) for _ in range(2)]
            test = self._expression("boolean", scope, depth - 1)
            return self._pick(
                [
                    f"coalesce({some[0]}, {some[1]})",
                    f"case when {test} then {some[0]} else {some[1]} end",
                    f"if({test}, {some[0]})",
                    f"nullif({some[0]}, {some[1]})" if kind != "words" else some[0],
                ]
            )
        return column or self._pick(_LITERALS[kind])

    def _form(self, kind: str, scope: _Scope, depth: int) -> str:
        form = self._pick(_FORMS[kind])
        while "{place}" in form and not scope.columns.get("place"):
            form = self._pick(_FORMS[kind])
        return self._filled(form, scope, depth - 1)

    def _filled(self, form: str, scope: _Scope, depth: int) -> str:
        made, last = "", ""
        while "{" in form:
            before, _, rest = form.partition("{")
            kind, _, form = rest.partition("}")
            if kind == "cmp":
                last = self._pick(_COMPARED)
            elif kind == "key":
                last = ", ".join(scope.keys) if "order by" in before else scope.keys[0]
            elif kind == "place":
                last = self._pick(scope.columns["place"])
            elif kind == "level":
                last = self._expression("integer", scope, 0)
            elif kind != "same":
                numbers = [k for k in _NUMBERS if k in scope.columns] or _NUMBERS
                wanted = {"number": self._pick(numbers), "any": self._kind(scope)}.get(kind, kind)
                last = self._expression(wanted, scope, depth)
            made += before + last
        return made + form

    def _kind(self, scope: _Scope) -> str:
        """Mostly a type of which there are columns."""
        known = [k for k in scope.columns if k in _PLAIN]
        return self._pick(known if known and self._chance(0.85) else _PLAIN)

    def _column(self, kind: str, scope: _Scope) -> str | None:
        found = scope.columns.get(kind)
        return self._pick(found) if found else None

    def _alias(self) -> str:
        self._aliases += 1
        return f"t{self._aliases}"

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _pick(self, some: Sequence[T]) -> T:
        return self._random.choice(some)


_NESTED = {"marks": "map(varchar, bigint)", "place": "row(status varchar, price double)"}

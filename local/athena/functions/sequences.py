"""sequence: whole numbers, dates and timestamps from one to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.athena.errors import NotSupported
from local.athena.functions.arrays import ALL, unexpected
from local.athena.functions.rewrites import arity
from local.athena.sql import intervals
from local.athena.sql.nodes import call, cast, fresh, lambda_of, variable
from local.athena.sql.types import Type


def _timestamps(args: list[Any], types: list[Type]) -> Any:
    """From one timestamp to another by an interval."""
    if not any(t.has_microseconds for t in types):
        return call("t_sequence_timestamps", *args)
    ends = [cast(a, "TIMESTAMP") for a in args[:2]]
    name = fresh("e")
    fine = lambda_of(call("t_timestamp_6", variable(name)), name)
    return call("list_transform", call("t_sequence_timestamps", *ends, args[2]), fine)


def sequence(node: Any, types: list[Type]) -> Any:
    args, start = arity(node, "sequence", 2, 3), types[0]
    if any(t.is_integer != start.is_integer for t in types):
        raise unexpected("sequence", types)
    if start.is_integer:
        step = args[2] if len(args) == 3 else call("t_step", args[0].copy(), args[1].copy())
        return call("t_sequence_integers", *[cast(a, "BIGINT") for a in (args[0], args[1], step)])
    if {"date", "timestamp"} == {t.name for t in types[:2]}:
        raise NotSupported("sequence from a date to a timestamp: cast one of them")
    if len(args) == 3:
        args[2] = intervals.native(args[2], types[2])
    if start.name == "date":
        day = call("to_days", call("t_step", args[0].copy(), args[1].copy()))
        return call("t_sequence_dates", args[0], args[1], args[2] if len(args) == 3 else day)
    if start.name == "timestamp" and len(args) == 3:
        return _timestamps(args, types)
    raise unexpected("sequence", types)


TYPED_CALLS: dict[str, tuple[str, Callable[[Any, list[Type]], Any], int]] = {
    "sequence": ("generate_series", sequence, ALL),
}

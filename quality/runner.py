"""Runs suites through Great Expectations and returns plain verdicts.

What a broken promise stops is the pipeline's to decide.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from quality.errors import SuiteError
from quality.suite import Expect, Query, Suite

NAMED_ROWS = 3
NO_ROWS = "the query answered no rows"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one expectation. `observed` is what was found, for people."""

    suite: str
    asset: str
    promise: str
    passed: bool
    observed: str


def run(suites: Iterable[Suite], query: Query) -> list[Verdict]:
    """Query and check every suite; verdicts in the order of the suites and their expectations.

    Raises SuiteError for an expectation that Great Expectations does not know or refuses, and
    whatever `query` raises.
    """
    library = load()
    context = library.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return [verdict for suite in suites for verdict in _verdicts(library, context, suite, query)]


def load() -> Any:
    """Import Great Expectations, which takes seconds; `run` does it when nobody has."""
    # It reports usage over the network unless told otherwise before its import.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations
    import great_expectations.expectations

    return great_expectations


def _verdicts(library: Any, context: Any, suite: Suite, query: Query) -> Iterator[Verdict]:
    expectations = [_expectation(library, suite, expect) for expect in suite.expectations]
    frame = query(suite.sql).reset_index(drop=True)
    batch = _batch(context, suite.name, frame)
    for expect, expectation in zip(suite.expectations, expectations, strict=True):
        if frame.empty:
            passed, observed = False, NO_ROWS
        else:
            # One by one: together, Great Expectations answers in an order of its own.
            result = batch.validate(expectation, result_format={"result_format": "COMPLETE"})
            passed, observed = _judge(result, expect, frame)
        yield Verdict(suite.name, suite.asset, expect.promise, passed, observed)


def _batch(context: Any, name: str, frame: pd.DataFrame) -> Any:
    asset = context.data_sources.add_or_update_pandas(name).add_dataframe_asset(name)
    whole = asset.add_batch_definition_whole_dataframe("all")
    return whole.get_batch({"dataframe": frame})


def _expectation(library: Any, suite: Suite, expect: Expect) -> Any:
    name = "".join(word.capitalize() for word in expect.type.split("_"))
    built = getattr(library.expectations, name, None)
    if built is None:
        raise SuiteError(f"suite {suite.name}: Great Expectations knows no {expect.type}")
    try:
        return built(**expect.arguments)
    except (TypeError, ValueError) as error:
        raise SuiteError(
            f"suite {suite.name}: {expect.type} refuses its arguments: {error}"
        ) from error


def _judge(result: Any, expect: Expect, frame: pd.DataFrame) -> tuple[bool, str]:
    """Whether the promise holds, and what was found."""
    if problem := _problem(result.exception_info or {}):
        return False, problem
    found = result.result
    if "observed_value" in found:
        return bool(result.success), str(found["observed_value"])
    column = expect.arguments["column"]
    # Great Expectations passes over rows without a value; a promise does not.
    broken = frame[frame[column].isna() | frame.index.isin(found.get("unexpected_index_list", []))]
    if broken.empty:
        return bool(result.success), _span(frame[column])
    return False, _named(broken, column)


def _problem(info: dict[str, Any]) -> str:
    """The first exception's message; one is stated directly, several by metric."""
    entries = [info] if "raised_exception" in info else info.values()
    messages = [entry["exception_message"] for entry in entries if entry["raised_exception"]]
    return str(messages[0]) if messages else ""


def _span(column: pd.Series[Any]) -> str:
    low, high = column.min(), column.max()
    return str(low) if low == high else f"{low} to {high}"


def _named(rows: pd.DataFrame, column: str) -> str:
    """The first broken rows: what their other text columns call them, and the broken value."""
    text = [name for name in rows.columns if name != column and rows[name].dtype.kind in "OUT"]
    first = [
        " ".join([*(str(row[name]) for name in text), f"{column} {_shown(row[column])}"])
        for _, row in rows.head(NAMED_ROWS).iterrows()
    ]
    more = len(rows) - len(first)
    return "; ".join(first) + (f"; and {more} more" if more else "")


def _shown(value: Any) -> str:
    return "missing" if pd.isna(value) else str(value)

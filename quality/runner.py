"""Runs suites through Great Expectations and returns plain verdicts; deciding what a failure stops is the pipeline's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from quality.suite import Expect, Query, Suite


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one expectation. `observed` is what was found, for people."""

    suite: str
    asset: str
    promise: str
    passed: bool
    observed: str


def run(suites: Iterable[Suite], query: Query) -> list[Verdict]:
    """Query and check every suite, in order; raises what a query raises."""
    context = _context()
    return [verdict for suite in suites for verdict in _run_one(context, suite, query)]


def _context() -> Any:
    # Great Expectations reports usage over the network unless told otherwise before its import.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def _run_one(context: Any, suite: Suite, query: Query) -> Iterator[Verdict]:
    frame = query(suite.sql)
    asset = context.data_sources.add_or_update_pandas(suite.name).add_dataframe_asset(suite.name)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    result = batch.validate(_gx_suite(suite))
    for expectation, outcome in zip(suite.expectations, result.results, strict=True):
        yield Verdict(
            suite=suite.name,
            asset=suite.asset,
            promise=expectation.promise,
            passed=bool(outcome.success),
            observed=_observed(outcome),
        )


def _gx_suite(suite: Suite) -> Any:
    import great_expectations

    built = great_expectations.ExpectationSuite(suite.name)
    for index, expect in enumerate(suite.expectations):
        built.add_expectation(_expectation(expect, f"{suite.name}-{index}"))
    return built


def _expectation(expect: Expect, unique: str) -> Any:
    import great_expectations.expectations as library

    words = [word.capitalize() for word in expect.type.split("_")]
    # `meta` keeps two otherwise equal expectations apart, which Great Expectations would merge.
    return getattr(library, "".join(words))(**expect.arguments, meta={"id": unique})


def _observed(outcome: Any) -> str:
    if outcome.exception_info and outcome.exception_info.get("raised_exception"):
        return str(outcome.exception_info["exception_message"])
    found = outcome.result
    if "observed_value" in found:
        return str(found["observed_value"])
    if found.get("unexpected_count"):
        return f"{found['unexpected_count']} rows differ, e.g. {found['partial_unexpected_list']}"
    return f"{found.get('element_count', 0)} rows"

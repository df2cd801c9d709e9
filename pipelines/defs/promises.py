"""Great Expectations at the two borders, and the agreement of lake and ledger, as asset checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from ingestion.registry import latest, registry
from pipelines.defs.raw import key
from pipelines.resources import Lake
from quality import marts, raw, runner
from quality.reconciliation import Reconciliation, reconcile_points, reconcile_stock
from quality.suite import Suite

RAW_BORDER = dg.AssetKey(raw.ASSET.split("/"))
NAMED_DIFFERENCES = 20


def defs() -> dg.Definitions:
    return dg.Definitions(
        assets=[_raw_border()],
        asset_checks=[_promises(), lake_agrees_with_ledger, stock_agrees_with_ledger],
    )


@dg.asset_check(asset=dg.AssetKey(["marts", "postings"]))
def lake_agrees_with_ledger(lake: Lake) -> dg.AssetCheckResult:
    """Every account's operational balance equals the sum of its postings in the lake."""
    return _agreement(reconcile_points(lake.ledger(), lake.query))


@dg.asset_check(
    asset=dg.AssetKey(["marts", "stock_per_day"]),
    additional_deps=[dg.AssetKey(["intermediate", "int_stock_movements"])],
)
def stock_agrees_with_ledger(lake: Lake) -> dg.AssetCheckResult:
    """The units on every shelf equal the newest closing stock in the lake."""
    return _agreement(reconcile_stock(lake.ledger(), lake.query))


def _raw_border() -> dg.AssetsDefinition:
    suites = raw.suites(registry())

    @dg.asset(
        key=RAW_BORDER,
        group_name="quality",
        deps=[key(cls.contract) for cls in latest()],
        kinds={"greatexpectations"},
        check_specs=_specs(suites),
    )
    def raw_border(lake: Lake) -> Iterator[Any]:
        """Volume, duplicates and quarantine of everything that arrived."""
        yield dg.MaterializeResult(check_results=_results(suites, lake))

    return raw_border


def _promises() -> dg.AssetChecksDefinition:
    suites = marts.suites()

    @dg.multi_asset_check(specs=_specs(suites))
    def promises(lake: Lake) -> Iterator[dg.AssetCheckResult]:
        """What readers of the marts may rely on."""
        yield from _results(suites, lake)

    return promises


def _specs(suites: Sequence[Suite]) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            name=suite.name,
            asset=_asset(suite),
            description="; ".join(expect.promise for expect in suite.expectations),
        )
        for suite in suites
    ]


def _results(suites: Sequence[Suite], lake: Lake) -> list[dg.AssetCheckResult]:
    verdicts = runner.run(suites, lake.query)
    return [
        dg.AssetCheckResult(
            check_name=suite.name,
            asset_key=_asset(suite),
            passed=all(each.passed for each in verdicts if each.suite == suite.name),
            metadata={each.promise: each.observed for each in verdicts if each.suite == suite.name},
        )
        for suite in suites
    ]


def _asset(suite: Suite) -> dg.AssetKey:
    return dg.AssetKey(suite.asset.split("/"))


def _agreement(found: Reconciliation) -> dg.AssetCheckResult:
    """Fails on a difference; what may still be on its way is counted among the differences."""
    return dg.AssetCheckResult(
        passed=found.agrees,
        metadata={
            "accounts": found.accounts,
            "transactions": found.transactions,
            "differences": len(found.differences),
            "awaited": sum(each.is_awaited for each in found.differences),
            **{
                each.account: f"ledger {each.ledger}, lake {each.lake}; first diverging event "
                f"{each.first_event or 'none'}: {each.reason}"
                for each in found.differences[:NAMED_DIFFERENCES]
            },
        },
    )

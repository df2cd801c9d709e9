"""Great Expectations at the two borders, and the agreement of lake and ledger, as asset checks."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from ingestion.registry import registry
from pipelines.resources import Lake
from quality import marts, raw, runner
from quality.reconciliation import reconcile
from quality.suite import Suite


def _key(suite: Suite) -> dg.AssetKey:
    return dg.AssetKey(suite.asset.split("/"))


def _specs(suites: list[Suite]) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            name=suite.name,
            asset=_key(suite),
            description="; ".join(expect.promise for expect in suite.expectations),
        )
        for suite in suites
    ]


def _results(suites: list[Suite], lake: Lake) -> Iterator[dg.AssetCheckResult]:
    verdicts = runner.run(suites, lake.query)
    for suite in suites:
        of_suite = [verdict for verdict in verdicts if verdict.suite == suite.name]
        yield dg.AssetCheckResult(
            check_name=suite.name,
            asset_key=_key(suite),
            passed=all(verdict.passed for verdict in of_suite),
            metadata={verdict.promise: verdict.observed for verdict in of_suite},
        )


RAW_KEYS = [dg.AssetKey(["raw", cls.contract.table]) for cls in registry().values()]


@dg.asset(
    key=["quality", "raw_border"],
    group_name="quality",
    deps=RAW_KEYS,
    kinds={"greatexpectations"},
    check_specs=[
        dg.AssetCheckSpec(name=suite.name, asset=dg.AssetKey(["quality", "raw_border"]))
        for suite in raw.suites(registry())
    ],
)
def raw_border(lake: Lake) -> dg.MaterializeResult[None]:
    """Volume, duplicates and quarantine of everything that arrived, against what is tolerable."""
    key = dg.AssetKey(["quality", "raw_border"])
    suites = raw.suites(registry())
    verdicts = runner.run(suites, lake.query)
    checks = [
        dg.AssetCheckResult(
            asset_key=key,
            check_name=suite.name,
            passed=all(v.passed for v in verdicts if v.suite == suite.name),
            metadata={v.promise: v.observed for v in verdicts if v.suite == suite.name},
        )
        for suite in suites
    ]
    return dg.MaterializeResult(check_results=checks)


@dg.multi_asset_check(specs=_specs(marts.suites()))
def promises(lake: Lake) -> Iterator[dg.AssetCheckResult]:
    """What readers of the marts may rely on."""
    yield from _results(marts.suites(), lake)


@dg.asset_check(asset=dg.AssetKey(["marts", "postings"]))
def lake_agrees_with_ledger(lake: Lake) -> dg.AssetCheckResult:
    """Every account's operational balance equals the sum of its postings in the lake."""
    found = reconcile(lake.ledger(), lake.query)
    metadata = {
        difference.account: f"ledger {difference.ledger}, lake {difference.lake}, first "
        f"{difference.first_event}: {difference.reason}"
        for difference in found.differences[:20]
    }
    return dg.AssetCheckResult(
        passed=not found.differences,
        metadata={
            "accounts": found.accounts,
            "transactions": found.transactions,
            "differences": len(found.differences),
            **metadata,
        },
    )

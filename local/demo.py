"""The demo: a city lives for some days on a platform of its own, and everything is checked at the end.

Nothing is left running. What a check means is said where it is made; the marts' own rules are dbt's.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from dashboards.query import athena_query
from ingestion.producer import kinesis_producer
from ingestion.registry import latest
from local import job, status
from local.city.books import BOUNDARY, Books
from local.city.errors import CityFailure
from local.city.knobs import Knobs
from local.city.life import Day
from local.city.visit import visit
from local.digest import digests
from local.guard import watch_parent
from local.imports.charities import import_charities
from local.imports.errors import ImportFailure
from local.imports.sample import write_sample_extract
from local.imports.snapshots import DynamoSnapshots
from local.report import Report
from local.stack import Connection, Stack
from local.supervisor import Supervisor, locked_state
from quality.reconciliation import read_ledger

DIGESTS = "digests.json"

Query = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that had to hold, and what was found."""

    promise: str
    holds: bool
    found: str


@dataclass(slots=True)
class Run:
    """What a demo did, for its summary."""

    connection: Connection
    books: Books
    outcome: job.Outcome
    deliveries: dict[str, dict[str, Any]]
    reasons: dict[str, int]
    checks: list[Check] = field(default_factory=list)


def run(
    build: Path, *, seed: int, days: int, charities: Sequence[str], report: Report | None = None
) -> int:
    """Run the demo with state below `build`; returns the exit status: 0 if every check held."""
    report = report or Report()
    signal.signal(signal.SIGTERM, _leave)
    watch_parent()
    try:
        with locked_state(build, "demo") as state, Supervisor(state) as supervisor:
            done = _run(state, supervisor, report, Knobs(seed=seed, days=days), charities)
    except KeyboardInterrupt:
        report.console.print("stopped; nothing is left running")
        return 130
    except (CityFailure, ImportFailure) as error:
        report.console.print(f"[red]{error}[/]")
        return 1
    _summarize(done, report)
    return 0 if all(check.holds for check in done.checks) else 1


def _run(
    state: Path, supervisor: Supervisor, report: Report, knobs: Knobs, charities: Sequence[str]
) -> Run:
    connection = start(Stack(state, supervisor), report)
    lake_to_boards = job.Job(connection, supervisor)
    imported = fill_catalogue(connection, report, charities, knobs)
    with report.stage(f"{knobs.days} days in the city"):
        books = _live(connection, knobs, report)
        books.events["CatalogEntryChanged"] += imported
    with report.stage("delivery to the lake"):
        deliveries = deliver(connection)
        landed = sum(facts["delivered"] for facts in deliveries.values())
        report.say(f"{landed:,} records in {_objects(deliveries)} objects")
    with report.stage("lake to boards"):
        outcome = lake_to_boards.run(report.note)
        report.say(f"{outcome.assets} assets, {outcome.checks} checks")
    with report.stage("reckoning"):
        done = Run(
            connection, books, outcome, deliveries, dict(status.quarantine_reasons(connection))
        )
        done.checks = list(_checks(done))
        if outcome.succeeded:
            text = json.dumps(digests(_query(connection)), indent=1)
            (state / DIGESTS).write_text(text)
        report.say(f"{len(done.checks)} checks")
    return done


def start(stack: Stack, report: Report) -> Connection:
    """Bring the platform up, stage by stage."""
    with report.stage("local AWS"):
        stack.start_aws()
    with report.stage("infrastructure"):
        report.say(f"{stack.deploy()} resources from infra/template.yaml")
    with report.stage("contracts"):
        schemas, tables = stack.publish_contracts()
        report.say(f"{schemas} schemas registered, {tables} raw tables")
    with report.stage("services"):
        return stack.start_services()


def fill_catalogue(
    connection: Connection, report: Report, charities: Sequence[str], knobs: Knobs
) -> int:
    """Import the given extracts, or a made-up one; returns how many events that made."""
    state = Path(connection.state)
    if not charities:
        sample = state / "charities-made-up.csv"
        write_sample_extract(sample, knobs.seed)
        charities = [str(sample)]
    with report.stage("charity catalogue"):
        summary = import_charities(
            charities,
            DynamoSnapshots(connection.client("dynamodb"), connection.settings().catalog_table),
            kinesis_producer(connection.client("kinesis"), connection.settings()),
            now=knobs.start,
            quarantine_dir=state / "quarantine",
            on_progress=lambda done, total: report.note(f"{done:,} of {total:,}"),
        )
        report.say(f"{summary.added:,} charities, {summary.quarantined:,} bad lines")
    return summary.added + summary.changed + summary.removed


def deliver(connection: Connection) -> dict[str, dict[str, Any]]:
    """Wait until every event has left the outbox and landed; returns the delivery counts."""
    drained = httpx.post(f"{connection.gateway_url}/_heyblue/drain", timeout=300)
    drained.raise_for_status()
    flushed = httpx.post(f"{connection.aws_url}/_heyblue/firehose/flush", timeout=300)
    flushed.raise_for_status()
    return status.deliveries(connection)


def _live(connection: Connection, knobs: Knobs, report: Report) -> Books:
    def note(day: Day) -> None:
        report.note(f"day {day.number} of {day.of}, {day.requests:,} requests")

    books = visit(connection, knobs, on_day=note)
    requests = books.accepted + books.refused
    report.say(f"{requests:,} requests, {books.refused:,} refused as they should be")
    return books


def _checks(done: Run) -> Iterator[Check]:
    surprises = "; ".join(done.books.surprises[:3])
    yield Check(
        "every request was answered as the city expected",
        not done.books.surprised,
        surprises or f"{done.books.accepted + done.books.refused:,} answers",
    )
    yield from (_conserved(name, facts) for name, facts in done.deliveries.items())
    yield _only_malformed(done)
    yield _ledger_as_reckoned(done)
    agreement = done.outcome.found.get("lake_agrees_with_ledger", {})
    yield Check(
        "lake and ledger agree to the point",
        agreement.get("differences") == "0",
        f"{agreement.get('accounts', '?')} accounts, {agreement.get('transactions', '?')} "
        "transactions",
    )
    yield Check(
        "the job from lake to boards held all its checks",
        done.outcome.succeeded,
        "; ".join(done.outcome.failures[:3]) or f"{done.outcome.checks} checks",
    )
    # Without the job's tables there is nothing to ask.
    if done.outcome.ended:
        yield _arrived_once(done, _query(done.connection))


def _conserved(name: str, facts: dict[str, Any]) -> Check:
    out = facts["delivered"] + facts["failed"] + facts["dropped"]
    return Check(
        f"{name}: in = delivered + quarantined",
        facts["incoming"] == out and not facts["pending"] and not facts["dropped"],
        f"{facts['incoming']:,} = {facts['delivered']:,} + {facts['failed']:,}",
    )


def _only_malformed(done: Run) -> Check:
    sent, held = done.books.malformed.total(), sum(done.reasons.values())
    return Check(
        "the quarantine holds exactly the broken records", sent == held, f"{held} of {sent}"
    )


def _arrived_once(done: Run, query: Query) -> Check:
    """The distinct events in staging against what the city's accepted requests must have caused."""
    union = " union all ".join(
        f"select '{cls.contract.name}' as event_type, count(*) as events "
        f"from staging.{cls.contract.table}"
        for cls in latest()
    )
    landed = {row.event_type: int(row.events) for row in query(union).itertuples()}
    expected = done.books.events
    wrong = [
        f"{t}: {landed.get(t, 0)} for {n}" for t, n in expected.items() if landed.get(t, 0) != n
    ]
    return Check(
        "every event is in the lake exactly once",
        not wrong,
        "; ".join(wrong) or f"{expected.total():,} events of {len(expected)} types",
    )


def _ledger_as_reckoned(done: Run) -> Check:
    table = done.connection.resource("dynamodb").Table(done.connection.settings().ledger_table)
    balances, _ = read_ledger(table)
    reckoned = {a: n for a, n in done.books.balances.items() if a not in BOUNDARY}
    wrong = [a for a, n in reckoned.items() if balances.get(a, 0) != n]
    return Check(
        "the ledger holds what the city reckoned",
        not wrong,
        f"{len(wrong)} accounts differ" if wrong else f"{len(reckoned)} accounts",
    )


def _query(connection: Connection) -> Query:
    connection.use()
    return athena_query(connection.settings().workgroup, "marts")


def _objects(deliveries: dict[str, dict[str, Any]]) -> int:
    return sum(int(facts["objects"]) for facts in deliveries.values())


def _summarize(done: Run, report: Report) -> None:
    console, books = report.console, done.books
    report.table(
        "Events in the lake",
        ["type", "events"],
        books.events.most_common(),
    )
    report.table(
        "Delivery",
        ["stream", "in", "delivered", "quarantined", "objects"],
        [
            [name, f["incoming"], f["delivered"], f["failed"], f["objects"]]
            for name, f in done.deliveries.items()
        ],
    )
    report.table("Points", ["", "points"], list(_points(books).items()))
    report.table(
        "What was checked",
        ["promise", "found"],
        [
            [f"{'[green]holds[/] ' if c.holds else '[red]BROKEN[/]'} {c.promise}", c.found]
            for c in done.checks
        ],
    )
    state = _shown(Path(done.connection.state))
    users, met = books.events["UserOnboarded"], books.events["EncounterRecorded"]
    console.print(f"{users:,} users, {met:,} encounters")
    console.print(f"Dashboards   {state / 'boards' / 'index.html'}")
    console.print(f"Logs         {state / 'logs'}")
    console.print(f"Digests      {state / DIGESTS} (the same seed gives the same)")
    console.print(f"Took         {sum(report.seconds.values()):.0f} s; nothing is left running\n")
    console.print("Next: `make up` keeps it running; then try")
    console.print("  .venv/bin/heyblue sql 'select * from balances_per_day limit 10'")
    console.print("  .venv/bin/heyblue status")


def _shown(path: Path) -> Path:
    """Relative to where the user stands, where that is possible."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _points(books: Books) -> dict[str, int]:
    merchants = sum(n for account, n in books.balances.items() if account.startswith("merchant:"))
    return {
        "minted in encounters": books.minted,
        "outstanding": books.outstanding,
        "  of these with merchants, not yet settled": merchants,
        "burned at settlement": books.burned,
    }


def _leave(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt

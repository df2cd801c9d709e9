"""`heyblue city`: a city on the command line, against a running platform.

Modules are imported inside the command, so that `--help` answers at once.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from local.city.books import Books
    from local.city.knobs import Knobs
    from local.city.life import Day


@click.command()
@click.option("--seed", default=1, show_default=True, help="The same seed, the same city.")
@click.option("--days", default=30, show_default=True, help="Simulated days; 0 lives on.")
@click.option("--busyness", default=0.75, show_default=True, help="Factor on what people do.")
@click.option("--duplicates", default=0.03, show_default=True, help="Share of requests sent twice.")
@click.option("--late", default=0.06, show_default=True, help="Share of events told late.")
@click.option("--fraud", default=4.0, show_default=True, help="Attempts at fraud a day.")
@click.option("--bad-requests", default=2.0, show_default=True, help="Senseless requests a day.")
@click.option("--malformed", default=1.0, show_default=True, help="Broken records a day.")
@click.option("--pace", default=0.0, help="Simulated seconds a real one; 0 is as fast as it goes.")
@click.option(
    "--gateway-url",
    envvar="HEYBLUE_GATEWAY_URL",
    help="The gateway; default: that of the platform running on this machine.",
)
def city(days: int, pace: float, gateway_url: str | None, **turned: Any) -> None:
    """Let a seeded city live through the running platform's HTTP API."""
    from local.city.errors import CityFailure
    from local.city.gateway import Gateway
    from local.city.knobs import Knobs
    from local.city.life import Pace, differences
    from local.city.visit import visit
    from local.stack import build_folder, connect

    knobs = Knobs(days=days or None, **turned)
    connection = connect(build_folder())
    slowly = Pace(pace, threading.Event()) if pace > 0 else None
    gateway = Gateway(gateway_url or connection.gateway_url)
    try:
        books = visit(connection, knobs, on_day=_echo_day, pace=slowly, gateway_url=gateway_url)
        wrong = differences(books, gateway)
    except CityFailure as error:
        raise click.ClickException(str(error)) from error
    finally:
        gateway.close()
    _echo(knobs, books)
    for line in [*books.surprises, *wrong]:
        click.echo(line, err=True)
    if books.surprised or wrong:
        raise click.ClickException(
            f"{books.surprised} answers were not as expected, {len(wrong)} balances differ"
        )


def _echo_day(day: Day) -> None:
    of = f" of {day.of}" if day.of else ""
    click.echo(
        f"day {day.number}{of}, {day.date}: {day.requests:,} requests, "
        f"{day.accepted:,} accepted, {day.refused:,} refused"
    )


def _echo(knobs: Knobs, books: Books) -> None:
    click.echo(f"{knobs.name}: {books.accepted + books.refused:,} requests")
    for (kind, status), number in sorted(books.requests.items()):
        click.echo(f"  {kind:<12} {status}  {number:>7,}")
    click.echo("events that must be in the lake")
    for event, number in sorted(books.events.items()):
        click.echo(f"  {event:<22} {number:>7,}")
    click.echo(
        f"{sum(books.records.values()):,} records on the streams, "
        f"{sum(books.malformed.values()):,} more for quarantine; points minted {books.minted:,}, "
        f"outstanding {books.outstanding:,}, burned {books.burned:,}"
    )

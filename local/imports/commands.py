"""`heyblue import …`: the imports on the command line, against the platform running on this machine.

Modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from local.imports.columns import Columns, Reading

if TYPE_CHECKING:
    from local.stack import Connection


@click.group("import")
def import_group() -> None:
    """Read real data into the running platform."""


@import_group.command("charities")
@click.argument("files", nargs=-1, required=True)
@click.option("--snapshot", help="Name of the snapshot; default: the month in the file names.")
@click.option("--force", is_flag=True, help="Accept a snapshot that lacks much of what is known.")
def import_charities(files: tuple[str, ...], snapshot: str | None, force: bool) -> None:
    """Bring the charity catalogue up to FILES, EO BMF extracts of the IRS.

    Each is a path or an http(s) address, plain or gzip. All files together are one snapshot: an
    organization of their states that is in none of them is removed. Import snapshots in order.
    """
    from ingestion.producer import kinesis_producer
    from local.imports import charities
    from local.imports.snapshots import DynamoSnapshots
    from local.stack import build_folder, connect

    with _reported(), _progress("charities") as on_progress:
        connection = connect(build_folder())
        summary = charities.import_charities(
            files,
            DynamoSnapshots(connection.client("dynamodb"), connection.settings().catalog_table),
            kinesis_producer(connection.client("kinesis"), connection.settings()),
            now=datetime.now(UTC),
            quarantine_dir=_state(connection) / "quarantine",
            name=snapshot,
            is_forced=force,
            on_progress=on_progress,
        )
    click.echo(
        f"snapshot {summary.snapshot}: {summary.added:,} added, {summary.changed:,} changed, "
        f"{summary.removed:,} removed, {summary.unchanged:,} unchanged"
    )
    if summary.withheld:
        click.echo(f"{summary.withheld:,} removals withheld: a line without an EIN may hold them")
    _echo_quarantine(summary.quarantined, summary.quarantine)


def _column_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for field in reversed(fields(Columns)):
        option = click.option(
            f"--{field.name}-column",
            default=field.default,
            show_default=True,
            help=f"Column that holds the {field.name}.",
        )
        command = option(command)
    return command


@import_group.command("goods-history")
@click.argument("files", nargs=-1, required=True)
@click.option("--merchant-name", default="Online Retail", show_default=True)
@click.option("--merchant-id", "id_", help="Id of an onboarded merchant; default: from its name.")
@click.option(
    "--currency",
    default="GBP",
    show_default=True,
    help="Currency of the prices, ISO 4217. The default is that of UCI's Online Retail.",
)
@click.option("--time-zone", default="UTC", show_default=True, help="Zone of times without one.")
@click.option("--time-format", help="strptime format of the times; default: ISO 8601.")
@click.option("--encoding", default="utf-8", show_default=True, help="Text encoding of CSV files.")
@_column_options
def import_goods_history(
    files: tuple[str, ...],
    merchant_name: str,
    id_: str | None,
    currency: str,
    time_zone: str,
    time_format: str | None,
    encoding: str,
    **columns: str,
) -> None:
    """Read a merchant's past invoice lines, Parquet or CSV, as goods that left the shelf for money.

    Each good gets one estimated receipt at the start of each calendar month, which covers the month.
    An import that was interrupted goes on where it stopped.
    """
    from ingestion.producer import kinesis_producer
    from local.imports import goods_history
    from local.imports.goods_history import Merchant, merchant_id
    from local.stack import build_folder, connect

    _check_zone(time_zone)
    _check_encoding(encoding)
    named = Columns(**{name.removesuffix("_column"): column for name, column in columns.items()})
    with _reported(), _progress("events") as on_progress:
        connection = connect(build_folder())
        summary = goods_history.import_goods_history(
            files,
            Merchant(id_ or merchant_id(merchant_name), merchant_name, currency, time_zone),
            Reading(named, time_zone, time_format, encoding),
            kinesis_producer(connection.client("kinesis"), connection.settings()),
            state=_state(connection),
            now=datetime.now(UTC),
            on_progress=on_progress,
        )
    click.echo(
        f"merchant {summary.merchant_id}: {summary.goods:,} goods, {summary.receipts:,} estimated "
        f"receipts, {summary.issues:,} invoice lines; {summary.events - summary.resumed_at:,} of "
        f"{summary.events:,} events sent now"
    )
    _echo_quarantine(summary.quarantined, summary.quarantine)


def _echo_quarantine(count: int, path: Path | None) -> None:
    where = f" to {path}" if path else ""
    click.echo(f"{count:,} lines quarantined{where}")


def _state(connection: Connection) -> Path:
    return Path(connection.state) / "imports"


@contextmanager
def _reported() -> Iterator[None]:
    """Known failures end the command with their message, not with a trace."""
    from ingestion.errors import IngestionError
    from local.imports.errors import ImportFailure
    from services.errors import ServiceError

    try:
        yield
    except (ImportFailure, IngestionError, ServiceError) as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.BadParameter(
            f"{name!r} is no IANA time zone", param_hint="--time-zone"
        ) from error


def _check_encoding(name: str) -> None:
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise click.BadParameter(f"{name!r} is no encoding", param_hint="--encoding") from error

"""The `heyblue` command. Commands parse words and print; what they do lives in the modules they call.

Modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click


class Group(click.Group):
    """Turns this project's own errors into one line on stderr and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        from dashboards.errors import DashboardError
        from ingestion.errors import IngestionError
        from local.supervisor import SupervisionError

        try:
            return super().invoke(ctx)
        except (IngestionError, SupervisionError, DashboardError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """HeyBlue's event lake on this machine: no account, no container, no network."""


@main.command()
@click.option("--seed", default=1, show_default=True, help="The same seed, the same city.")
@click.option("--days", default=30, show_default=True, help="Simulated days.")
@click.option(
    "--charities",
    multiple=True,
    metavar="FILE",
    help="IRS EO BMF extract (path or URL) to fill the charity catalogue; repeatable.",
)
def demo(seed: int, days: int, charities: tuple[str, ...]) -> None:
    """Run a seeded city through the whole platform and check that lake and ledger agree."""
    from local.demo import run
    from local.stack import build_folder

    sys.exit(run(build_folder(), seed=seed, days=days, charities=charities))


@main.command()
@click.option("--seed", default=1, show_default=True, help="The same seed, the same city.")
def up(seed: int) -> None:
    """Keep the platform running, the city living on in slow motion, until Ctrl-C."""
    from local.stack import build_folder
    from local.up import run

    sys.exit(run(build_folder(), seed=seed))


@main.group()
def contracts() -> None:
    """The event types: generate what follows from them, check it, publish it."""


@contracts.command()
def generate() -> None:
    """Write every generated file: schemas, staging, documentation, infrastructure."""
    from local.generated import write

    changed = write()
    for path in changed:
        click.echo(f"wrote {path}")
    click.echo(f"{len(changed)} files changed")


@contracts.command()
def check() -> None:
    """Fail when a generated file is not what the generators write now."""
    from local.generated import drift

    stale = drift()
    for path in stale:
        click.echo(f"out of date: {path}", err=True)
    if stale:
        raise click.ClickException("run `make generate` and commit what it writes")
    click.echo("generated files are up to date")


@contracts.command("list")
def list_() -> None:
    """List the event types with their stream, version and owner."""
    from ingestion.registry import registry

    for (name, version), cls in registry().items():
        facts = cls.contract
        click.echo(f"{name:<22} {version:>2}  {facts.stream:<13} {facts.owner}")


@contracts.command()
def publish() -> None:
    """Publish schemas and raw tables to Glue, as the environment's AWS settings say."""
    import boto3

    from ingestion import glue, settings
    from ingestion.generate import ROOT, SCHEMAS
    from ingestion.registry import registry

    client, names, known = boto3.client("glue"), settings.load(), registry()
    schemas = glue.publish_schemas(client, known, ROOT / SCHEMAS, names)
    tables = glue.publish_tables(client, known, names)
    click.echo(f"{len(schemas)} schema revisions and {len(tables)} tables were new")


@main.command()
@click.argument("query")
@click.option("--database", default="marts", show_default=True, help="Unqualified names are here.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of a table.")
def sql(query: str, database: str, as_csv: bool) -> None:
    """Run QUERY on the running platform's Athena and print its rows."""
    from local.ask import ask
    from local.stack import build_folder

    click.echo(ask(build_folder(), query, database, as_csv=as_csv), nl=False)


@main.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the pages; the running platform's own by default.",
)
@click.option("--screenshots", is_flag=True, help="Also take pictures of the pages in Chromium.")
def boards(output: Path | None, screenshots: bool) -> None:
    """Render the dashboards from the running platform's marts."""
    from local.ask import draw
    from local.stack import build_folder

    for path in draw(build_folder(), output, screenshots=screenshots):
        click.echo(path)


@main.command()
def status() -> None:
    """Say what runs, what each stream delivered and what lies in quarantine, with reasons."""
    from local.stack import build_folder
    from local.status import show

    show(build_folder())


@main.command()
@click.option(
    "--output",
    default=Path("build/functions.zip"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The archive to write.",
)
def package(output: Path) -> None:
    """Build the code archive of the Lambda functions (Python 3.11, x86_64)."""
    from local.package import build

    click.echo(f"{build(output):,} bytes in {output}")


def _mount() -> None:
    from local.city.command import city
    from local.imports.commands import import_group

    main.add_command(city)
    main.add_command(import_group)


_mount()

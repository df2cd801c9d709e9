"""Questions to the running platform: SQL and boards."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from local.stack import connect


def ask(build: Path, query: str, database: str, *, as_csv: bool) -> str:
    """The rows of a query as text. Raises QueryError with Athena's own words."""
    from dashboards.query import athena_query

    connection = connect(build)
    connection.use()
    frame = athena_query(connection.settings().workgroup, database)(query)
    if as_csv:
        return str(frame.to_csv(index=False))
    return f"{frame.to_string(index=False)}\n({len(frame):,} rows)\n"


def draw(build: Path, output: Path | None, *, screenshots: bool) -> tuple[Path, ...]:
    """Render all boards; returns the pages, and the pictures if asked for."""
    from dashboards.board_files import load_boards
    from dashboards.query import athena_query
    from dashboards.render import render_boards
    from dashboards.screenshot import take_screenshots

    connection = connect(build)
    connection.use()
    folder = output or Path(connection.state) / "boards"
    query = athena_query(connection.settings().workgroup, "marts")
    pages = render_boards(load_boards(), query, folder, made_at=datetime.now(UTC))
    return pages + (tuple(take_screenshots(pages, folder)) if screenshots else ())

"""The boards as assets, each downstream of the marts that its cards read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from dashboards.board import Board
from dashboards.board_files import load_boards
from dashboards.frames import fetch_datasets
from dashboards.render import INDEX_NAME, render_board, render_index
from pipelines.resources import Lake

GROUP = "boards"


def defs() -> dg.Definitions:
    boards = load_boards()
    pages = [_page(board, boards) for board in boards]
    return dg.Definitions(assets=[*pages, _index(boards)])


def _page(board: Board, boards: Sequence[Board]) -> dg.AssetsDefinition:
    @dg.asset(
        key=[GROUP, board.key],
        group_name=GROUP,
        description=board.description,
        deps=[dg.AssetKey(mart.split(".")) for mart in board.marts],
        kinds={"html"},
    )
    def page(lake: Lake) -> dg.MaterializeResult[Any]:
        datasets = fetch_datasets(board, lake.query)
        html = render_board(board, datasets, made_at=datetime.now(UTC), siblings=boards)
        return _written(lake.boards_folder() / f"{board.key}.html", html)

    return page


def _index(boards: Sequence[Board]) -> dg.AssetsDefinition:
    @dg.asset(
        key=[GROUP, "index"],
        group_name=GROUP,
        deps=[dg.AssetKey([GROUP, board.key]) for board in boards],
        kinds={"html"},
    )
    def index(lake: Lake) -> dg.MaterializeResult[Any]:
        """The page of links to all boards."""
        html = render_index(boards, made_at=datetime.now(UTC))
        return _written(lake.boards_folder() / INDEX_NAME, html)

    return index


def _written(path: Path, html: str) -> dg.MaterializeResult[Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(path))})

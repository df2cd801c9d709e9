"""The boards as assets, each downstream of the marts that its cards read."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg

from dashboards.board import Board, load_boards
from dashboards.frames import fetch_datasets
from dashboards.render import INDEX_NAME, render_board, render_index
from pipelines.resources import Lake

BOARDS = load_boards()
GROUP = "boards"


def _board_asset(board: Board) -> dg.AssetsDefinition:
    @dg.asset(
        key=[GROUP, board.key],
        group_name=GROUP,
        description=board.description,
        deps=[dg.AssetKey(mart.split(".")) for mart in board.marts],
        kinds={"html"},
    )
    def page(lake: Lake) -> dg.MaterializeResult[None]:
        datasets = fetch_datasets(board, lake.query)
        html = render_board(board, datasets, made_at=datetime.now(UTC), siblings=BOARDS)
        path = lake.boards_folder() / f"{board.key}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
        return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(path))})

    return page


board_assets = [_board_asset(board) for board in BOARDS]


@dg.asset(
    key=[GROUP, "index"],
    group_name=GROUP,
    deps=[asset.key for asset in board_assets],
    kinds={"html"},
)
def index(lake: Lake) -> dg.MaterializeResult[None]:
    """The page of links to all boards."""
    path = lake.boards_folder() / INDEX_NAME
    path.write_text(render_index(BOARDS, made_at=datetime.now(UTC)), encoding="utf-8")
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(path))})

"""Boards as static pages: one self-contained interactive HTML file each, and an index of them.

A page carries its data, styles and scripts; its content security policy forbids it any request.
What a card draws is decided in `assets/` from the spec embedded beside the data.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import msgspec
from plotly.offline import get_plotlyjs

from dashboards.board import Board, Card
from dashboards.frames import Dataset, Query, fetch_datasets

_ASSETS = Path(__file__).with_name("assets")
_SCRIPTS = ("words.js", "data.js", "draw.js", "page.js")
INDEX_NAME = "index.html"


def render_boards(
    boards: Sequence[Board], query: Query, folder: Path, *, made_at: datetime
) -> tuple[Path, ...]:
    """Writes `<key>.html` for each board and `index.html`; returns their paths, the index first.

    `made_at` is shown in the footers, in UTC. Raises CardDataError naming board and card.
    """
    pages = {
        f"{board.key}.html": render_board(
            board, fetch_datasets(board, query), made_at=made_at, siblings=boards
        )
        for board in boards
    }
    pages = {INDEX_NAME: render_index(boards, made_at=made_at), **pages}
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages.items():
        (folder / name).write_text(page, encoding="utf-8")
    return tuple(folder / name for name in pages)


def render_board(
    board: Board, datasets: Sequence[Dataset], *, made_at: datetime, siblings: Sequence[Board]
) -> str:
    """The board's page as HTML; `datasets` are those of `fetch_datasets` for this board."""
    return _fill(
        "board.html",
        title=escape(board.title),
        audience=escape(board.audience),
        description=escape(board.description),
        navigation=_render_navigation(board, siblings),
        sections="".join(_render_section(board, position) for position in range(len(board.layout))),
        provenance=_describe_origin(board, datasets, made_at),
        data=_embed(_page_data(board, datasets)),
        plotly=get_plotlyjs(),
        script="".join(map(_read_asset, _SCRIPTS)),
    )


def render_index(boards: Sequence[Board], *, made_at: datetime) -> str:
    """The page that links every board."""
    links = "".join(
        f'<a class="card link" href="{escape(board.key)}.html"><span class="audience">'
        f"{escape(board.audience)}</span><h2>{escape(board.title)}</h2>"
        f"<p>{escape(board.description)}</p>"
        f'<span class="meta">{len(board.cards)} cards from {len(board.marts)} marts</span></a>'
        for board in boards
    )
    if not boards:
        links = '<p class="card">There is no board yet: the folder of board files is empty.</p>'
    return _fill("index.html", links=links, made_at=_write_moment(made_at))


@functools.cache
def _read_asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _fill(template: str, **parts: str) -> str:
    shared = {"style": _read_asset("board.css"), "theme": _read_asset("theme.js")}
    return Template(_read_asset(template)).substitute(shared, **parts)


def _render_navigation(board: Board, siblings: Sequence[Board]) -> str:
    return "".join(
        f'<a href="{escape(each.key)}.html"{" aria-current=page" if each.key == board.key else ""}>'
        f"{escape(each.audience)}</a>"
        for each in siblings
    )


def _render_section(board: Board, position: int) -> str:
    section = board.layout[position]
    cards = {card.key: card for card in board.cards}
    drawn = "".join(
        _render_card(cards[key], span)
        for row in section.rows
        for key, span in zip(row.cards, row.spans, strict=True)
    )
    return (
        f'<section aria-labelledby="section-{position}">'
        f'<h2 id="section-{position}">{escape(section.title)}</h2>'
        f'<div class="grid">{drawn}</div></section>'
    )


def _render_card(card: Card, span: int) -> str:
    key = escape(card.key)
    return (
        f'<article class="card {card.display}" id="{key}" data-card="{key}"'
        f' style="--span:{span}" aria-labelledby="{key}-title">'
        f'<header><h3 id="{key}-title">{escape(card.title)}</h3>'
        f"<p>{escape(card.question)}</p></header>"
        f'<div class="body"></div></article>'
    )


def _page_data(board: Board, datasets: Sequence[Dataset]) -> dict[str, Any]:
    positions = {dataset.sql: position for position, dataset in enumerate(datasets)}
    cards = [
        {**_without_sql(card), "dataset": positions[card.sql], "declared": board.columns_of(card)}
        for card in board.cards
    ]
    return {
        "filters": msgspec.to_builtins(board.filters),
        "cards": cards,
        "datasets": [_pack(dataset) for dataset in datasets],
    }


def _without_sql(card: Card) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(card)
    return {key: value for key, value in fields.items() if key != "sql"}


def _pack(dataset: Dataset) -> dict[str, Any]:
    """Column by column; text as positions in a list of its distinct values."""
    columns = {
        name: _pack_text(values) if kind == "text" else {"kind": kind, "values": values}
        for name, (kind, values) in dataset.columns.items()
    }
    return {"length": dataset.length, "columns": columns}


def _pack_text(values: list[Any]) -> dict[str, Any]:
    distinct = {value: position for position, value in enumerate(dict.fromkeys(values))}
    return {
        "kind": "text",
        "distinct": list(distinct),
        "values": [distinct[value] for value in values],
    }


def _embed(value: Any) -> str:
    """JSON that cannot end the script element it stands in, nor open a comment there."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")


def _describe_origin(board: Board, datasets: Sequence[Dataset], made_at: datetime) -> str:
    days = [day for dataset in datasets if (day := dataset.last_day) is not None]
    through = f"Data through {_write_day(max(days))}." if days else "No data yet."
    rows = sum(dataset.length for dataset in datasets)
    marts = ", ".join(f"<code>{escape(mart)}</code>" for mart in board.marts)
    return (
        f"<p><strong>{through}</strong> Drawn on {_write_moment(made_at)} from {rows:,} rows"
        f" of {marts}, asked in {len(datasets)} queries by <code>{escape(board.key)}.yml</code>.</p>"
        "<p>This page holds all of its data and makes no request.</p>"
    )


def _write_day(day: int) -> str:
    moment = date(1970, 1, 1) + timedelta(days=day)
    return f"{moment:%B} {moment.day}, {moment.year}"


def _write_moment(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    hour = utc.hour % 12 or 12
    return f"{utc:%B} {utc.day}, {utc.year} at {hour}:{utc:%M %p} UTC"

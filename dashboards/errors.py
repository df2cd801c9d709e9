"""The exceptions of the dashboards package, each carrying the board and the card it speaks of."""

from __future__ import annotations

from pathlib import Path


class DashboardError(Exception):
    """Anything that keeps a board from being read, drawn or photographed."""


class SpecError(DashboardError):
    """A board file says something the spec does not allow; nothing of it is used."""

    def __init__(self, file: Path, problem: str, card: str = "") -> None:
        self.file, self.card, self.problem = file, card, problem
        place = f"{file.name}, card {card!r}" if card else file.name
        super().__init__(f"{place}: {problem}")


class QueryError(DashboardError):
    """The engine refused a query or failed at it; the message is the engine's own."""


class CardDataError(DashboardError):
    """The rows that answered a card's SQL are not what the card declares."""

    def __init__(self, board: str, card: str, problem: str) -> None:
        self.board, self.card = board, card
        super().__init__(f"board {board!r}, card {card!r}: {problem}")


class BrowserError(DashboardError):
    """Headless Chromium is missing, did not start, or did not draw the page in time."""

"""What a person sees of a long run: stages with their times, and tables at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table


class Report:
    """Prints stages as they finish and keeps their seconds; `note` says what a stage is doing."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.seconds: dict[str, float] = {}
        self._said = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; its line is printed when it ends, with the last thing `say` was given."""
        started, self._said = time.monotonic(), ""
        with self.console.status(f"{name} …") as status:
            self._status = status
            self._name = name
            yield
        self.seconds[name] = time.monotonic() - started
        self.console.print(f"[green]{self.seconds[name]:6.1f} s[/]  {name}  [dim]{self._said}[/]")

    def note(self, text: str) -> None:
        """Show progress inside the running stage."""
        self._status.update(f"{self._name}: {text}")

    def say(self, text: str) -> None:
        """The result that the stage's line will carry."""
        self._said = text

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table; every column but the first is aligned right."""
        table = Table(
            title=title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE
        )
        for index, column in enumerate(columns):
            table.add_column(column, justify="right" if index else "left")
        for row in rows:
            table.add_row(*(_text(cell) for cell in row))
        self.console.print(table)


def _text(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) else str(cell)

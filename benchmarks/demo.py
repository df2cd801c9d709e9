"""The demo's time, stage by stage, against two minutes."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from local.demo import run
from local.report import Report

LIMIT_S = 120.0


def main() -> None:
    """Run the demo with its defaults in a folder of its own and print its stages."""
    report = Report(Console(file=io.StringIO()))
    with tempfile.TemporaryDirectory() as folder:
        failed = run(Path(folder), seed=1, days=30, charities=(), report=report)
    if failed:
        sys.exit("the demo's checks did not hold; its time means nothing")
    total = sum(report.seconds.values())
    for name, seconds in report.seconds.items():
        print(f"  {seconds:6.1f} s  {seconds / total:4.0%}  {name}")
    print(f"  {total:6.1f} s  {total / LIMIT_S:4.2f} of the limit of {LIMIT_S:.0f} s")

"""Keeps the platform running for people to look at: the city lives on until Ctrl-C ends all of it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

from ingestion.generate import ROOT
from local import demo, job
from local.city.knobs import Knobs
from local.city.life import Pace
from local.city.visit import visit
from local.guard import watch_parent
from local.report import Report
from local.stack import Connection, Stack
from local.supervisor import Supervisor, listen, locked_state, port_of

# A simulated day passes in two minutes of ours.
SECONDS_PER_DAY = 120.0
SECONDS_A_DAY = 86_400.0
FIRST_DAYS = 7
LINKS = "links.html"


def run(build: Path, *, seed: int) -> int:
    """Start everything, print where it is, wait for Ctrl-C or SIGTERM; returns the exit status."""
    report = Report()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    watch_parent()
    with locked_state(build, "up") as state, Supervisor(state) as supervisor:
        _serve(state, supervisor, report, Knobs(seed=seed, days=None), stop)
    report.console.print("stopped; nothing is left running")
    return 0


def _serve(
    state: Path, supervisor: Supervisor, report: Report, knobs: Knobs, stop: threading.Event
) -> None:
    connection = demo.start(Stack(state, supervisor), report)
    demo.fill_catalogue(connection, report, (), knobs)
    lake_to_boards = job.Job(connection, supervisor)
    pace = _Settling(knobs, stop)
    life = threading.Thread(target=visit, args=(connection, knobs), kwargs={"pace": pace})
    life.start()
    with report.stage(f"the city's first {FIRST_DAYS} days"):
        pace.wait_until_settled(life)
    with report.stage("boards"):
        demo.deliver(connection)
        lake_to_boards.run(report.note)
    dagster = _start_dagster(connection, supervisor)
    pages = _start_pages(connection, supervisor, dagster)
    report.console.print(f"\nEverything is linked from {pages}/{LINKS}; Ctrl-C stops it all.\n")
    life.join()


class _Settling(Pace):
    """As fast as it goes through the first days, in slow motion from then on."""

    def __init__(self, knobs: Knobs, stop: threading.Event) -> None:
        super().__init__(SECONDS_A_DAY / SECONDS_PER_DAY, stop)
        self._settled_at = knobs.start + timedelta(days=FIRST_DAYS)
        self._settled = threading.Event()

    def keep(self, at: datetime) -> bool:
        if at < self._settled_at:
            return not self.stop.is_set()
        self._settled.set()
        return super().keep(at)

    def wait_until_settled(self, life: threading.Thread) -> None:
        """Return once the first days are over, or the city's thread has ended."""
        while life.is_alive() and not self._settled.wait(0.2):
            continue


def _start_dagster(connection: Connection, supervisor: Supervisor) -> str:
    """Dagster's UI and daemon; its sensor turns new arrivals into new boards."""
    environment = job.environment(connection)
    with _free_port() as port:
        url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "dagster", "dev", "-m", "pipelines.definitions"]
    supervisor.start(
        "dagster",
        [*argv, "--host", "127.0.0.1", "--port", str(port)],
        env=environment,
        health=f"{url}/server_info",
        timeout=120,
        cwd=ROOT,
    )
    return url


def _start_pages(connection: Connection, supervisor: Supervisor, dagster: str) -> str:
    folder = Path(connection.state) / "boards"
    (folder / LINKS).write_text(_links(connection, dagster))
    with _free_port() as port:
        url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    supervisor.start("pages", [*argv, "--directory", str(folder)], health=f"{url}/{LINKS}")
    return url


@contextmanager
def _free_port() -> Iterator[int]:
    """A port that was free a moment ago, for servers that cannot inherit a socket."""
    with listen() as listener:
        yield port_of(listener)


def _links(connection: Connection, dagster: str) -> str:
    links = {
        "Dashboards": ("index.html", "What the marts say, newest run."),
        "Dagster": (dagster, "The graph from raw tables to boards, its runs and checks."),
        "Services": (f"{connection.gateway_url}/_heyblue/health", "The gateway's health."),
        "Local AWS": (f"{connection.aws_url}/_heyblue/health", "Set AWS_ENDPOINT_URL to it."),
    }
    items = "".join(
        f'<li><a href="{escape(url)}">{escape(name)}</a><p>{escape(text)}</p></li>'
        for name, (url, text) in links.items()
    )
    return PAGE.replace("ITEMS", items)


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>HeyBlue on this machine</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 4rem auto; padding: 0 1rem; }
ul { list-style: none; padding: 0; } li { margin: 1.5rem 0; } p { margin: 0; opacity: .75; }
a { font-size: 1.25rem; color: LinkText; }
</style>
<h1>HeyBlue on this machine</h1><ul>ITEMS</ul></html>
"""

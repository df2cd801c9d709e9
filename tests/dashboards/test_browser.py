"""Driving Chromium: what is said when it is missing or a page does not finish, and that it ends."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest

from dashboards.browser import open_browser
from dashboards.errors import BrowserError

DRAWN = "<!doctype html><html data-drawn='true'><title>x</title><body>"


def test_a_machine_without_chromium_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrowserError, match="apt-get install chromium"), open_browser():
        pass


def test_a_program_that_is_no_chromium_is_reported_with_its_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "chromium").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(BrowserError, match="status 3"), open_browser():
        pass


def test_what_a_page_threw_and_asked_for_is_known(tmp_path: Path) -> None:
    page_file = tmp_path / "bad.html"
    page_file.write_text(f"{DRAWN}<img src='gone.png'><script>throw new Error('torn')</script>")
    with open_browser() as opened, opened.open(page_file) as page:
        assert [error.splitlines()[0] for error in page.errors] == ["Error: torn"]
        assert [Path(each).name for each in page.requests] == ["bad.html", "gone.png"]


def test_a_page_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        open_browser() as opened,
        pytest.raises(BrowserError, match=r"gone\.html"),
        opened.open(tmp_path / "gone.html"),
    ):
        pass


def test_a_page_that_never_finishes_is_given_up(tmp_path: Path) -> None:
    page_file = tmp_path / "page.html"
    page_file.write_text(DRAWN)
    with (
        open_browser() as opened,
        opened.open(page_file) as page,
        pytest.raises(BrowserError, match="'false' did not hold"),
    ):
        page.wait("false", seconds=0.2)


def test_nothing_of_chromium_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with open_browser():
        [profile] = tmp_path.iterdir()
    assert list(tmp_path.iterdir()) == []
    ends = time.monotonic() + 10  # its children end when they notice that it has
    while (running := _running(profile)) and time.monotonic() < ends:
        time.sleep(0.1)
    assert running == []


def _running(profile: Path) -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if _names(path, profile)]


def _names(cmdline: Path, profile: Path) -> bool:
    try:
        return str(profile).encode() in cmdline.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False

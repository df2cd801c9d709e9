"""Pictures of pages, by function and by command."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dashboards.screenshot import main, take_screenshots


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pages that say they are drawn, one of 2,500 pixels."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for name, height in (("short", 100), ("tall", 2500)):
        page = f"<!doctype html><html data-drawn='true'><body style='margin:0;height:{height}px'>"
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


def size(picture: Path) -> tuple[int, int]:
    """Width and height from the PNG's header."""
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_a_page_is_taken_for_each_device_and_theme(
    town_pages: dict[str, Path], tmp_path: Path
) -> None:
    taken = take_screenshots([town_pages["index"]], tmp_path)
    assert [picture.name for picture in taken] == [
        "index-desktop-light.png",
        "index-desktop-dark.png",
        "index-phone-light.png",
        "index-phone-dark.png",
    ]
    assert size(taken[0])[0] == 1280
    assert size(taken[2])[0] == 2 * 390
    assert taken[0].read_bytes() != taken[1].read_bytes()


def test_a_whole_page_is_longer_than_its_first_screen(folder: Path, tmp_path: Path) -> None:
    tall = [folder / "tall.html"]
    [whole] = take_screenshots(tall, tmp_path / "a", devices=["desktop"], themes=["light"])
    [first] = take_screenshots(
        tall, tmp_path / "b", devices=["desktop"], themes=["light"], whole=False
    )
    assert size(whole) == (1280, 2500)
    assert size(first) == (1280, 900)


def test_the_command_takes_every_page_of_a_folder(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), str(tmp_path), "--device", "phone", "--theme", "dark"]) == 0
    assert capsys.readouterr().out.split() == [
        str(tmp_path / "short-phone-dark.png"),
        str(tmp_path / "tall-phone-dark.png"),
    ]


def test_the_command_says_what_to_install_without_chromium(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([str(folder), str(tmp_path)]) == 1
    assert "install Chromium" in capsys.readouterr().err


def test_a_folder_without_pages_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), str(tmp_path)])
    assert "render the boards first" in capsys.readouterr().err

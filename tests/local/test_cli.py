"""The command line as typed, as far as it needs no running platform."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from local.cli import main

COMMANDS = ("boards", "city", "contracts", "demo", "import", "package", "sql", "status", "up")


def test_help_names_every_command() -> None:
    said = CliRunner().invoke(main, ["--help"]).output
    assert all(f"  {name} " in said for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0
    assert "Usage:" in done.output


@pytest.mark.parametrize("argv", [["status"], ["sql", "select 1"], ["boards"]])
def test_without_a_platform_the_error_says_how_to_start_one(
    argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEYBLUE_BUILD", str(tmp_path))
    done = CliRunner().invoke(main, argv)
    assert done.exit_code == 1
    assert "make up" in done.output
    assert "Traceback" not in done.output


def test_generated_files_are_checked_by_name() -> None:
    done = CliRunner().invoke(main, ["contracts", "check"])
    assert done.exit_code == 0, done.output


def test_the_package_is_the_same_bytes_for_the_same_sources(tmp_path: Path) -> None:
    archives = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for archive in archives:
        done = CliRunner().invoke(main, ["package", "--output", str(archive)])
        assert done.exit_code == 0, done.output
    assert archives[0].read_bytes() == archives[1].read_bytes()

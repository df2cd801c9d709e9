"""When dbt parses, and what is said when it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import manifest
from pipelines.errors import ManifestError


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    """A process begins to parse once; here each test is a process."""
    manifest.begin.cache_clear()
    yield
    manifest.begin.cache_clear()


@pytest.fixture
def copy(tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The dbt project, copied, with a target of its own."""
    project = tmp_path / "project"
    shutil.copytree(manifest.PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    monkeypatch.setattr(manifest, "PROJECT", project)
    monkeypatch.setenv("DBT_TARGET_PATH", "made")
    return project


def parsed(project: Path) -> bool:
    return manifest.begin().process is not None


def stamp(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


def settle(project: Path) -> Path:
    """A manifest that is newer than all the project's files."""
    for path in project.rglob("*"):
        stamp(path, 1_000)
    found = project / "made" / "manifest.json"
    found.parent.mkdir()
    found.write_text("{}")
    stamp(found, 2_000)
    return found


def test_a_newer_manifest_is_kept(copy: Path) -> None:
    settle(copy)
    assert manifest.begin().process is None
    manifest.begin().wait()


@pytest.mark.parametrize(
    "path", ["dbt_project.yml", "models/marts/users.sql", "macros", "models/marts"]
)
def test_a_changed_file_or_folder_makes_it_outdated(copy: Path, path: str) -> None:
    settle(copy)
    stamp(copy / path, 3_000)
    parsing = manifest.begin()
    assert isinstance(parsing.process, subprocess.Popen)
    parsing.process.kill()
    parsing.process.communicate()


def test_a_project_is_parsed_once_in_a_process(copy: Path) -> None:
    first = manifest.begin()
    assert manifest.begin() is first
    first.wait()
    first.wait()
    assert (copy / "made" / "manifest.json").is_file()


def test_a_project_that_dbt_cannot_read_is_refused_in_its_words(copy: Path) -> None:
    (copy / "models" / "marts" / "users.sql").write_text("select * from {{ ref('nobody') }}")
    with pytest.raises(ManifestError, match="nobody"):
        manifest.begin().wait()

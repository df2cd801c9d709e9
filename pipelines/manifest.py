"""dbt's manifest of the warehouse project: parsed when a file of the project is newer.

Nothing heavy is imported here, so that dbt can parse while Dagster is still being imported.
`python -m pipelines.manifest` parses ahead of a run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

from pipelines.errors import ManifestError

PROJECT = Path(__file__).resolve().parent.parent / "dbt"
PARSED = ("models", "macros", "tests", "dbt_project.yml", "profiles.yml")
# Beside the interpreter: a virtual environment need not be on the PATH.
DBT = Path(sys.executable).with_name("dbt")


class Parsing:
    """A parse of the project that was begun; without a `process` there was nothing to do."""

    def __init__(self, process: subprocess.Popen[str] | None) -> None:
        self.process = process

    def wait(self) -> None:
        """Return when the manifest is there. Raises ManifestError with what dbt said."""
        said = self._said
        if self.process is not None and self.process.returncode:
            raise ManifestError(f"dbt parse of {PROJECT} failed; it said:\n{said}")

    @cached_property
    def _said(self) -> str:
        """All of dbt's output, read to its end once, however many wait for it."""
        return self.process.communicate()[0].strip() if self.process else ""


def target_path() -> Path:
    """dbt's own DBT_TARGET_PATH, relative to the project if it is not absolute."""
    return PROJECT / os.environ.get("DBT_TARGET_PATH", "target")


@cache
def begin() -> Parsing:
    """Start to parse the project, once in this process, if its manifest is absent or outdated."""
    if _is_fresh(target_path() / "manifest.json"):
        return Parsing(None)
    return Parsing(
        subprocess.Popen(
            [str(DBT), "--no-use-colors", "parse", "--quiet", "--target-path", target_path()],
            cwd=PROJECT,
            env={**os.environ, "DBT_PROFILES_DIR": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    )


def _is_fresh(manifest: Path) -> bool:
    if not manifest.is_file():
        return False
    return manifest.stat().st_mtime > max(path.stat().st_mtime for path in _parsed_paths())


def _parsed_paths() -> Iterator[Path]:
    """Files and folders: a file that was removed only shows in its folder's time."""
    for name in PARSED:
        yield PROJECT / name
        yield from (PROJECT / name).rglob("*")


if __name__ == "__main__":
    begin().wait()

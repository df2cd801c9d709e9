"""Builds the archive of the Lambda functions: our handlers and the few libraries they need."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from ingestion.generate import ROOT

OURS = ("ingestion", "services")
# boto3 comes with the runtime; everything else a handler imports is named here.
LIBRARIES = ("msgspec", "segno")
PLATFORM = "x86_64-manylinux2014"
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def build(output: Path) -> int:
    """Write the archive; returns its size in bytes. The same sources give the same bytes."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        _install(tree)
        for package in OURS:
            shutil.copytree(
                ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__")
            )
        _zip(tree, output)
    return output.stat().st_size


def _install(tree: Path) -> None:
    pins = [line for name in LIBRARIES for line in _pin(name)]
    requirements = tree / "requirements.txt"
    requirements.write_text("\n".join(pins))
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
    runtime = ["--python-platform", PLATFORM, "--python-version", "3.11"]
    pinned = ["--only-binary", ":all:", "--require-hashes", "-r", str(requirements)]
    subprocess.run([*uv, "--target", str(tree), *runtime, *pinned], check=True)
    requirements.unlink()


def _pin(name: str) -> list[str]:
    """The lock's lines for one library: its version and its hashes."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"{name}=="))
    end = next(
        (n for n in range(start + 1, len(lines)) if not lines[n].startswith(" ")), len(lines)
    )
    return lines[start:end]


def _zip(tree: Path, output: Path) -> None:
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in tree.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(path.relative_to(tree)), LONG_AGO)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())

"""Writes, or checks, every committed file that follows from the contracts."""

from __future__ import annotations

from pathlib import Path

from ingestion import catalogue, lock, staging
from ingestion.registry import Registry, registry

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = Path("ingestion/schemas")
STAGING = Path("dbt/models/staging")


def files(known: Registry, root: Path) -> dict[Path, str]:
    """All generated files as they must be, by path below `root`.

    Raises ContractError when a released contract was altered or broken.
    """
    texts = {SCHEMAS / name: text for name, text in lock.files(known, root / SCHEMAS).items()}
    texts |= {STAGING / name: text for name, text in staging.files(known).items()}
    texts[Path("ingestion/EVENTS.md")] = catalogue.page(known)
    return texts


def write(root: Path = ROOT, known: Registry | None = None) -> list[Path]:
    """Bring the generated files up to date; returns those that were written or removed."""
    known = known or registry()
    wanted = files(known, root)
    stale = drift(root, known)
    for path in stale:
        target = root / path
        if path in wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(wanted[path])
        else:
            target.unlink()
    return stale


def drift(root: Path = ROOT, known: Registry | None = None) -> list[Path]:
    """The generated files that are absent, differ, or belong to no contract any more."""
    wanted = files(known or registry(), root)
    differing = [path for path, text in wanted.items() if _text(root / path) != text]
    found = {path.relative_to(root) for path in (root / STAGING).glob("*") if path.is_file()}
    return sorted([*differing, *(found - set(wanted))])


def _text(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None

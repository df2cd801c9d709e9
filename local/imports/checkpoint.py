"""How far an import got: enough to go on where it stopped, and to notice that the input differs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`sent` messages of the input with `digest` are in the stream; `months` names what each held.

    Attributes:
        months: first day of a month -> digest of the receipts that were booked for it.
    """

    digest: str = ""
    sent: int = 0
    months: dict[str, str] = field(default_factory=dict)


def load(path: Path) -> Checkpoint:
    """The checkpoint in `path`; an empty one when there is none."""
    if not path.exists():
        return Checkpoint()
    return Checkpoint(**json.loads(path.read_text()))


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint at once, so that a crash leaves the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    draft.write_text(json.dumps(asdict(checkpoint)))
    draft.replace(path)

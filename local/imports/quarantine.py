"""Keeps the lines that an import could not take: where they stood, why, and their original bytes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not imported; `number` counts from 1, a header included."""

    file: str
    number: int
    reason: str
    raw: bytes


def keep(path: Path, lines: Sequence[BadLine]) -> None:
    """Write `lines` to `path` as JSON lines in place of what an earlier run left there.

    Each is {file, line, reason, rawData}, the last in base64 as in Firehose's error objects.
    """
    if not lines:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    draft.write_text("".join(_encode(line) for line in lines))
    draft.replace(path)


def kept(path: Path) -> Iterator[BadLine]:
    """The lines in `path`."""
    for text in path.read_text().splitlines():
        line = json.loads(text)
        raw = base64.b64decode(line["rawData"])
        yield BadLine(line["file"], line["line"], line["reason"], raw)


def _encode(line: BadLine) -> str:
    return (
        json.dumps(
            {
                "file": line.file,
                "line": line.number,
                "reason": line.reason,
                "rawData": base64.b64encode(line.raw).decode(),
            }
        )
        + "\n"
    )

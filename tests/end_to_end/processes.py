"""Which processes a run left behind."""

from __future__ import annotations

import time
from pathlib import Path


def survivors(build: Path) -> list[str]:
    """Command lines of living processes that mention the build folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(build) in line:
                found.append(f"{entry.name} {line}")
    return found


def survivors_after(build: Path, seconds: float) -> list[str]:
    """The survivors, given `seconds` to end."""
    deadline = time.monotonic() + seconds
    while survivors(build) and time.monotonic() < deadline:
        time.sleep(0.2)
    return survivors(build)

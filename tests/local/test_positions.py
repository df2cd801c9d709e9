"""How far streams were read survives the process."""

from __future__ import annotations

from pathlib import Path

from local.positions import Positions


def test_positions_are_kept_by_source_and_shard(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "positions.sqlite"
    positions = Positions(path)
    assert positions.get("a", "1") is None
    positions.set("a", "1", "10")
    positions.set("a", "2", "7")
    positions.set("a", "1", "11")
    positions.close()
    again = Positions(path)
    assert (again.get("a", "1"), again.get("a", "2"), again.get("b", "1")) == ("11", "7", None)
    again.close()

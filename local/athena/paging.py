"""Pages of answers: NextToken is the position of the next item."""

from __future__ import annotations

from typing import Any


def page_of(
    items: list[Any], request: dict[str, Any], most: int
) -> tuple[list[Any], dict[str, Any]]:
    start = int(request.get("NextToken") or 0)
    size = min(request.get("MaxResults") or most, most)
    more = {"NextToken": str(start + size)} if start + size < len(items) else {}
    return items[start : start + size], more

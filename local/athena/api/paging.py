"""Pages of answers: NextToken is the position of the next item."""

from __future__ import annotations

from typing import Any

from local.athena.errors import RequestRefused


def page_of(
    items: list[Any], request: dict[str, Any], most: int
) -> tuple[list[Any], dict[str, Any]]:
    """One page, and the NextToken of the next; raises RequestRefused for a token of somebody else."""
    start = position(request.get("NextToken"), "The nextPageToken is malformed: ")
    size = min(request.get("MaxResults") or most, most)
    more = {"NextToken": str(start + size)} if start + size < len(items) else {}
    return items[start : start + size], more


def position(token: str | None, problem: str) -> int:
    """Where a page starts; `problem` and the token make the message when it is none."""
    if token is None:
        return 0
    if not (token.isascii() and token.isdecimal()):
        raise RequestRefused(f"{problem}{token}")
    return int(token)

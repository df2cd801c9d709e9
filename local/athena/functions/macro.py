"""The form of a macro; the macros themselves stand in `macros` and the modules it merges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Macro:
    """`public` macros carry a Trino function's name; the others are building blocks."""

    definition: str
    returns: str = ""
    public: bool = True


def private(definition: str) -> Macro:
    return Macro(definition, public=False)

"""Promises to readers of the marts, one file each; `suites` finds them by scanning."""

from __future__ import annotations

import importlib
import pkgutil

from quality.suite import Suite


def suites() -> list[Suite]:
    """The `SUITE` of every module here, in order of name."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return [importlib.import_module(f"{__name__}.{name}").SUITE for name in names]

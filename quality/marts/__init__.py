"""Promises to readers of the marts, one file each; `suites` finds them by scanning.

Keys, relationships and a row's own arithmetic are dbt tests; here is what several marts promise.
"""

from __future__ import annotations

import importlib
import pkgutil

from quality.errors import SuiteError
from quality.suite import Suite


def suites() -> list[Suite]:
    """The `SUITE` of every module here, in order of name. Raises SuiteError for one without."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return [_suite(name) for name in names]


def _suite(name: str) -> Suite:
    suite = getattr(importlib.import_module(f"{__name__}.{name}"), "SUITE", None)
    if not isinstance(suite, Suite) or suite.name != name:
        raise SuiteError(f"quality/marts/{name}.py must declare SUITE, a Suite named {name!r}")
    return suite

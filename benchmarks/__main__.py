"""Runs the benchmarks named on the command line, or all of them."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main(names: list[str]) -> None:
    modules = (info.name for info in pkgutil.iter_modules(benchmarks.__path__))
    known = sorted(name for name in modules if not name.startswith("_"))
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"no benchmark is named {', '.join(unknown)}; there are: {', '.join(known)}")
    for name in names or known:
        print(f"\n{name}")
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])

"""`python -m pipelines.run`: runs one job in this process and says as JSON lines what happens.

For people and for the demo; on a deployment Dagster's own daemon runs the jobs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pipelines import manifest

LOOK_S = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a job; exit status 0 only if everything was made and every check held.

    One line for each asset, check and failure as it happens, then one of kind `end`.
    """
    parser = argparse.ArgumentParser(prog="python -m pipelines.run", description=__doc__)
    parser.add_argument("job", nargs="?", default="lake_to_boards", help="name of the job")
    parser.add_argument(
        "--after",
        type=Path,
        metavar="FILE",
        help="load everything now, which takes seconds, and begin when FILE exists",
    )
    options = parser.parse_args(arguments)
    # dbt parses while Dagster is imported; both take seconds.
    manifest.begin()
    from pipelines.progress import execute, load

    job = load(options.job)
    while options.after is not None and not options.after.exists():
        time.sleep(LOOK_S)
    return 0 if execute(job, sys.stdout) else 1


if __name__ == "__main__":
    sys.exit(main())

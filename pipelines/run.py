"""`python -m pipelines.run`: runs one job in this process and says as JSON lines what happens.

For people and for the demo; on a deployment Dagster's own daemon runs the jobs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pipelines import manifest


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a job; exit status 0 only if everything was made and every check held.

    One line for each asset, check and failure as it happens, then one of kind `end`.
    """
    parser = argparse.ArgumentParser(prog="python -m pipelines.run", description=__doc__)
    parser.add_argument("job", nargs="?", default="lake_to_boards", help="name of the job")
    options = parser.parse_args(arguments)
    # dbt parses while Dagster is imported; both take seconds.
    manifest.begin()
    from pipelines.progress import execute

    return 0 if execute(options.job, sys.stdout) else 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m pipelines.dbt_process`: dbt's command line, with one set of botocore's data for all sessions.

dbt-athena opens a session for each node, and botocore would parse its service models, megabytes of
JSON, anew for each of them: more than half of the CPU of a build.
"""

from __future__ import annotations

import functools

import botocore.loaders
import botocore.session


def share_service_models() -> None:
    """Let all sessions that this process opens from now on read through one loader."""
    botocore.session.create_loader = functools.cache(botocore.loaders.create_loader)


def main() -> None:
    """Run the command line of this process."""
    share_service_models()
    from dbt.cli.main import cli

    cli()


if __name__ == "__main__":
    main()

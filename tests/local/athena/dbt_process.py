"""dbt commands one after another in one process, as its imports cost more than most commands.

Reads a JSON array of dbt's arguments per line and answers each with a line of JSON.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import sys
from typing import Any

import botocore.session
from dbt.cli.main import dbtRunner


def _result(found: Any) -> dict[str, Any]:
    return {
        "name": found.node.name,
        "status": str(found.status),
        "message": str(found.message or ""),
        "failures": getattr(found, "failures", None),
        "seconds": found.execution_time,
    }


def _run(runner: dbtRunner, arguments: list[str]) -> dict[str, Any]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        done = runner.invoke(arguments)
    results = getattr(done.result, "results", None) or []
    return {
        "success": done.success,
        "problem": str(done.exception or ""),
        "results": [_result(r) for r in results if hasattr(r, "node")],
        "printed": printed.getvalue(),
    }


def main() -> None:
    # dbt-athena makes a session per model: each would read the models of boto3's services again.
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    answers, runner = sys.stdout, dbtRunner()
    for line in sys.stdin:
        answers.write(json.dumps(_run(runner, json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

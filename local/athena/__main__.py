"""`python -m local.athena`: the endpoint as a process of its own."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

import uvicorn

from local.athena.api.app import create_app
from local.athena.server import OPTIONS, limit_process
from local.athena.settings import Settings


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.athena", description=__doc__)
    parser.add_argument("--port", type=int, default=4570)
    parser.add_argument("--fd", type=int, help="a bound socket handed down by the parent")
    parser.add_argument(
        "--endpoint-url",
        default=os.environ.get("AWS_ENDPOINT_URL"),
        help="where S3 and Glue answer (default: AWS_ENDPOINT_URL)",
    )
    parser.add_argument(
        "--s3-data-dir", type=Path, help="objects as files: DIR/<account>/<bucket>/<key>"
    )
    parser.add_argument("--state-dir", type=Path, default=Path("build/athena"))
    parser.add_argument("--memory-limit", default="2GB")
    parser.add_argument("--spill-limit", default="10GB", help="what queries may put on disk")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--workers", type=int, default=4, help="queries that run at once")
    parser.add_argument("--log-level", default="info")
    found = parser.parse_args()
    if not found.endpoint_url:
        parser.error("--endpoint-url or AWS_ENDPOINT_URL must say where S3 and Glue answer")
    return found


def main() -> None:
    found = _arguments()
    logging.basicConfig(level=found.log_level.upper(), format="%(asctime)s %(name)s %(message)s")
    settings = Settings(
        endpoint_url=found.endpoint_url,
        region=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        s3_data_dir=found.s3_data_dir.resolve() if found.s3_data_dir else None,
        state_dir=found.state_dir.resolve(),
        memory_limit=found.memory_limit,
        spill_limit=found.spill_limit,
        threads=found.threads,
        workers=found.workers,
    )
    limit_process(settings.memory_limit)
    if found.fd is None:
        sys.stderr.write(f"Athena on http://127.0.0.1:{found.port}\n")
    uvicorn.run(
        create_app(settings),
        host="127.0.0.1",
        port=found.port,
        fd=found.fd,
        log_level="warning",
        **OPTIONS,
    )
    logging.shutdown()
    os._exit(0)  # the interpreter would wait for a query that cannot be interrupted


if __name__ == "__main__":
    main()

"""Runs the plane alone: `python -m local.firehose --port 4570 --endpoint-url http://127.0.0.1:4566`."""

from __future__ import annotations

import socket
from pathlib import Path

import click
import uvicorn

from local.firehose.app import create_app
from local.firehose.settings import Settings


@click.command()
@click.option("--port", type=int, required=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--endpoint-url", required=True, help="Where S3, Kinesis, Lambda and Glue answer.")
@click.option("--region", default="us-east-1", show_default=True)
@click.option("--account-id", default="000000000000", show_default=True)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    default=Path("build/firehose"),
    show_default=True,
)
@click.option("--poll-seconds", type=float, default=1.0, show_default=True)
def main(
    port: int, endpoint_url: str, region: str, account_id: str, state_dir: Path, poll_seconds: float
) -> None:
    """Serve the Firehose API and deliver, until interrupted."""
    app = create_app(Settings(endpoint_url, region, account_id, state_dir, poll_seconds))
    app.start()
    try:
        with socket.create_server(("127.0.0.1", port)) as listener:
            click.echo(f"http://127.0.0.1:{listener.getsockname()[1]}")
            config = uvicorn.Config(app, log_level="warning", lifespan="off")
            uvicorn.Server(config).run([listener])
    finally:
        app.stop()


if __name__ == "__main__":
    main()

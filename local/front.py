"""The local AWS on one port: sends each request to the plane that owns it, the rest to MiniStack.

Which request belongs to whom is decided here and nowhere else; what a plane does with it is not.
"""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

import uvicorn

from ingestion.compatibility import violations
from local import cloudformation, glue, location, ministack, server
from local.api import Api
from local.athena.server import OPTIONS, limit_process
from local.athena.settings import Settings as AthenaSettings
from local.dispatch import Control, Front
from local.firehose import app as firehose
from local.firehose.settings import Settings as FirehoseSettings
from local.lambda_app import CONTROL_PATH, LambdaApp
from local.ministack import ACCOUNT, REGION


def create_app(port: int, state: Path) -> Front:
    """The whole local AWS, its own calls going to 127.0.0.1:`port`, its state below `state`.

    Works once a process: MiniStack cannot be loaded twice.
    """
    from local.athena.api import app as athena  # imports DuckDB: after `limit_process`

    url = f"http://127.0.0.1:{port}"
    fallback = ministack.load(ministack.environment(port, state))
    cloudformation.install(Api(url, REGION))
    lambdas = LambdaApp(ACCOUNT, REGION)
    places = location.create_app(location.Settings(fallback, ministack.publish_as_service))
    delivery = firehose.create_app(FirehoseSettings(url, REGION, ACCOUNT, state / "firehose"))
    catalog = glue.create_app(glue.Settings(state / "glue.sqlite", violations))

    queries = AthenaSettings(url, state / "athena", REGION, ACCOUNT, s3_data_dir=state / "s3")
    return Front(
        targets={
            b"AmazonAthena": athena.create_app(queries, Front({b"AWSGlue": catalog}, {}, fallback)),
            b"AWSGlue": catalog,
            b"Firehose_20150804": delivery,
        },
        paths={
            CONTROL_PATH: lambdas,
            "/_heyblue/firehose/": delivery,
            "/_heyblue/": Control({"port": port, "state": str(state)}),
            "/2015-03-31/": lambdas,
            "/geofencing/v0/": places,
            "/tracking/v0/": places,
        },
        fallback=fallback,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, front: Front) -> None:
        super().__init__(config)
        self._front = front

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._front.stop_planes()
        await super().shutdown(sockets)


def serve(listener: socket.socket, state: Path) -> None:
    """Answer on a bound socket until SIGTERM or SIGINT."""
    front = create_app(listener.getsockname()[1], state)
    _Server(server.configuration(front, **OPTIONS), front).run(sockets=[listener])


def main() -> None:
    """`python -m local.front (--port N | --fd N) --state-dir DIR`"""
    parser = argparse.ArgumentParser(prog="python -m local.front", description=__doc__)
    server.add_arguments(parser)
    given = parser.parse_args()
    limit_process(AthenaSettings.memory_limit)
    listener = server.listener(given)
    sys.stderr.write(f"local AWS on http://127.0.0.1:{listener.getsockname()[1]}\n")
    serve(listener, given.state_dir.resolve())


if __name__ == "__main__":
    main()

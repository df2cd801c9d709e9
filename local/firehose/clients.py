"""The boto3 clients through which the plane reaches the other services, at one endpoint."""

from __future__ import annotations

from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local.firehose.settings import Settings

LAMBDA_SECONDS = 305


class Clients:
    """Clients of one worker; made in its thread, because boto3 sessions are not shared.

    Timestamps in responses are epoch seconds.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        core = botocore.session.get_session()
        # Most of the time of GetRecords went into a datetime with a zone for each record.
        core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=float)
        self._session: Any = boto3.session.Session(
            botocore_session=core,
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=settings.secret_access_key,
            region_name=settings.region,
        )
        self._made: dict[str, Any] = {}

    @property
    def kinesis(self) -> Any:
        """Kinesis Data Streams."""
        return self._client("kinesis")

    @property
    def s3(self) -> Any:
        """S3, buckets in the path."""
        return self._client("s3", s3={"addressing_style": "path"})

    @property
    def glue(self) -> Any:
        """The Glue Data Catalog."""
        return self._client("glue")

    @property
    def functions(self) -> Any:
        """Lambda."""
        return self._client("lambda", read_timeout=LAMBDA_SECONDS)

    def _client(self, name: str, **options: Any) -> Any:
        if name in self._made:
            return self._made[name]
        # The worker itself tries again; a second loop of retries would only delay its stop.
        once = {"connect_timeout": 5, "read_timeout": 60, "retries": {"total_max_attempts": 1}}
        config = Config(**{**once, **options})
        self._made[name] = self._session.client(
            name, endpoint_url=self._settings.endpoint_url, config=config
        )
        return self._made[name]

    def close(self) -> None:
        """Close the pooled connections."""
        for client in self._made.values():
            client.close()

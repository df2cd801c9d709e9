"""Calls of the local AWS's APIs with properties as CloudFormation's templates write them.

Properties are shaped by botocore's model of the call, so that one which the API does not know is
refused by name instead of dropped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

Properties = dict[str, Any]
_GONE = frozenset(
    {"EntityNotFoundException", "ResourceNotFoundException", "InvalidRequestException"}
)


class ResourceError(ValueError):
    """A resource cannot be made as declared; the message names the property and the type."""


class Api:
    """boto3 clients for one endpoint, made when first used."""

    def __init__(self, endpoint_url: str, region: str) -> None:
        self._endpoint_url = endpoint_url
        self._region = region
        self._clients: dict[str, Any] = {}

    @cached_property
    def _session(self) -> Any:
        return boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=self._region
        )

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service,
                endpoint_url=self._endpoint_url,
                config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
            )
        return self._clients[service]

    def call(self, service: str, operation: str, properties: Mapping[str, Any]) -> Any:
        """Call `operation` (such as CreateTable) with properties shaped as its input."""
        client = self.client(service)
        shape = client.meta.service_model.operation_model(operation).input_shape
        return getattr(client, xform_name(operation))(**shaped(properties, shape, operation))

    def remove(self, service: str, operation: str, properties: Mapping[str, Any]) -> None:
        """As `call`, for a deletion: what is gone already is no error."""
        try:
            self.call(service, operation, properties)
        except ClientError as refused:
            if refused.response["Error"]["Code"] not in _GONE:
                raise


def shaped(value: Any, shape: Any, path: str) -> Any:
    """A template's value as a member of this botocore shape.

    Templates carry numbers and booleans as text, tags as a list of {Key, Value} and documents as
    objects. Raises ResourceError for a property that the shape does not have.
    """
    kind = shape.type_name
    if kind == "structure":
        return _structure(value, shape, path)
    if kind == "list":
        items = value if isinstance(value, list) else [value]
        return [shaped(item, shape.member, f"{path}[{at}]") for at, item in enumerate(items)]
    if kind == "map":
        pairs = value if isinstance(value, dict) else {t["Key"]: t["Value"] for t in value}
        return {str(k): shaped(v, shape.value, f"{path}.{k}") for k, v in pairs.items()}
    if kind == "string":
        return _text(value)
    return _scalar(value, kind, path)


def _structure(value: Any, shape: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ResourceError(f"{path} must be an object, is {value!r}")
    unknown = sorted(set(value) - set(shape.members))
    if unknown:
        raise ResourceError(f"{path} has no property {', '.join(unknown)}")
    return {
        name: shaped(member, shape.members[name], f"{path}.{name}")
        for name, member in value.items()
        if member is not None
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _scalar(value: Any, kind: str, path: str) -> Any:
    try:
        if kind == "boolean":
            return {"true": True, "false": False}[str(value).lower()]
        if kind in ("integer", "long"):
            return int(value)
        return float(value) if kind in ("float", "double") else value
    except (KeyError, ValueError) as refused:
        raise ResourceError(f"{path} must be a {kind}, is {value!r}") from refused

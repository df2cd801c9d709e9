"""The ProcessingConfiguration of a destination, read and checked; running it is `transformation`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local.firehose.errors import ExpressionError, InvalidArgument
from local.firehose.queries import Path, read_query

MEBIBYTE = 1 << 20
MOST_RETRIES = 300
Parameters = Mapping[str, str]


@dataclass(frozen=True)
class Function:
    """The Lambda processor; sizes and intervals are hints of one invocation."""

    arn: str
    retries: int = 3
    size_bytes: int = MEBIBYTE
    interval_seconds: int = 60


@dataclass(frozen=True)
class Processors:
    """What happens to a record between source and object."""

    function: Function | None = None
    query: Mapping[str, Path] = field(default_factory=dict)
    delimiter: bytes = b""


def read_processors(config: Mapping[str, Any]) -> Processors:
    """Read a ProcessingConfiguration; raises InvalidArgument naming what is wrong."""
    result = Processors()
    seen: set[str] = set()
    for processor in config.get("Processors") or [] if config.get("Enabled") else []:
        kind = processor["Type"]
        if kind not in READERS:
            raise InvalidArgument(f"Processor type {kind} is not supported here")
        if kind in seen:
            raise InvalidArgument(f"ProcessingConfiguration has more than one {kind} processor")
        seen.add(kind)
        result = READERS[kind](result, _parameters(processor))
    return result


def _parameters(processor: Mapping[str, Any]) -> Parameters:
    known = PARAMETERS[processor["Type"]]
    values: dict[str, str] = {}
    for parameter in processor.get("Parameters") or []:
        name = parameter["ParameterName"]
        if name not in known:
            raise InvalidArgument(f"{processor['Type']} processor does not take parameter {name}")
        values[name] = parameter["ParameterValue"]
    return values


def _number(parameters: Parameters, name: str, default: float, low: float, high: float) -> float:
    text = parameters.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        raise InvalidArgument(f"{name} {text!r} is not a number") from None
    if not low <= value <= high:
        raise InvalidArgument(f"{name} {text} must be from {low:g} to {high:g}")
    return value


def _lambda(result: Processors, parameters: Parameters) -> Processors:
    arn = parameters.get("LambdaArn", "")
    if ":lambda:" not in arn or ":function:" not in arn:
        raise InvalidArgument(f"LambdaArn {arn!r} is not the ARN of a function")
    function = Function(
        arn=arn,
        retries=int(_number(parameters, "NumberOfRetries", 3, 0, MOST_RETRIES)),
        size_bytes=int(_number(parameters, "BufferSizeInMBs", 1, 0.2, 3) * MEBIBYTE),
        interval_seconds=int(_number(parameters, "BufferIntervalInSeconds", 60, 0, 900)),
    )
    return replace(result, function=function)


def _metadata(result: Processors, parameters: Parameters) -> Processors:
    engine = parameters.get("JsonParsingEngine", "JQ-1.6")
    if engine != "JQ-1.6":
        raise InvalidArgument(f"JsonParsingEngine {engine!r} must be JQ-1.6")
    try:
        return replace(result, query=read_query(parameters.get("MetadataExtractionQuery", "")))
    except ExpressionError as error:
        raise InvalidArgument(str(error)) from None


def _delimiter(result: Processors, parameters: Parameters) -> Processors:
    text = parameters.get("Delimiter", "\\n")
    if text == "\\n":
        return replace(result, delimiter=b"\n")
    try:
        return replace(result, delimiter=base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        raise InvalidArgument(f"Delimiter {text!r} must be \\n or base64") from None


READERS: dict[str, Callable[[Processors, Parameters], Processors]] = {
    "Lambda": _lambda,
    "MetadataExtraction": _metadata,
    "AppendDelimiterToRecord": _delimiter,
}
PARAMETERS = {
    "Lambda": {
        "LambdaArn",
        "NumberOfRetries",
        "RoleArn",
        "BufferSizeInMBs",
        "BufferIntervalInSeconds",
    },
    "MetadataExtraction": {"MetadataExtractionQuery", "JsonParsingEngine"},
    "AppendDelimiterToRecord": {"Delimiter"},
}

"""The functions that the Lambda API knows: their configuration, policies and event source mappings.

Nothing is executed here and nothing is known of HTTP.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]

# What a mapping does where its creator says nothing (API reference, CreateEventSourceMapping).
_STREAM_DEFAULTS: Record = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "BisectBatchOnFunctionError": False,
    "TumblingWindowInSeconds": 0,
    "DestinationConfig": {},
    "FunctionResponseTypes": [],
}
_QUEUE_DEFAULTS: Record = {
    "BatchSize": 10,
    "MaximumBatchingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
}


class LambdaError(Exception):
    """A refused request; `code` is the exception name of the Lambda API reference."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class NotFoundError(LambdaError):
    def __init__(self, message: str) -> None:
        super().__init__(404, "ResourceNotFoundException", message)


class ConflictError(LambdaError):
    def __init__(self, message: str) -> None:
        super().__init__(409, "ResourceConflictException", message)


class Lambdas:
    """Declared functions, their policies and event source mappings; nothing of HTTP."""

    def __init__(self, account: str, region: str) -> None:
        self._prefix = f"arn:aws:lambda:{region}:{account}"
        self._functions: dict[str, Record] = {}
        self._tags: dict[str, Record] = {}
        self._policies: dict[str, dict[str, Record]] = {}
        self._mappings: dict[str, Record] = {}

    def everything(self) -> list[Record]:
        """Each function with its environment and its event source mappings."""
        return [
            {
                "name": name,
                "arn": function["FunctionArn"],
                "handler": function.get("Handler", ""),
                "timeout_s": function["Timeout"],
                "memory_mb": function["MemorySize"],
                "environment": function["Environment"]["Variables"],
                "event_source_mappings": self._mappings_of(function),
            }
            for name, function in sorted(self._functions.items())
        ]

    def create(self, request: Record) -> Record:
        name = name_in(request["FunctionName"])
        if name in self._functions:
            raise ConflictError(f"Function already exist: {name}")
        self._functions[name] = {
            "FunctionName": name,
            "FunctionArn": f"{self._prefix}:function:{name}",
            "Version": "$LATEST",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
            "CodeSize": 0,
            "Timeout": 3,
            "MemorySize": 128,
            "Environment": {"Variables": {}},
            "TracingConfig": {"Mode": "PassThrough"},
            "Architectures": ["x86_64"],
        }
        self._tags[name] = request.get("Tags") or {}
        return self.update(name, request)

    def list_functions(self, request: Record) -> Record:
        return {"Functions": [f for _, f in sorted(self._functions.items())]}

    def get(self, name: str, request: Record) -> Record:
        found = self.function(name)
        tags = self._tags[found["FunctionName"]]
        return {"Configuration": found, "Code": {"RepositoryType": "S3"}, "Tags": tags}

    def function(self, reference: str, request: Record | None = None) -> Record:
        """The configuration of a function, by name or ARN. Raises NotFoundError."""
        name = name_in(reference)
        if name not in self._functions:
            raise NotFoundError(f"Function not found: {self._prefix}:function:{name}")
        return self._functions[name]

    def update(self, name: str, request: Record) -> Record:
        function = self.function(name)
        ignored = ("Code", "FunctionName", "Tags", "Publish", "RevisionId")
        function |= {k: v for k, v in request.items() if k not in ignored and v is not None}
        function["Environment"].setdefault("Variables", {})
        function["LastModified"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        function["RevisionId"] = str(uuid.uuid4())
        return function

    def update_code(self, name: str, request: Record) -> Record:
        """The host runs what lies on this machine: new code changes the revision alone."""
        return self.update(name, {})

    def delete(self, name: str, request: Record) -> Record:
        found = self.function(name)["FunctionName"]
        del self._functions[found], self._tags[found]
        self._policies.pop(found, None)
        return {}

    def permit(self, name: str, request: Record) -> Record:
        function = self.function(name)
        statements = self._policies.setdefault(function["FunctionName"], {})
        sid = request["StatementId"]
        if sid in statements:
            raise ConflictError(f"The statement id ({sid}) provided already exists")
        statements[sid] = _statement(function["FunctionArn"], request)
        return {"Statement": json.dumps(statements[sid])}

    def policy(self, name: str, request: Record) -> Record:
        statements = list(self._policies.get(self.function(name)["FunctionName"], {}).values())
        if not statements:
            raise NotFoundError(f"{name} has no policy")
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
        return {"Policy": json.dumps(policy)}

    def forbid(self, name: str, sid: str, request: Record) -> Record:
        if self._policies.get(name_in(name), {}).pop(sid, None) is None:
            raise NotFoundError(f"{name} has no statement {sid}")
        return {}

    def map(self, request: Record) -> Record:
        arn, source = (
            self.function(request["FunctionName"])["FunctionArn"],
            request["EventSourceArn"],
        )
        for known in self._mappings.values():
            if (known["FunctionArn"], known["EventSourceArn"]) == (arn, source):
                raise ConflictError(f"{source} is mapped to {arn} already by {known['UUID']}")
        mapping_id = str(uuid.uuid4())
        self._mappings[mapping_id] = {
            **(_QUEUE_DEFAULTS if ":sqs:" in source else _STREAM_DEFAULTS),
            "UUID": mapping_id,
            "EventSourceArn": source,
            "FunctionArn": arn,
            "EventSourceMappingArn": f"{self._prefix}:event-source-mapping:{mapping_id}",
            "StateTransitionReason": "User action",
            "State": "Enabled",
        }
        return self.update_mapping(mapping_id, request)

    def list_mappings(self, request: Record) -> Record:
        found = list(self._mappings.values())
        if request.get("FunctionName"):
            found = self._mappings_of(self.function(request["FunctionName"]))
        source = request.get("EventSourceArn")
        return {
            "EventSourceMappings": [m for m in found if source in (None, "", m["EventSourceArn"])]
        }

    def mapping(self, mapping_id: str, request: Record | None = None) -> Record:
        if mapping_id not in self._mappings:
            raise NotFoundError(f"The event source mapping {mapping_id} is unknown")
        return self._mappings[mapping_id]

    def update_mapping(self, mapping_id: str, request: Record) -> Record:
        mapping = self.mapping(mapping_id)
        ignored = ("FunctionName", "EventSourceArn", "Enabled", "Tags", "UUID")
        mapping |= {k: v for k, v in request.items() if k not in ignored and v is not None}
        if "Enabled" in request:
            mapping["State"] = "Enabled" if request["Enabled"] else "Disabled"
        mapping["LastModified"] = datetime.now(UTC).timestamp()
        return mapping

    def unmap(self, mapping_id: str, request: Record) -> Record:
        found = self.mapping(mapping_id)
        del self._mappings[mapping_id]
        return {**found, "State": "Deleting"}

    def _mappings_of(self, function: Record) -> list[Record]:
        arn = function["FunctionArn"]
        return [m for m in self._mappings.values() if m["FunctionArn"] == arn]


def name_in(reference: str) -> str:
    """The name in a function's name, partial ARN or ARN; a version or alias is dropped."""
    return reference.rpartition("function:")[2].partition(":")[0]


def _statement(arn: str, request: Record) -> Record:
    principal = request["Principal"]
    statement = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": {"Service" if principal.endswith(".amazonaws.com") else "AWS": principal},
        "Action": request["Action"],
        "Resource": arn,
    }
    if request.get("SourceArn"):
        statement["Condition"] = {"ArnLike": {"AWS:SourceArn": request["SourceArn"]}}
    return statement

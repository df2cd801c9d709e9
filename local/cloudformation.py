"""Teaches MiniStack's CloudFormation which resource types are ours, and what it forgets of its own.

Stacks, templates, intrinsics, events and rollbacks stay MiniStack's: it asks a provisioner for each
resource, and the provisioners set here call the APIs of the front. MiniStack's own services never
see a resource of ours, so it exists once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from local.api import Api, Properties, ResourceError
from local.resources import OWNED, Attributes, Owned

Created = tuple[str, Attributes]
Completion = Callable[[Api, str, Properties, Properties], None]


def install(api: Api) -> None:
    """Set the provisioners; call once, before the first stack."""
    from ministack.services.cloudformation import provisioners, stacks

    handlers = provisioners._RESOURCE_HANDLERS
    for owned in OWNED:
        handlers[owned.kind] = _provisioner(owned(api))
    for kind, complete in COMPLETIONS.items():
        handlers[kind] = _completed(handlers[kind], complete, api)
    ours = frozenset({*(owned.kind for owned in OWNED), *COMPLETIONS})
    blocks = stacks._runs_on_worker_thread
    # Our provisioners call this very server: on its event loop they would wait for themselves.
    stacks._runs_on_worker_thread = lambda kind: kind in ours or blocks(kind)


def _provisioner(owned: Owned) -> dict[str, Any]:
    """The functions that MiniStack calls for a type that is ours."""

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        return owned.create(_physical_name(stack, logical_id), properties)

    def update(
        physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str
    ) -> Created:
        replaced = sorted(key for key in owned.fixed if old.get(key) != new.get(key))
        if not replaced:
            return owned.update(physical_id, old, new)
        custom = new.get(owned.named_by)
        if custom and custom == old.get(owned.named_by):
            raise ResourceError(
                f"CloudFormation cannot update a stack when a custom-named resource requires"
                f" replacing ({', '.join(replaced)}). Rename {custom} and update the stack again."
            )
        # MiniStack deletes the predecessor when the update is complete, as the id has changed.
        return owned.create(_physical_name(stack, logical_id, str(sorted(new.items()))), new)

    return {
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": owned.delete,
    }


def _completed(handler: dict[str, Any], complete: Completion, api: Api) -> dict[str, Any]:
    """MiniStack's own provisioner, followed by API calls for the properties it drops."""
    create, update = handler["create"], handler["update"]

    def create_completely(logical_id: str, properties: Properties, stack: str) -> Created:
        created: Created = create(logical_id, properties, stack)
        complete(api, created[0], {}, properties)
        return created

    def update_completely(
        physical_id: str, old: Properties, new: Properties, *names: str
    ) -> Created:
        updated: Created = update(physical_id, old, new, *names)
        complete(api, updated[0], old if updated[0] == physical_id else {}, new)
        return updated

    return {**handler, "create": create_completely, "update": update_completely}


def _physical_name(stack: str, logical_id: str, salt: str = "") -> str:
    """A name as CloudFormation generates it, the same for the same stack, resource and salt."""
    digest = hashlib.sha256(f"{stack}/{logical_id}/{salt}".encode()).hexdigest()[:12]
    return f"{stack}-{logical_id}-{digest}"


def _complete_bucket(api: Api, name: str, old: Properties, new: Properties) -> None:
    where = {"Bucket": name}
    if "BucketEncryption" in new:
        api.call(
            "s3",
            "PutBucketEncryption",
            {**where, "ServerSideEncryptionConfiguration": _encryption(new["BucketEncryption"])},
        )
    elif "BucketEncryption" in old:
        api.call("s3", "DeleteBucketEncryption", where)
    if "LifecycleConfiguration" in new:
        rules = [_lifecycle_rule(rule) for rule in new["LifecycleConfiguration"]["Rules"]]
        given = {**where, "LifecycleConfiguration": {"Rules": rules}}
        api.call("s3", "PutBucketLifecycleConfiguration", given)
    elif "LifecycleConfiguration" in old:
        api.call("s3", "DeleteBucketLifecycle", where)


def _encryption(declared: Properties) -> Properties:
    """The API's form: its rules name the default differently from the template's."""
    rules = [
        {
            ("ApplyServerSideEncryptionByDefault" if k == "ServerSideEncryptionByDefault" else k): v
            for k, v in rule.items()
        }
        for rule in declared["ServerSideEncryptionConfiguration"]
    ]
    return {"Rules": rules}


def _lifecycle_rule(declared: Properties) -> Properties:
    """The API's form of a template's rule.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
    """
    rule: Properties = {"Status": declared["Status"], "Filter": _lifecycle_filter(declared)}
    if "Id" in declared:
        rule["ID"] = declared["Id"]
    if "ExpirationInDays" in declared:
        rule["Expiration"] = {"Days": declared["ExpirationInDays"]}
    if "Transitions" in declared:
        rule["Transitions"] = [_transition(t, "Days") for t in declared["Transitions"]]
    if "NoncurrentVersionTransitions" in declared:
        rule["NoncurrentVersionTransitions"] = [
            _transition(t, "NoncurrentDays") for t in declared["NoncurrentVersionTransitions"]
        ]
    for same in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if same in declared:
            rule[same] = declared[same]
    unknown = set(declared) - _RULE_PROPERTIES
    if unknown:
        raise ResourceError(f"LifecycleConfiguration: {sorted(unknown)} is not supported here")
    return rule


_RULE_PROPERTIES = frozenset(
    {
        "Status",
        "Id",
        "Prefix",
        "TagFilters",
        "ExpirationInDays",
        "Transitions",
        "NoncurrentVersionTransitions",
        "NoncurrentVersionExpiration",
        "AbortIncompleteMultipartUpload",
    }
)


def _lifecycle_filter(declared: Properties) -> Properties:
    prefix, tags = declared.get("Prefix", ""), declared.get("TagFilters", [])
    return {"And": {"Prefix": prefix, "Tags": tags}} if tags else {"Prefix": prefix}


def _transition(declared: Properties, days: str) -> Properties:
    return {days: declared["TransitionInDays"], "StorageClass": declared["StorageClass"]}


def _complete_table(api: Api, name: str, old: Properties, new: Properties) -> None:
    ttl = new.get("TimeToLiveSpecification")
    if ttl != old.get("TimeToLiveSpecification"):
        given = ttl or {**old["TimeToLiveSpecification"], "Enabled": False}
        api.call(
            "dynamodb", "UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": given}
        )
    recovery = new.get("PointInTimeRecoverySpecification")
    if recovery != old.get("PointInTimeRecoverySpecification"):
        given = recovery or {"PointInTimeRecoveryEnabled": False}
        api.call(
            "dynamodb",
            "UpdateContinuousBackups",
            {"TableName": name, "PointInTimeRecoverySpecification": given},
        )
    encryption = new.get("SSESpecification")
    if encryption and not old:
        given = {("Enabled" if k == "SSEEnabled" else k): v for k, v in encryption.items()}
        api.call("dynamodb", "UpdateTable", {"TableName": name, "SSESpecification": given})


def _complete_stream(api: Api, name: str, old: Properties, new: Properties) -> None:
    was, wanted = old.get("StreamEncryption"), new.get("StreamEncryption")
    if was == wanted:
        return
    if was:
        api.call("kinesis", "StopStreamEncryption", {"StreamName": name, **was})
    if wanted:
        api.call("kinesis", "StartStreamEncryption", {"StreamName": name, **wanted})


COMPLETIONS: dict[str, Completion] = {
    "AWS::S3::Bucket": _complete_bucket,
    "AWS::DynamoDB::Table": _complete_table,
    "AWS::Kinesis::Stream": _complete_stream,
}

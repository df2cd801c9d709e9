"""Generates `infra/template.yaml` from `infra/base.yaml`, the datasets and the services' own facts.

A service states what AWS must know of it in `services/<name>/function.yml`; nothing here names one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import yaml

from ingestion.contract import Dataset
from ingestion.glue import PARQUET, projection
from ingestion.lake import COLUMNS, COMMENTS

TEMPLATE = Path("infra/template.yaml")
BASE = Path("infra/base.yaml")
ENVIRONMENT = {
    "HEYBLUE_PREFIX": {"Ref": "Prefix"},
    "HEYBLUE_LAKE_BUCKET": {"Ref": "LakeBucket"},
    "HEYBLUE_ATHENA_BUCKET": {"Ref": "AthenaBucket"},
}
ERROR_TYPES = "processing-failed,format-conversion-failed"

Resource = dict[str, Any]


def text(root: Path) -> str:
    """The whole template as YAML."""
    template = yaml.safe_load((root / BASE).read_text())
    resources: Resource = template["Resources"]
    resources["RecordTable"] = _record_table()
    for dataset in get_args(Dataset):
        resources |= _delivery(dataset)
    for path in sorted((root / "services").glob("*/function.yml")):
        resources |= _function(path.parent.name, yaml.safe_load(path.read_text()))
    return yaml.dump(template, Dumper=_Plain, sort_keys=False, width=100)


class _Plain(yaml.SafeDumper):
    """Writes shared values out in full: CloudFormation knows no YAML anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _record_table() -> Resource:
    """The row that Firehose converts to; each event type's own table has the same columns."""
    columns = [
        {"Name": name, "Type": kind, "Comment": COMMENTS[name]} for name, kind in COLUMNS.items()
    ]
    storage = {"Columns": columns, "Location": _sub("s3://${LakeBucket}/record/"), **PARQUET}
    return _table(
        "RawDatabase",
        {
            "Name": "record",
            "Description": "The row that delivery converts every event to; holds no data itself.",
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
            "StorageDescriptor": storage,
        },
    )


def _delivery(dataset: str) -> Resource:
    """A dataset's data stream, its delivery stream to the lake and the table of its errors."""
    name = dataset.capitalize()
    return {
        f"{name}Stream": {
            "Type": "AWS::Kinesis::Stream",
            "Properties": {
                "Name": _sub(f"${{Prefix}}-{dataset}"),
                "ShardCount": {"Ref": "ShardCount"},
                "RetentionPeriodHours": 168,
                "StreamEncryption": {"EncryptionType": "KMS", "KeyId": _arn("Key")},
            },
        },
        f"{name}Delivery": {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "Properties": {
                "DeliveryStreamName": _sub(f"${{Prefix}}-lake-{dataset}"),
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": {
                    "KinesisStreamARN": _arn(f"{name}Stream"),
                    "RoleARN": _arn("DeliveryRole"),
                },
                "ExtendedS3DestinationConfiguration": _destination(dataset),
            },
        },
        f"{name}Errors": _errors_table(dataset),
    }


def _destination(dataset: str) -> Resource:
    lambda_parameters = {
        "LambdaArn": _arn("TransformFunction"),
        "BufferSizeInMBs": "1",
        "BufferIntervalInSeconds": "60",
        "NumberOfRetries": "3",
    }
    return {
        "BucketARN": _arn("LakeBucket"),
        "RoleARN": _arn("DeliveryRole"),
        # 64 MB is the least that Firehose takes with format conversion.
        "BufferingHints": {
            "SizeInMBs": 64,
            "IntervalInSeconds": {"Ref": "FirehoseIntervalSeconds"},
        },
        "CompressionFormat": "UNCOMPRESSED",
        "Prefix": f"raw/{dataset}/event_type=!{{partitionKeyFromLambda:event_type}}"
        "/dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/",
        "ErrorOutputPrefix": f"errors/{dataset}/!{{firehose:error-output-type}}"
        "/dt=!{timestamp:yyyy-MM-dd}/",
        "DynamicPartitioningConfiguration": {
            "Enabled": True,
            "RetryOptions": {"DurationInSeconds": 300},
        },
        "ProcessingConfiguration": {
            "Enabled": True,
            "Processors": [
                {
                    "Type": "Lambda",
                    "Parameters": [
                        {"ParameterName": name, "ParameterValue": value}
                        for name, value in lambda_parameters.items()
                    ],
                }
            ],
        },
        "DataFormatConversionConfiguration": {
            "Enabled": True,
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {
                "Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}
            },
            "SchemaConfiguration": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseName": {"Ref": "RawDatabase"},
                "TableName": {"Ref": "RecordTable"},
                "Region": {"Ref": "AWS::Region"},
                "RoleARN": _arn("DeliveryRole"),
                "VersionId": "LATEST",
            },
        },
    }


def _errors_table(dataset: str) -> Resource:
    """Firehose's error objects: one JSON document a line.

    https://docs.aws.amazon.com/firehose/latest/dev/retry.html
    """
    fields = {
        "attemptsMade": "int",
        "arrivalTimestamp": "bigint",
        "errorCode": "string",
        "errorMessage": "string",
        "attemptEndingTimestamp": "bigint",
        "rawData": "string",
        "lambdaArn": "string",
        "sequenceNumber": "string",
        "subSequenceNumber": "bigint",
    }
    location = f"s3://${{LakeBucket}}/errors/{dataset}/"
    serde = {
        "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
        "Parameters": {"case.insensitive": "true"},
    }
    dates = {
        key: value for key, value in projection("").items() if key.startswith("projection.dt.")
    }
    return _table(
        "ErrorsDatabase",
        {
            "Name": dataset,
            "Description": f"Records of the {dataset} stream that did not reach the lake.",
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [
                {"Name": "error_type", "Type": "string"},
                {"Name": "dt", "Type": "string"},
            ],
            "Parameters": {
                "classification": "json",
                "EXTERNAL": "TRUE",
                "projection.enabled": "true",
                "projection.error_type.type": "enum",
                "projection.error_type.values": ERROR_TYPES,
                **dates,
                "storage.location.template": _sub(location + "${!error_type}/dt=${!dt}/"),
            },
            "StorageDescriptor": {
                "Columns": [{"Name": n.lower(), "Type": kind} for n, kind in fields.items()],
                "Location": _sub(location),
                "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                "SerdeInfo": serde,
            },
        },
    )


def _table(database: str, table: Resource) -> Resource:
    return {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": database},
            "TableInput": table,
        },
    }


def _function(folder: str, facts: dict[str, Any]) -> Resource:
    """A function with its role, and its route or event sources."""
    name = folder.capitalize()
    resources: Resource = {
        f"{name}Role": _role(facts),
        f"{name}Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": _sub(f"${{Prefix}}-{folder}"),
                "Description": facts["description"],
                "Runtime": "python3.11",
                "Architectures": ["x86_64"],
                "Handler": facts["handler"],
                "Role": _arn(f"{name}Role"),
                "Code": {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}},
                "Timeout": facts["timeout_s"],
                "MemorySize": facts["memory_mb"],
                "Environment": {"Variables": dict(ENVIRONMENT)},
            },
        },
    }
    if facts.get("http"):
        resources |= _route(folder, name)
    for index, source in enumerate(facts.get("sources", ())):
        resources[f"{name}Source{index or ''}"] = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"FunctionName": {"Ref": f"{name}Function"}, **source},
        }
    return resources


def _role(facts: dict[str, Any]) -> Resource:
    logs = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": _sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*"),
    }
    key = {
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": _arn("Key"),
    }
    allowed = [{"Effect": "Allow", **statement} for statement in facts.get("permissions", ())]
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            "Policies": [
                {
                    "PolicyName": "needs",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [logs, key, *allowed]},
                }
            ],
        },
    }


def _route(folder: str, name: str) -> Resource:
    integration = {
        "ApiId": {"Ref": "Api"},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": _arn(f"{name}Function"),
        "PayloadFormatVersion": "2.0",
    }
    route = {
        "ApiId": {"Ref": "Api"},
        "RouteKey": f"ANY /{folder}/{{proxy+}}",
        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": f"{name}Integration"}]]},
    }
    arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": f"{name}Function"},
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": _sub(arn),
    }
    return {
        f"{name}Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": integration,
        },
        f"{name}Route": {"Type": "AWS::ApiGatewayV2::Route", "Properties": route},
        f"{name}Permission": {"Type": "AWS::Lambda::Permission", "Properties": permission},
    }


def _sub(template: str) -> dict[str, str]:
    return {"Fn::Sub": template}


def _arn(resource: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [resource, "Arn"]}

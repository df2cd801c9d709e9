"""Stacks against the real front: what is declared exists once, in the plane that owns it."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.integration
Template = dict[str, Any]


@dataclass(frozen=True)
class Stack:
    name: str
    client: Any

    def create(self, template: Template | str, **parameters: str) -> Any:
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
        self.client.create_stack(
            StackName=self.name,
            TemplateBody=template if isinstance(template, str) else json.dumps(template),
            Parameters=given,
            Capabilities=["CAPABILITY_IAM"],
        )
        return self.settled()

    def update(self, template: Template) -> Any:
        self.client.update_stack(StackName=self.name, TemplateBody=json.dumps(template))
        return self.settled()

    def delete(self) -> Any:
        stack_id = self.client.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        self.client.delete_stack(StackName=self.name)
        return self.settled(stack_id)

    def settled(self, stack_id: str = "") -> Any:
        while True:
            (stack,) = self.client.describe_stacks(StackName=stack_id or self.name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            time.sleep(0.05)

    def outputs(self) -> dict[str, str]:
        return {o["OutputKey"]: o["OutputValue"] for o in self.settled()["Outputs"]}

    def failures(self) -> str:
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in events
            if event["ResourceStatus"].endswith("_FAILED")
        )


@pytest.fixture
def stack(aws: Any) -> Stack:
    return Stack(f"t{uuid.uuid4().hex[:8]}", aws.client("cloudformation"))


def _catalog(prefix: str) -> Template:
    return {
        "Resources": {
            "Database": {
                "Type": "AWS::Glue::Database",
                "Properties": {
                    "CatalogId": {"Ref": "AWS::AccountId"},
                    "DatabaseInput": {"Name": f"{prefix}_db"},
                },
            },
            "Table": {
                "Type": "AWS::Glue::Table",
                "Properties": {
                    "CatalogId": {"Ref": "AWS::AccountId"},
                    "DatabaseName": {"Ref": "Database"},
                    "TableInput": {
                        "Name": "events",
                        "Parameters": {"projection.enabled": True, "rows": 5},
                        "StorageDescriptor": {
                            "Columns": [{"Name": "id", "Type": "string"}],
                            "Location": {"Fn::Sub": "s3://lake-${AWS::Region}/events/"},
                        },
                    },
                },
            },
        }
    }


YAML = """
Parameters:
  Interval: {Type: Number, Default: 60}
Resources:
  Delivery:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamName: !Sub "${AWS::StackName}-lake"
      DeliveryStreamType: KinesisStreamAsSource
      KinesisStreamSourceConfiguration:
        KinesisStreamARN: !GetAtt Stream.Arn
        RoleARN: !GetAtt Role.Arn
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Bucket.Arn
        RoleARN: !GetAtt Role.Arn
        BufferingHints: {SizeInMBs: 5, IntervalInSeconds: !Ref Interval}
        Prefix: raw/
        ErrorOutputPrefix: "errors/!{firehose:error-output-type}/"
  Stream:
    Type: AWS::Kinesis::Stream
    Properties:
      Name: !Sub "${AWS::StackName}-events"
      ShardCount: 1
      StreamEncryption: {EncryptionType: KMS, KeyId: alias/aws/kinesis}
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "${AWS::StackName}-lake"
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: aws:kms}
      LifecycleConfiguration:
        Rules:
          - {Id: cold, Status: Enabled, Prefix: raw/,
             Transitions: [{StorageClass: GLACIER, TransitionInDays: 90}]}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "${AWS::StackName}-ledger"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      TimeToLiveSpecification: {AttributeName: expires, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-outbox"
      Runtime: python3.11
      Handler: services.outbox.handler.handle
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: code, S3Key: functions.zip}
      Timeout: "30"
      Environment:
        Variables: {LAKE: !Ref Bucket, DELIVERY: !Ref Delivery}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Function
      EventSourceArn: !GetAtt Table.StreamArn
      StartingPosition: TRIM_HORIZON
      BatchSize: 50
      FunctionResponseTypes: [ReportBatchItemFailures]
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
  Tracker:
    Type: AWS::Location::Tracker
    Properties: {TrackerName: !Sub "${AWS::StackName}-devices"}
  Officers:
    Type: AWS::Location::GeofenceCollection
    Properties: {CollectionName: !Sub "${AWS::StackName}-officers"}
  Consumer:
    Type: AWS::Location::TrackerConsumer
    Properties:
      TrackerName: !Ref Tracker
      ConsumerArn: !GetAtt Officers.Arn
  Registry:
    Type: AWS::Glue::Registry
    Properties: {Name: !Sub "${AWS::StackName}-events", Tags: [{Key: a, Value: b}]}
  Schema:
    Type: AWS::Glue::Schema
    Properties:
      Registry: {Arn: !GetAtt Registry.Arn}
      Name: PointsGiven
      DataFormat: JSON
      Compatibility: BACKWARD
      SchemaDefinition: '{"type": "object"}'
Outputs:
  DeliveryArn: {Value: !GetAtt Delivery.Arn}
  FunctionArn: {Value: !GetAtt Function.Arn}
  Officers: {Value: !Ref Officers}
  Version: {Value: !GetAtt Schema.InitialSchemaVersionId}
"""


@pytest.fixture
def platform(stack: Stack) -> Stack:
    """A stack of every kind of resource that is ours, beside those that are not."""
    created = stack.create(YAML, Interval="90")
    assert created["StackStatus"] == "CREATE_COMPLETE", stack.failures()
    return stack


def test_references_between_our_resources_and_the_others_resolve(platform: Stack) -> None:
    outputs = platform.outputs()
    prefix = "arn:aws:firehose:us-east-1:000000000000:deliverystream"
    assert outputs["DeliveryArn"] == f"{prefix}/{platform.name}-lake"
    assert outputs["FunctionArn"].endswith(f":function:{platform.name}-outbox")
    assert outputs["Officers"] == f"{platform.name}-officers"
    assert uuid.UUID(outputs["Version"])


def test_all_resources_are_listed_as_created(platform: Stack) -> None:
    listed = platform.client.describe_stack_resources(StackName=platform.name)["StackResources"]
    assert len(listed) == 13
    assert {resource["ResourceStatus"] for resource in listed} == {"CREATE_COMPLETE"}


def test_numbers_that_templates_carry_as_text_arrive_as_numbers(aws: Any, platform: Stack) -> None:
    described = aws.client("firehose").describe_delivery_stream(
        DeliveryStreamName=f"{platform.name}-lake"
    )["DeliveryStreamDescription"]
    destination = described["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert destination["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 90}
    assert described["DeliveryStreamStatus"] == "ACTIVE"


def test_the_function_host_finds_functions_with_resolved_values(aws: Any, platform: Stack) -> None:
    listed = httpx.get(f"{aws.url}/_heyblue/functions").json()["functions"]
    (function,) = (f for f in listed if f["name"] == f"{platform.name}-outbox")
    lake = f"{platform.name}-lake"
    assert function["environment"] == {"LAKE": lake, "DELIVERY": lake}
    assert function["timeout_s"] == 30
    (source,) = function["event_source_mappings"]
    assert f"table/{platform.name}-ledger/stream/" in source["EventSourceArn"]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_properties_that_the_emulator_forgets_are_set(aws: Any, platform: Stack) -> None:
    bucket, table = f"{platform.name}-lake", f"{platform.name}-ledger"
    encryption = aws.client("s3").get_bucket_encryption(Bucket=bucket)
    (rule,) = encryption["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    (rule,) = aws.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Transitions"] == [{"Days": 90, "StorageClass": "GLACIER"}]
    dynamodb = aws.client("dynamodb")
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert recovery == "ENABLED"
    stream = aws.client("kinesis").describe_stream_summary(StreamName=f"{platform.name}-events")
    assert stream["StreamDescriptionSummary"]["EncryptionType"] == "KMS"


def test_the_tracker_feeds_the_collection(aws: Any, platform: Stack) -> None:
    name = f"{platform.name}-devices"
    (arn,) = aws.client("location").list_tracker_consumers(TrackerName=name)["ConsumerArns"]
    assert arn.endswith(f"geofence-collection/{platform.name}-officers")


def test_deleting_the_stack_deletes_all_of_it(aws: Any, platform: Stack) -> None:
    assert platform.delete()["StackStatus"] == "DELETE_COMPLETE"
    streams = aws.client("firehose").list_delivery_streams()["DeliveryStreamNames"]
    functions = [f["FunctionName"] for f in aws.client("lambda").list_functions()["Functions"]]
    collections = aws.client("location").list_geofence_collections()["Entries"]
    registries = aws.client("glue").list_registries()["Registries"]
    names = [*streams, *functions, *(c["CollectionName"] for c in collections)]
    names += [registry["RegistryName"] for registry in registries]
    assert not [name for name in names if name.startswith(platform.name)]


def test_a_failure_of_ours_rolls_everything_back_and_says_why(aws: Any, stack: Stack) -> None:
    template = _catalog(stack.name)
    template["Resources"]["Table"]["Properties"]["DatabaseName"] = "nowhere"
    template["Resources"]["Table"]["DependsOn"] = ["Database", "Queue"]
    template["Resources"]["Queue"] = {"Type": "AWS::SQS::Queue", "Properties": {}}
    assert stack.create(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Table: An error occurred (EntityNotFoundException)" in stack.failures()
    assert "nowhere" in stack.failures()
    glue = aws.client("glue")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_database(Name=f"{stack.name}_db")


def test_a_property_that_the_api_does_not_have_is_refused_by_name(stack: Stack) -> None:
    template = _catalog(stack.name)
    template["Resources"]["Table"]["Properties"]["TableInput"]["Colour"] = "red"
    assert stack.create(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "CreateTable.TableInput has no property Colour" in stack.failures()


def test_what_exists_already_fails_the_stack_and_stays(aws: Any, stack: Stack) -> None:
    glue = aws.client("glue")
    glue.create_database(DatabaseInput={"Name": f"{stack.name}_db", "Description": "mine"})
    assert stack.create(_catalog(stack.name))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "AlreadyExistsException" in stack.failures()
    assert glue.get_database(Name=f"{stack.name}_db")["Database"]["Description"] == "mine"


def test_an_update_changes_in_place_and_adds_and_removes(aws: Any, stack: Stack) -> None:
    template = _catalog(stack.name)
    stack.create(template)
    table = template["Resources"]["Table"]["Properties"]["TableInput"]
    table["Description"] = "changed"
    other = json.loads(json.dumps(template["Resources"]["Table"]))
    other["Properties"]["TableInput"]["Name"] = "others"
    template["Resources"]["Other"] = other
    assert stack.update(template)["StackStatus"] == "UPDATE_COMPLETE", stack.failures()
    tables = aws.client("glue").get_tables(DatabaseName=f"{stack.name}_db")["TableList"]
    assert {t["Name"]: t.get("Description") for t in tables} == {
        "events": "changed",
        "others": "changed",
    }
    del template["Resources"]["Other"]
    assert stack.update(template)["StackStatus"] == "UPDATE_COMPLETE", stack.failures()
    tables = aws.client("glue").get_tables(DatabaseName=f"{stack.name}_db")["TableList"]
    assert [t["Name"] for t in tables] == ["events"]


def test_a_changed_name_replaces_the_resource(aws: Any, stack: Stack) -> None:
    def collection(name: str) -> Template:
        kind = "AWS::Location::GeofenceCollection"
        return {"Resources": {"C": {"Type": kind, "Properties": {"CollectionName": name}}}}

    stack.create(collection(f"{stack.name}-a"))
    assert stack.update(collection(f"{stack.name}-b"))["StackStatus"] == "UPDATE_COMPLETE"
    entries = aws.client("location").list_geofence_collections()["Entries"]
    names = [e["CollectionName"] for e in entries if e["CollectionName"].startswith(stack.name)]
    assert names == [f"{stack.name}-b"]


def test_a_failed_update_rolls_back_to_what_was(aws: Any, stack: Stack) -> None:
    template = _catalog(stack.name)
    stack.create(template)
    template["Resources"]["Table"]["Properties"]["TableInput"]["Description"] = "changed"
    bad = json.loads(json.dumps(template["Resources"]["Table"]))
    bad["Properties"]["DatabaseName"] = "nowhere"
    template["Resources"]["Bad"] = {**bad, "DependsOn": "Table"}
    assert stack.update(template)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "nowhere" in stack.failures()
    table = aws.client("glue").get_table(DatabaseName=f"{stack.name}_db", Name="events")["Table"]
    assert "Description" not in table


def test_a_change_set_does_nothing_until_it_is_executed(aws: Any, stack: Stack) -> None:
    client, glue = stack.client, aws.client("glue")
    client.create_change_set(
        StackName=stack.name,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(_catalog(stack.name)),
    )
    names = [d["Name"] for d in glue.get_databases()["DatabaseList"]]
    assert f"{stack.name}_db" not in names
    client.execute_change_set(StackName=stack.name, ChangeSetName="first")
    assert stack.settled()["StackStatus"] == "CREATE_COMPLETE"
    assert glue.get_database(Name=f"{stack.name}_db")


def test_a_template_with_an_unknown_type_is_refused_before_anything_is_made(
    stack: Stack,
) -> None:
    template = _catalog(stack.name)
    template["Resources"]["X"] = {"Type": "AWS::Glue::Tabel", "Properties": {}}
    with pytest.raises(stack.client.exceptions.ClientError, match="AWS::Glue::Tabel"):
        stack.create(template)


def test_a_template_can_be_validated(stack: Stack) -> None:
    answer = stack.client.validate_template(TemplateBody=YAML)
    assert [p["ParameterKey"] for p in answer["Parameters"]] == ["Interval"]

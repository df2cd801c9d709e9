"""The services as their callers meet them: HTTP in front, the local AWS behind, events in Kinesis."""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import httpx
import pytest
from botocore.config import Config

from ingestion import envelope
from local.supervisor import Server, Supervisor, listen, port_of

pytestmark = pytest.mark.integration

PLACE = {"latitude": 41.88, "longitude": -87.63}
DATASETS = ("users", "transactions", "activity", "products")
HTTP = ("onboarding", "scoring", "content", "catalogs", "qr")


class Resources:
    """What the services need of AWS, under a prefix of its own."""

    def __init__(self, aws: Any, prefix: str) -> None:
        self.aws, self.prefix = aws, prefix
        self._tables()
        for dataset in DATASETS:
            aws.client("kinesis").create_stream(StreamName=f"{prefix}-{dataset}", ShardCount=1)
        aws.client("secretsmanager").create_secret(Name=f"{prefix}-qr", SecretString="s" * 64)
        self.pool = self._pool()
        self.proximity = self._proximity()
        self._places()

    def functions(self, path: Path) -> Path:
        """The file that tells the gateway of the functions and their event sources."""
        table = self.aws.client("dynamodb").describe_table(TableName=f"{self.prefix}-ledger")
        outbox = {
            "EventSourceArn": table["Table"]["LatestStreamArn"],
            "BatchSize": 500,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
        proximity = {
            "EventSourceArn": self.proximity,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
        found: list[dict[str, Any]] = [self._function(service) for service in HTTP]
        found += [
            {**self._function("outbox"), "sources": [outbox]},
            {**self._function("tracking"), "sources": [proximity]},
            {"name": f"{self.prefix}-transform", "handler": "ingestion.transform.handler"},
            {"name": f"{self.prefix}-broken", "handler": "operator.truediv"},
        ]
        path.write_text(json.dumps(found))
        return path

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "HEYBLUE_PREFIX": self.prefix,
            "HEYBLUE_LAKE_BUCKET": f"{self.prefix}-lake",
            "HEYBLUE_ATHENA_BUCKET": f"{self.prefix}-athena",
        }

    def events(self, dataset: str) -> list[tuple[Any, Any]]:
        """What lies in a dataset's stream, read strictly."""
        kinesis, name = self.aws.client("kinesis"), f"{self.prefix}-{dataset}"
        shard = kinesis.list_shards(StreamName=name)["Shards"][0]["ShardId"]
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = kinesis.get_records(ShardIterator=iterator, Limit=10_000)["Records"]
        return [envelope.read(record["Data"]) for record in records]

    def _function(self, service: str) -> dict[str, Any]:
        return {
            "name": f"{self.prefix}-{service}",
            "handler": f"services.{service}.handler.handler",
        }

    def _tables(self) -> None:
        for table in ("ledger", "catalog"):
            self.aws.client("dynamodb").create_table(
                TableName=f"{self.prefix}-{table}",
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[
                    {"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")
                ],
                KeySchema=[
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            )

    def _pool(self) -> str:
        attributes = [
            {"Name": name, "AttributeDataType": "String", "Mutable": False}
            for name in ("kind", "user_id")
        ]
        made = self.aws.client("cognito-idp").create_user_pool(
            PoolName=f"{self.prefix}-users", UsernameAttributes=["email"], Schema=attributes
        )
        return str(made["UserPool"]["Id"])

    def _proximity(self) -> str:
        sqs, events = self.aws.client("sqs"), self.aws.client("events")
        url = sqs.create_queue(QueueName=f"{self.prefix}-proximity")["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = str(asked["Attributes"]["QueueArn"])
        collection = (
            f"arn:aws:geo:us-east-1:000000000000:geofence-collection/{self.prefix}-officers"
        )
        pattern = {"source": ["aws.geo"], "resources": [collection]}
        events.put_rule(Name=f"{self.prefix}-proximity", EventPattern=json.dumps(pattern))
        events.put_targets(Rule=f"{self.prefix}-proximity", Targets=[{"Id": "queue", "Arn": arn}])
        return arn

    def _places(self) -> None:
        location = self.aws.client("location")
        location.create_tracker(TrackerName=f"{self.prefix}-devices")
        collection = location.create_geofence_collection(CollectionName=f"{self.prefix}-officers")
        location.associate_tracker_consumer(
            TrackerName=f"{self.prefix}-devices", ConsumerArn=collection["CollectionArn"]
        )


class Caller:
    """Somebody with a phone; every request has a key of its own unless one is given."""

    def __init__(self, resources: Resources, url: str) -> None:
        self.resources, self.url = resources, url
        self.http = httpx.Client(base_url=url, timeout=30)

    def post(
        self, path: str, body: Any, key: str | None = None, clock: str | None = None
    ) -> httpx.Response:
        headers = {"idempotency-key": key or str(uuid.uuid4())}
        if clock:
            headers["x-heyblue-clock"] = clock
        return self.http.post(path, json=body, headers=headers)

    def made(self, path: str, body: Any, **options: Any) -> Any:
        answer = self.post(path, body, **options)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json()

    def join(self, kind: str, credential: str, **more: str) -> str:
        return str(self.made("/onboarding/users", sign_up(kind, credential, **more))["userId"])

    def meet(self, civilian: str, officer: str, clock: str, **options: Any) -> httpx.Response:
        return self.post(
            "/scoring/encounters", encounter(civilian, officer), clock=clock, **options
        )

    def balance(self, account: str) -> int:
        return int(self.http.get(f"/scoring/accounts/{account}").json()["balance"])

    def drain(self) -> Any:
        answer = self.http.post("/_heyblue/drain?timeout=30")
        assert answer.status_code == 200, answer.text
        return answer.json()


def sign_up(kind: str, credential: str, **more: str) -> dict[str, str]:
    return {
        "kind": kind,
        "displayName": f"A {kind}",
        "email": f"{uuid.uuid4().hex}@example.org",
        "zipCode": "60601",
        "state": "IL",
        "credential": credential,
        **more,
    }


def encounter(civilian: str, officer: str) -> dict[str, Any]:
    return {
        "civilianId": civilian,
        "officerId": officer,
        "askedBy": civilian,
        "acceptedBy": officer,
        "method": "proximity",
        "civilianPosition": PLACE,
        "officerPosition": PLACE,
        "zipCode": "60601",
        "timeZone": "America/Chicago",
    }


def start(supervisor: Supervisor, resources: Resources, state: Path) -> tuple[Server, str]:
    listener = listen()
    url = f"http://127.0.0.1:{port_of(listener)}"
    functions = resources.functions(state / "functions.json")
    argv = [sys.executable, "-m", "local.gateway", "--fd", str(listener.fileno())]
    server = supervisor.start(
        "services",
        [*argv, "--state-dir", str(state / "services"), "--functions", str(functions)],
        env=resources.environment(),
        fds=[listener.fileno()],
        health=f"{url}/_heyblue/health",
    )
    listener.close()
    return server, url


@pytest.fixture(scope="module")
def caller(aws: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    resources = Resources(aws, f"t{uuid.uuid4().hex[:12]}")
    state = tmp_path_factory.mktemp("gateway")
    with Supervisor(state) as supervisor:
        _, url = start(supervisor, resources, state)
        caller = Caller(resources, url)
        yield caller
        caller.http.close()


def test_a_town_lives_a_day_and_its_events_say_what_its_accounts_hold(caller: Caller) -> None:
    civilian, officer = caller.join("civilian", "D1234"), caller.join("officer", "CPD-1")
    merchant = caller.join("merchant", "123456789")
    good = {"merchantId": merchant, "goodId": "mug", "name": "Mug", "category": "home"}
    caller.made("/content/storefronts", {"merchantId": merchant, "name": "Mugs"})
    caller.made("/content/goods", {**good, "pricePoints": 3})
    caller.made("/content/receipts", {"merchantId": merchant, "goodId": "mug", "quantity": 9})
    adjusted = {"merchantId": merchant, "goodId": "mug", "quantity": -1, "reason": "damaged"}
    caller.made("/content/adjustments", adjusted)
    assert caller.meet(civilian, officer, "2026-03-02T18:00:00Z").json()["balance"] == 10
    bought = {"userId": civilian, "merchantId": merchant, "goodId": "mug", "quantity": 2}
    assert caller.made("/scoring/redemptions", bought)["balance"] == 4
    gift = {"giverId": civilian, "officerId": officer, "points": 4}
    given = caller.made("/scoring/gifts", gift)["transactionId"]
    caller.made("/scoring/reversals", {"transactionId": given, "reason": "mistake"})
    caller.made("/scoring/settlements", {"merchantId": merchant})
    caller.drain()
    mine = {f"user:{civilian}", f"user:{officer}", f"merchant:{merchant}"}
    booked: Counter[str] = Counter()
    for _, event in caller.resources.events("transactions"):
        for posting in getattr(event, "postings", ()):
            booked[posting.account] += posting.points
    assert {account: caller.balance(account) for account in mine} == {
        account: booked[account] for account in mine
    }
    products = [type(e).__name__ for _, e in caller.resources.events("products")]
    assert products[-4:] == ["StorefrontPublished", "GoodListed", "StockReceived", "StockAdjusted"]


def test_the_clock_header_dates_the_event_and_the_callers_time_comes_first(caller: Caller) -> None:
    civilian, officer = caller.join("civilian", "D1234"), caller.join("officer", "CPD-1")
    caller.meet(civilian, officer, "2026-04-01T18:00:00.250Z")
    late = {**encounter(civilian, officer), "occurredAt": "2026-03-30T10:00:00-06:00"}
    caller.made("/scoring/encounters", late, clock="2026-04-02T18:00:00Z")
    caller.drain()
    times = [
        (envelope.instant(found.timestamp), envelope.instant(event.recorded_at), event.local_date)
        for found, event in caller.resources.events("transactions")
        if getattr(event, "civilian_id", "") == civilian
    ]
    assert times == [
        ("2026-04-01T18:00:00.250Z", "2026-04-01T18:00:00.250Z", "2026-04-01"),
        ("2026-03-30T16:00:00.000Z", "2026-04-02T18:00:00.000Z", "2026-03-30"),
    ]


def test_a_pair_scores_one_encounter_a_local_day(caller: Caller) -> None:
    civilian, officer = caller.join("civilian", "D1234"), caller.join("officer", "CPD-1")
    assert caller.meet(civilian, officer, "2026-03-02T06:00:00Z").status_code == 201
    again = caller.meet(civilian, officer, "2026-03-03T05:59:59Z")
    assert (again.status_code, again.json()["type"]) == (409, "urn:heyblue:problem:already_met")
    assert caller.meet(civilian, officer, "2026-03-03T06:00:00Z").status_code == 201


def test_a_repetition_gets_the_same_receipt_and_makes_no_second_event(caller: Caller) -> None:
    civilian, officer = caller.join("civilian", "D1234"), caller.join("officer", "CPD-1")
    key = str(uuid.uuid4())
    first = caller.meet(civilian, officer, "2026-03-02T18:00:00Z", key=key)
    again = caller.meet(civilian, officer, "2026-03-09T18:00:00Z", key=key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = caller.post(
        "/scoring/encounters", {**encounter(civilian, officer), "zipCode": "60602"}, key
    )
    assert (other.status_code, other.json()["idempotencyKey"]) == (409, key)
    caller.drain()
    ids = [found.event_id for found, _ in caller.resources.events("transactions")]
    assert ids.count(first.json()["transactionId"]) == 1


def test_a_charity_joins_through_the_catalogue(caller: Caller) -> None:
    ein = f"{uuid.uuid4().int % 10**9:09}"
    unknown = caller.post("/onboarding/users", sign_up("charity", ein, catalogEntryId=ein))
    assert unknown.status_code == 404
    assert caller.http.get(f"/catalogs/charities/{ein}").status_code == 404
    item = {"name": "FOOD BANK", "city": "CHICAGO", "state": "IL", "zip_code": "60601"}
    caller.resources.aws.client("dynamodb").put_item(
        TableName=f"{caller.resources.prefix}-catalog",
        Item={
            "pk": {"S": f"charities#{ein}"},
            "sk": {"S": "entry"},
            "entry_id": {"S": ein},
            **{name: {"S": value} for name, value in item.items()},
        },
    )
    assert caller.http.get(f"/catalogs/charities/{ein}").json()["zipCode"] == "60601"
    charity = caller.join("charity", ein, catalogEntryId=ein)
    civilian, officer = caller.join("civilian", "D1234"), caller.join("officer", "CPD-1")
    caller.meet(civilian, officer, "2026-03-02T18:00:00Z")
    donation = {"donorId": civilian, "recipientId": charity, "points": 7}
    assert caller.made("/scoring/donations", donation)["balance"] == 3
    assert caller.balance(f"user:{charity}") == 7


def test_an_email_belongs_to_one_user(caller: Caller) -> None:
    body, key = sign_up("civilian", "D1234"), str(uuid.uuid4())
    first = caller.made("/onboarding/users", body, key=key)
    assert caller.made("/onboarding/users", body, key=key) == first
    other = caller.post("/onboarding/users", body)
    assert (other.status_code, other.json()["type"]) == (409, "urn:heyblue:problem:email_taken")


def test_a_sign_up_that_broke_off_after_cognito_is_completed_by_its_repetition(
    caller: Caller,
) -> None:
    body, key = sign_up("civilian", "D1234"), str(uuid.uuid4())
    user_id = envelope.event_id("onboarding", key)
    attributes = {"email": body["email"], "custom:user_id": user_id, "custom:kind": "civilian"}
    caller.resources.aws.client("cognito-idp").admin_create_user(
        UserPoolId=caller.resources.pool,
        Username=body["email"],
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    assert caller.made("/onboarding/users", body, key=key)["userId"] == user_id


def test_a_qr_proves_a_meeting_for_two_minutes(caller: Caller) -> None:
    civilian, officer = caller.join("civilian", "D1234"), caller.join("officer", "CPD-1")
    code = caller.made("/qr/codes", {"officerId": officer}, clock="2026-03-02T18:00:00Z")
    assert code["expiresAt"] == "2026-03-02T18:02:00.000Z"
    token = {"token": code["token"]}
    scanned = caller.made("/qr/verifications", token, clock="2026-03-02T18:01:59Z")
    assert scanned["officerId"] == officer
    late = caller.post("/qr/verifications", token, clock="2026-03-02T18:02:01Z")
    assert late.status_code == 410
    forged = {"token": code["token"][:-2] + "AA"}
    assert caller.post("/qr/verifications", forged).status_code == 422
    meeting = {**encounter(civilian, officer), "method": "qr", "qrToken": code["token"]}
    del meeting["civilianPosition"], meeting["officerPosition"]
    assert caller.post("/scoring/encounters", meeting, clock="2026-03-02T18:01:00Z").is_success
    issued = [event for _, event in caller.resources.events("activity")]
    assert code["qrId"] in {getattr(event, "qr_id", "") for event in issued}


def test_a_civilian_who_walks_up_is_told_of_the_officer_who_opted_in(caller: Caller) -> None:
    civilian, officer, device = (str(uuid.uuid4()) for _ in range(3))
    shown = {"officerId": officer, "deviceId": device, "on": True, **PLACE}
    position = {"deviceId": civilian, "userId": civilian, "kind": "civilian", "accuracyM": 5}
    far = {**position, "latitude": 41.9, "longitude": -87.63}
    caller.made("/tracking/visibility", shown, clock="2026-03-02T18:00:00Z")
    caller.made("/tracking/positions", far, clock="2026-03-02T18:05:00Z")
    caller.made("/tracking/positions", {**position, **PLACE}, clock="2026-03-02T18:06:00Z")
    caller.drain()
    activity = caller.resources.events("activity")
    met = [
        envelope.instant(found.timestamp)
        for found, event in activity
        if getattr(event, "civilian_id", "") == civilian
    ]
    assert met == ["2026-03-02T18:06:00.000Z"]
    walked = [event for _, event in activity if getattr(event, "user_id", "") == civilian]
    assert len(walked) == 2


def test_an_officer_is_followed_while_visible_and_not_known_afterwards(caller: Caller) -> None:
    officer, device = str(uuid.uuid4()), str(uuid.uuid4())
    position = {"deviceId": device, "userId": officer, "kind": "officer", "accuracyM": 5, **PLACE}
    assert caller.post("/tracking/positions", position).status_code == 409
    shown = {"officerId": officer, "deviceId": device, "on": True, **PLACE}
    caller.made("/tracking/visibility", shown, clock="2026-03-02T18:00:00Z")
    caller.made("/tracking/positions", position, clock="2026-03-02T18:14:00Z")
    late = caller.post("/tracking/positions", position, clock="2026-03-02T18:16:00Z")
    assert late.status_code == 409
    caller.made("/tracking/visibility", {**shown, "on": False})
    assert caller.post("/tracking/positions", position).status_code == 409


def test_what_nobody_serves_and_what_breaks_are_told_apart(caller: Caller) -> None:
    assert caller.http.get("/nowhere/at/all").status_code == 404
    assert caller.http.get("/").status_code == 404
    assert caller.http.get("/_heyblue/nothing").status_code == 404
    broken = caller.http.get("/broken/x")
    assert (broken.status_code, broken.json()) == (500, {"message": "Internal Server Error"})
    refused = caller.post("/scoring/gifts", {}, clock="noon")
    assert (refused.status_code, "noon" in refused.text) == (400, True)


def test_functions_answer_lambdas_invoke_api(caller: Caller) -> None:
    client: Any = boto3.client(
        "lambda",
        endpoint_url=caller.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    prefix = caller.resources.prefix
    done = client.invoke(FunctionName=f"{prefix}-transform", Payload=b'{"records":[]}')
    assert (done["StatusCode"], json.load(done["Payload"])) == (200, {"records": []})
    assert "FunctionError" not in done
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{prefix}-transform:$LATEST"
    assert json.load(client.invoke(FunctionName=arn, Payload=b'{"records":[]}')["Payload"])
    failed = client.invoke(FunctionName=f"{prefix}-broken", Payload=b"{}")
    assert failed["FunctionError"] == "Unhandled"
    assert json.load(failed["Payload"])["errorType"] == "TypeError"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="nobody", Payload=b"{}")
    with pytest.raises(botocore.exceptions.ClientError, match="Event"):
        client.invoke(FunctionName=f"{prefix}-transform", InvocationType="Event")


def test_no_event_is_lost_when_the_gateway_is_killed(aws: Any, tmp_path: Path) -> None:
    resources = Resources(aws, f"t{uuid.uuid4().hex[:12]}")
    users: list[str] = []
    for _ in range(3):
        with Supervisor(tmp_path) as supervisor:
            server, url = start(supervisor, resources, tmp_path)
            caller = Caller(resources, url)
            users += [caller.join("civilian", "D1234") for _ in range(5)]
            caller.http.close()
            os.kill(server.process.pid, signal.SIGKILL)
    with Supervisor(tmp_path) as supervisor:
        _, url = start(supervisor, resources, tmp_path)
        caller = Caller(resources, url)
        caller.drain()
        caller.http.close()
    published = [getattr(event, "user_id", "") for _, event in resources.events("users")]
    assert list(dict.fromkeys(published)) == users

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.integration


def _listening(pid: int) -> list[tuple[str, int]]:
    """Local address (hexadecimal) and port of every listening socket of a process."""
    inodes = {
        link.readlink().name[8:-1]
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if link.readlink().name.startswith("socket:")
    }
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                found.append((address, int(port, 16)))
    return found


def _front_process(guard: int) -> int:
    return int(Path(f"/proc/{guard}/task/{guard}/children").read_text().split()[0])


def test_the_process_listens_on_its_port_of_the_loopback_alone(aws: Any) -> None:
    for service in ("cognito-idp", "iot", "events", "sqs", "stepfunctions", "rds"):
        aws.client(service)
    aws.client("cognito-idp").list_user_pools(MaxResults=1)
    aws.client("iot").list_things()
    port = int(aws.url.rpartition(":")[2])
    assert _listening(_front_process(aws.server.process.pid)) == [("0100007F", port)]


def test_the_health_endpoint_names_the_state(aws: Any) -> None:
    answer = httpx.get(f"{aws.url}/_heyblue/health").json()
    assert (answer["status"], answer["state"]) == ("ok", str(aws.state))
    assert httpx.get(f"{aws.url}/_heyblue/nothing").status_code == 404


def test_objects_lie_as_files_in_the_state_directory(aws: Any) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="front-files")
    s3.put_object(Bucket="front-files", Key="raw/dt=2026-01-02/a b.txt", Body=b"content")
    file = aws.state / "s3/000000000000/front-files/raw/dt=2026-01-02/a b.txt"
    assert file.read_bytes() == b"content"


def test_each_client_reaches_the_plane_that_owns_its_service(aws: Any) -> None:
    aws.client("glue").create_database(DatabaseInput={"Name": "front"})
    assert aws.client("athena").list_work_groups()["WorkGroups"][0]["Name"] == "primary"
    assert aws.client("firehose").list_delivery_streams()["HasMoreDeliveryStreams"] is False
    assert aws.client("location").list_geofence_collections()["Entries"] is not None
    assert aws.client("lambda").list_functions()["Functions"] is not None
    assert aws.client("sts").get_caller_identity()["Account"] == "000000000000"

"""The platform on this machine: which servers there are, how it is deployed and how to reach it.

What runs through it (a city, an import, a job) is not started here.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import botocore.loaders
import botocore.session
import httpx
import yaml

from ingestion import glue
from ingestion.errors import PermanentFailure
from ingestion.generate import ROOT, SCHEMAS
from ingestion.registry import registry
from ingestion.settings import Settings, load
from local.supervisor import Supervisor, listen, port_of
from local.template import TEMPLATE

PREFIX = "heyblue"
REGION = "us-east-1"
PREFERRED_AWS_PORT = 4566
PREFERRED_GATEWAY_PORT = 8080
CONNECTION = "stack.json"


class StackError(PermanentFailure):
    """The platform could not be deployed, or none is running. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a running platform. `environment` is all that AWS clients and dbt need."""

    state: str
    aws_url: str
    gateway_url: str
    environment: Mapping[str, str]

    def client(self, service: str) -> Any:
        """A boto3 client for this platform, whatever the process's own environment says."""
        return _session().client(service, **self._arguments())

    def resource(self, service: str) -> Any:
        """A boto3 resource, as `client`."""
        return _session().resource(service, **self._arguments())

    def settings(self) -> Settings:
        return load(self.environment)

    def use(self) -> None:
        """Let every client of this process that reads its environment talk to this platform."""
        os.environ.update(self.environment)

    def _arguments(self) -> dict[str, Any]:
        return {
            "endpoint_url": self.aws_url,
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "config": botocore.config.Config(
                inject_host_prefix=False, retries={"total_max_attempts": 2}, read_timeout=300
            ),
        }


class Stack:
    """Brings the platform up step by step inside a supervisor's `with` block."""

    def __init__(self, state: Path, supervisor: Supervisor) -> None:
        self.state, self._supervisor = state, supervisor
        self._environment: dict[str, str] = {}
        self._aws_url = ""

    def start_aws(self) -> None:
        """Start the local AWS on a port of its own. What an earlier run left is removed first."""
        _empty(self.state)
        with listen(_port("HEYBLUE_AWS_PORT", PREFERRED_AWS_PORT)) as listener:
            self._aws_url = f"http://127.0.0.1:{port_of(listener)}"
            self._environment = aws_environment(self._aws_url)
            argv = ["-m", "local.front", "--fd", str(listener.fileno())]
            self._supervisor.start(
                "aws",
                [sys.executable, *argv, "--state-dir", str(self.state / "aws")],
                env=self._environment,
                fds=[listener.fileno()],
                health=f"{self._aws_url}/_heyblue/health",
                cwd=ROOT,
            )

    def deploy(self) -> int:
        """Deploy `infra/template.yaml` and read its outputs; returns the number of resources."""
        cloudformation = self.connection().client("cloudformation")
        template = yaml.safe_load((ROOT / TEMPLATE).read_text())
        cloudformation.create_stack(
            StackName=PREFIX, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
        )
        outputs = _await_stack(cloudformation)
        self._environment |= {
            "HEYBLUE_PREFIX": PREFIX,
            "HEYBLUE_LAKE_BUCKET": outputs["LakeBucket"],
            "HEYBLUE_ATHENA_BUCKET": outputs["AthenaBucket"],
        }
        return len(template["Resources"])

    def publish_contracts(self) -> tuple[int, int]:
        """Publish schemas and raw tables to Glue; returns how many of each were new."""
        connection = self.connection()
        client, settings, known = connection.client("glue"), connection.settings(), registry()
        schemas = glue.publish_schemas(client, known, ROOT / SCHEMAS, settings)
        return len(schemas), len(glue.publish_tables(client, known, settings))

    def start_services(self) -> Connection:
        """Start the function host with all services; returns the finished connection."""
        with listen(_port("HEYBLUE_GATEWAY_PORT", PREFERRED_GATEWAY_PORT)) as listener:
            url = f"http://127.0.0.1:{port_of(listener)}"
            self._environment["HEYBLUE_GATEWAY_URL"] = url
            argv = ["-m", "local.gateway", "--fd", str(listener.fileno())]
            self._supervisor.start(
                "services",
                [sys.executable, *argv, "--state-dir", str(self.state / "services")],
                env=self._environment,
                fds=[listener.fileno()],
                health=f"{url}/_heyblue/health",
                cwd=ROOT,
            )
        httpx.post(
            f"{self._aws_url}/_heyblue/functions", json={"url": url}, timeout=30
        ).raise_for_status()
        connection = self.connection()
        (self.state / CONNECTION).write_text(json.dumps(asdict(connection), indent=1))
        return connection

    def connection(self) -> Connection:
        """How to reach what has been started so far."""
        return Connection(
            state=str(self.state),
            aws_url=self._aws_url,
            gateway_url=self._environment.get("HEYBLUE_GATEWAY_URL", ""),
            environment=dict(self._environment),
        )


def build_folder() -> Path:
    """Where all state lies: `build/` of the checkout, or what HEYBLUE_BUILD names."""
    return Path(os.environ.get("HEYBLUE_BUILD", ROOT / "build")).resolve()


def aws_environment(url: str) -> dict[str, str]:
    """The environment that points every AWS client at the local AWS, and at nothing else."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def connect(build: Path) -> Connection:
    """The connection of the running platform below `build`; the newest if there are several.

    Raises StackError when none answers.
    """
    found = sorted(build.glob(f"*/{CONNECTION}"), key=lambda path: -path.stat().st_mtime)
    for path in found:
        connection = Connection(**json.loads(path.read_text()))
        if _answers(connection):
            return connection
    raise StackError("no platform is running on this machine; start one with `make up`")


def _answers(connection: Connection) -> bool:
    try:
        return httpx.get(f"{connection.aws_url}/_heyblue/health", timeout=2).is_success
    except httpx.HTTPError:
        return False


def _session() -> Any:
    """A session of its own, for they are not shared by threads, over service models read once."""
    core: Any = botocore.session.get_session()
    core.register_component("data_loader", _loader())
    return boto3.Session(botocore_session=core)


@cache
def _loader() -> Any:
    return botocore.loaders.create_loader()


def _await_stack(cloudformation: Any) -> dict[str, str]:
    """The outputs of the created stack. Raises StackError with the resources that failed."""
    waiter = cloudformation.get_waiter("stack_create_complete")
    try:
        waiter.wait(StackName=PREFIX, WaiterConfig={"Delay": 0.2, "MaxAttempts": 600})
    except botocore.exceptions.WaiterError as error:
        raise StackError(
            f"stack {PREFIX} was not created: {_failures(cloudformation) or error}"
        ) from error
    stack = cloudformation.describe_stacks(StackName=PREFIX)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _failures(cloudformation: Any) -> str:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=PREFIX)
    return "; ".join(
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for page in pages
        for event in page["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED")
    )


def _port(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdigit() or int(text) > 65535:
        raise StackError(f"{name} is {text!r}; it takes a port number")
    return int(text)


def _empty(state: Path) -> None:
    for path in state.iterdir():
        if path.name == "lock":
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()

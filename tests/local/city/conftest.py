"""The whole platform for a city to live on: deployed and served once a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.stack import Connection, Stack
from local.supervisor import Supervisor


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    state = tmp_path_factory.mktemp("platform")
    with pytest.MonkeyPatch.context() as environment, Supervisor(state) as supervisor:
        environment.setenv("HEYBLUE_AWS_PORT", "0")
        environment.setenv("HEYBLUE_GATEWAY_PORT", "0")
        stack = Stack(state, supervisor)
        stack.start_aws()
        stack.deploy()
        yield stack.start_services()

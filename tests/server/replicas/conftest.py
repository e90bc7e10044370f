"""Fixtures for one of two servers that read from a standby."""

import pytest

from tests.harness.servers import RunningServer


@pytest.fixture
def server(servers: tuple[RunningServer, RunningServer]) -> RunningServer:
    return servers[0]

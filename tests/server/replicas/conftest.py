"""Fixtures: a primary and its standby, and two servers that read from the standby."""

from collections.abc import Iterator

import pytest

from db.replicas import ReplicaStatus
from tests.harness.replicas import never_behind, until
from tests.harness.servers import RunningServer, running_server
from tests.harness.standby import Pair, primary_and_standby


@pytest.fixture(scope="package")
def pair() -> Iterator[Pair]:
    with primary_and_standby() as pair:
        yield pair


@pytest.fixture(scope="package")
def both(pair: Pair) -> Iterator[tuple[RunningServer, RunningServer]]:
    with (
        running_server(pair.primary_url, replica_url=pair.standby_url) as one,
        running_server(pair.primary_url, replica_url=pair.standby_url) as other,
    ):
        for server in (one, other):
            never_behind(server)
        yield one, other


@pytest.fixture
def servers(both: tuple[RunningServer, RunningServer]) -> tuple[RunningServer, RunningServer]:
    """Two servers that read from the standby now."""
    for server in both:
        until(server, ReplicaStatus.IN_USE)
    return both


@pytest.fixture
def server(servers: tuple[RunningServer, RunningServer]) -> RunningServer:
    return servers[0]

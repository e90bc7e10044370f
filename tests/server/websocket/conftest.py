"""Fixtures: a WebSocket, and a check that no test has the server log an error."""

import logging
from collections.abc import Iterator

import pytest

from tests.harness.servers import RunningServer
from tests.harness.websocket_client import WebSocketClient, websocket


@pytest.fixture
def socket(server: RunningServer) -> Iterator[WebSocketClient]:
    with websocket(server.url) as socket:
        yield socket


@pytest.fixture(autouse=True)
def nothing_goes_wrong_in_the_server(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client says, no error is logged: a client's fault is none of the server's."""
    yield
    errors = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors, caplog.text

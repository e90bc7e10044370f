"""Fixtures: pages of another origin, and a server that allows them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.harness.servers import RunningServer, running_server
from tests.harness.web_pages import APP


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Into no log."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The origin of an empty page that is not the server's."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as pages:
        thread = threading.Thread(target=pages.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{pages.server_port}"
        pages.shutdown()
        thread.join()


@pytest.fixture
def named(database_url: str, elsewhere: str) -> Iterator[RunningServer]:
    """A server that names two origins."""
    with running_server(database_url, origins=f"{APP}, {elsewhere}") as server:
        yield server

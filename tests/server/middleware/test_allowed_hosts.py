"""Checks which hosts a server answers to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser
from pydantic import ValidationError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from server.settings import Settings
from tests.harness import http
from tests.harness.servers import RunningServer, running_server
from tests.harness.web_pages import ASK, HTML, PING, message_of


def test_an_open_server_answers_to_the_names_of_its_machine(server: RunningServer) -> None:
    for host in ("localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000"):
        assert http.post(f"{server.url}/graphql", json=PING, headers={"Host": host}).status_code == 200
    for host in (
        "rebound.example",
        "rebound.example:8000",
        "localhost.rebound.example",
        "127.0.0.1.nip.io",
        "10.0.0.1",
        "",
    ):
        refused = http.post(f"{server.url}/graphql", json=PING, headers={"Host": host})
        assert (refused.status_code, "RAPPORTEUR_HOSTS" in message_of(refused)) == (400, True)
        assert http.get(f"{server.url}/graphql", headers=HTML | {"Host": host}).status_code == 400
        assert http.get(f"{server.url}/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "hosts", ["", "Host: localhost\r\nHost: rebound.example\r\n", "Host: localhost@rebound.example\r\n"]
)
def test_a_host_that_is_missing_or_ambiguous_is_refused(server: RunningServer, hosts: str) -> None:
    address = urlsplit(server.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as raw:
        raw.sendall(f"GET / HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
        assert raw.makefile("rb").readline().startswith(b"HTTP/1.1 400 ")


def test_a_server_that_answers_to_all_names_needs_one_host(database_url: str) -> None:
    """RFC 9112, 3.2."""
    with running_server(database_url, hosts="*") as server:
        for version, hosts, status in (
            ("1.1", "", 400),
            ("1.1", "Host: a.example\r\nHost: a.example\r\n", 400),
            ("1.1", "Host: a.example\r\nHost: b.example\r\n", 400),
            ("1.1", "Host: a/b\r\n", 400),
            ("1.1", "Host: a b\r\n", 400),
            ("1.1", "Host: any.example:80\r\n", 200),
            ("1.1", "Host: [::1]:80\r\n", 200),
            ("1.0", "", 200),
            ("1.0", "Host: a.example\r\nHost: b.example\r\n", 400),
        ):
            with connected(server) as raw:
                raw.sendall(f"GET /healthz HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n".encode())
                assert raw.makefile("rb").readline().startswith(f"HTTP/1.1 {status} ".encode()), (version, hosts)


@contextmanager
def connected(server: RunningServer) -> Iterator[socket.socket]:
    address = urlsplit(server.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as opened:
        yield opened


def test_a_websocket_to_another_name_is_refused(server: RunningServer) -> None:
    host = "rebound.example"
    with (
        connected(server) as opened,
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://{host}/graphql", sock=opened, origin=Origin(f"http://{host}"), proxy=None),
    ):
        pass
    assert refused.value.response.status_code == 400
    assert b"RAPPORTEUR_HOSTS" in (refused.value.response.body or b"")


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="session")
async def test_a_page_whose_name_was_bound_to_this_machine_reads_nothing(
    browser: Browser, server: RunningServer
) -> None:
    # As if it had come from a server of its own, of the same name and port, and with no policy.
    page = await browser.new_page(bypass_csp=True)
    url = server.url.replace("127.0.0.1", "rebound.example")
    await page.goto(f"{url}/healthz")
    found = await page.evaluate(ASK, url)
    assert found["post"] == found["get"]
    assert "RAPPORTEUR_HOSTS" in found["post"]
    assert found["socket"] == "error"


def test_named_hosts_are_the_only_ones(database_url: str) -> None:
    with running_server(database_url, hosts="api.example.com, *.example.net") as server:
        for host, status in {
            "api.example.com": 200,
            "API.example.com:443": 200,
            "eu.example.net": 200,
            "a.b.example.net": 200,
            "example.net": 400,
            "example.com": 400,
            "127.0.0.1": 400,
            "api.example.com.evil.example": 400,
        }.items():
            assert http.post(f"{server.url}/graphql", json=PING, headers={"Host": host}).status_code == status, host
        assert http.get(f"{server.url}/readyz").status_code == 200


@pytest.mark.parametrize("given", ["https://a.example", "a.example:80", "*a.example", "a.*.example", "::1", "a b"])
def test_what_is_no_host_is_named(given: str) -> None:
    with pytest.raises(ValidationError, match="must be names"):
        Settings.model_validate({"hosts": given})

"""What browsers, and the web pages in them, may do with a server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from graphql import get_introspection_query
from playwright.async_api import Browser
from pydantic import ValidationError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from domain.errors import RapporteurError
from server.app import create_app
from server.settings import Settings
from tests.harness.commands import run
from tests.harness.servers import RunningServer, running_server

HTML = {"Accept": "text/html,*/*;q=0.8"}
PING = {"query": "{ __typename }"}
PROTOCOL = Subprotocol("graphql-transport-ws")
APP = "https://app.example.com"
PREFLIGHT = {
    "Origin": APP,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,rapporteur-actor,apollo-require-preflight",
}


def websocket_url(server: RunningServer) -> str:
    return server.url.replace("http", "ws", 1) + "/graphql"


def message_of(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    message: str = error["message"]
    return message


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


# Origins

ASK = """async (url) => {
    const ask = (path, options) => fetch(url + path, options).then((answer) => answer.text()).catch((error) => error.name);
    const connect = () => new Promise((resolve) => {
        const socket = new WebSocket(url.replace('http', 'ws') + '/graphql', 'graphql-transport-ws');
        socket.onopen = socket.onerror = (event) => resolve(event.type);
    });
    return {
        post: await ask('/graphql', {
            method: 'POST',
            headers: {'Content-Type': 'application/json', 'Rapporteur-Actor': 'page'},
            body: JSON.stringify({query: '{ __typename }'}),
        }),
        get: await ask('/graphql?query={__typename}', {headers: {'Rapporteur-Preflight': '1'}}),
        plain: await ask('/healthz'),
        opaque: await ask('/healthz', {mode: 'no-cors'}),
        socket: await connect(),
    };
}"""


async def test_a_page_of_another_origin_reads_nothing(browser: Browser, server: RunningServer, elsewhere: str) -> None:
    page = await browser.new_page()
    await page.goto(elsewhere)
    found = await page.evaluate(ASK, server.url)
    assert found == dict.fromkeys(("post", "get", "plain", "opaque"), "TypeError") | {"socket": "error"}


async def test_a_page_of_a_named_origin_uses_the_api(browser: Browser, named: RunningServer, elsewhere: str) -> None:
    page = await browser.new_page()
    await page.goto(elsewhere)
    found = await page.evaluate(ASK, named.url)
    assert found["post"] == found["get"] == '{"data":{"__typename":"Query"}}'
    assert found["plain"] == '{"status":"ok"}'
    assert found["socket"] == "open"


def test_preflights_are_answered_for_named_origins_only(named: RunningServer, server: RunningServer) -> None:
    answer = httpx.options(f"{named.url}/graphql", headers=PREFLIGHT)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, APP)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    others = (PREFLIGHT | {"Origin": "https://example.com"}, PREFLIGHT | {"Origin": "null"})
    for refused in (
        *(httpx.options(f"{named.url}/graphql", headers=headers) for headers in others),
        httpx.options(f"{server.url}/graphql", headers=PREFLIGHT),
    ):
        assert refused.status_code >= 400
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_scripts_of_a_named_origin_see_when_to_come_again(named: RunningServer) -> None:
    answer = httpx.post(f"{named.url}/graphql", json=PING, headers={"Origin": APP})
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After, RateLimit, RateLimit-Policy"
    assert "Origin" in answer.headers["Vary"]


def test_a_websocket_is_for_pages_of_the_server_and_of_named_origins(named: RunningServer) -> None:
    for origin in (Origin(named.url), Origin(APP), None):
        with connect(websocket_url(named), origin=origin, subprotocols=[PROTOCOL]) as opened:
            assert opened.subprotocol == PROTOCOL
    for other in ("https://example.com", "http://app.example.com", f"{APP}.example.net", "null"):
        with pytest.raises(InvalidStatus) as refused, connect(websocket_url(named), origin=Origin(other)):
            pass
        assert refused.value.response.status_code == 403
        assert b"RAPPORTEUR_ORIGINS" in (refused.value.response.body or b"")


def test_every_origin_only_with_authentication(database_url: str) -> None:
    with pytest.raises(RapporteurError, match="RAPPORTEUR_ORIGINS"):
        create_app(Settings.model_validate({"origins": "*"}), database_url)
    refused = run("serve", "--port", "0", database_url=database_url, origins="*", demo="false")
    assert refused.returncode == 1
    assert "RAPPORTEUR_ORIGINS" in refused.stderr
    with running_server(database_url, origins="*", auth=True) as server:
        answer = httpx.options(f"{server.url}/graphql", headers=PREFLIGHT)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")


@pytest.mark.parametrize(
    ("given", "origins"),
    [
        ("https://app.example.com", ("https://app.example.com",)),
        (" https://App.example.com:443, ,", ("https://app.example.com",)),
        ("http://[::1]:3000,capacitor://localhost", ("http://[::1]:3000", "capacitor://localhost")),
        ("", ()),
    ],
)
def test_origins_are_read_as_browsers_write_them(given: str, origins: tuple[str, ...]) -> None:
    assert Settings.model_validate({"origins": given}).origins == origins


@pytest.mark.parametrize(
    "given", ["app.example.com", "https://a.example/app", "https://*.example.com", "null", "https://", "https://u:p@a"]
)
def test_what_is_no_origin_is_named(given: str) -> None:
    with pytest.raises(ValidationError, match="must be origins"):
        Settings.model_validate({"origins": given})


# Hosts


def test_an_open_server_answers_to_the_names_of_its_machine(server: RunningServer) -> None:
    for host in ("localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000"):
        assert httpx.post(f"{server.url}/graphql", json=PING, headers={"Host": host}).status_code == 200
    for host in (
        "rebound.example",
        "rebound.example:8000",
        "localhost.rebound.example",
        "127.0.0.1.nip.io",
        "10.0.0.1",
        "",
    ):
        refused = httpx.post(f"{server.url}/graphql", json=PING, headers={"Host": host})
        assert (refused.status_code, "RAPPORTEUR_HOSTS" in message_of(refused)) == (400, True)
        assert httpx.get(f"{server.url}/graphql", headers=HTML | {"Host": host}).status_code == 400
        assert httpx.get(f"{server.url}/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "hosts", ["", "Host: localhost\r\nHost: rebound.example\r\n", "Host: localhost@rebound.example\r\n"]
)
def test_a_host_that_is_missing_or_ambiguous_is_refused(server: RunningServer, hosts: str) -> None:
    address = urlsplit(server.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as raw:
        raw.sendall(f"GET / HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
        assert raw.makefile("rb").readline().startswith(b"HTTP/1.1 400 ")


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
            assert httpx.post(f"{server.url}/graphql", json=PING, headers={"Host": host}).status_code == status, host
        assert httpx.get(f"{server.url}/readyz").status_code == 200


@pytest.mark.parametrize("given", ["https://a.example", "a.example:80", "*a.example", "a.*.example", "::1", "a b"])
def test_what_is_no_host_is_named(given: str) -> None:
    with pytest.raises(ValidationError, match="must be names"):
        Settings.model_validate({"hosts": given})


def test_a_wrong_name_ends_the_command() -> None:
    refused = run("serve", "--origins", "app.example.com", "--hosts", "https://a.example")
    assert refused.returncode == 2
    assert "RAPPORTEUR_ORIGINS (--origins)" in refused.stderr
    assert "RAPPORTEUR_HOSTS (--hosts)" in refused.stderr


# What an open server has, and a guarded one has not


@pytest.mark.parametrize(
    ("settings", "any_host", "graphiql", "introspection"),
    [
        ({}, False, True, True),
        ({"host": "::1"}, False, True, True),
        ({"host": "0.0.0.0"}, True, True, True),
        ({"insecure": True}, True, True, True),
        ({"auth": True}, True, False, False),
        ({"auth": True, "graphiql": True}, True, True, True),
        ({"auth": True, "introspection": True}, True, False, True),
        ({"auth": True, "graphiql": True, "introspection": False}, True, True, False),
        ({"graphiql": False}, False, False, True),
        ({"introspection": False}, False, True, False),
    ],
)
def test_defaults_follow_the_mode(
    settings: dict[str, Any], any_host: bool, graphiql: bool, introspection: bool
) -> None:
    made = Settings(**settings)
    assert ("*" in made.allowed_hosts) is any_host
    assert (made.serves_graphiql, made.serves_introspection) == (graphiql, introspection)


@pytest.fixture
def closed(database_url: str) -> Iterator[RunningServer]:
    """A server with neither GraphiQL nor introspection."""
    with running_server(database_url, graphiql=False, introspection=False) as server:
        yield server


def test_without_graphiql_there_is_no_page_and_no_file(closed: RunningServer) -> None:
    page = httpx.get(f"{closed.url}/graphql", headers=HTML)
    assert (page.status_code, message_of(page)) == (
        404,
        "there is no GraphiQL here: send a POST with the document as JSON",
    )
    for path in ("main.js", "operations.json", "vendor/graphiql.min.js"):
        assert httpx.get(f"{closed.url}/graphiql/{path}").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        get_introspection_query(),
        "{ __schema { queryType { name } } }",
        '{ __type(name: "Agent") { name } }',
        'query { ...On } fragment On on Query { hidden: __type(name: "Agent") { __typename } }',
    ],
)
def test_without_introspection_the_schema_is_not_told(closed: RunningServer, query: str) -> None:
    for _ in range(2):  # the second time from those that are kept
        answer = closed.api.post(query)
        assert "data" not in answer
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
        assert "introspection has been disabled" in answer["errors"][0]["message"]
    assert closed.api.post("{ __typename }") == {"data": {"__typename": "Query"}}


GUESSES: list[tuple[str, dict[str, Any]]] = [
    ("{ agen { id } }", {}),
    ("{ meetingCoun }", {}),
    ("{ meetingCount(stat: LIVE) }", {}),
    ("{ meetingCount(state: LIV) }", {}),
    ('{ meetingCount(state: "LIVE") }', {}),
    ("query ($state: MeetingStat) { meetingCount(state: $state) }", {"state": "LIVE"}),
    ("query ($state: MeetingState) { meetingCount(state: $state) }", {"state": "LIV"}),
    ("query ($state: MeetingState) { meetingCount(state: $stat) }", {"state": "LIVE"}),
    ("{ meetings(filter: {tex: null}) { totalCount } }", {}),
    ("query ($filter: MeetingFilter) { meetings(filter: $filter) { totalCount } }", {"filter": {"tex": "a"}}),
    ("query ($filter: MeetingFilter) { meetings(filter: $filter) { totalCount } }", {"filter": {"state": "LIV"}}),
    ("{ meetings { totalCoun nodes { ... on Meetin { id } ... on Agent { titl } } } }", {}),
    ("{ meetingCount @skp(if: true) }", {}),
    ("{ meetingCount @skip(i: true) }", {}),
    ("mutation { createMeeting(input: {titl: 1}) { __typename } createMeetin { id } }", {}),
    ("mutation ($input: CreateMeetingInput!) { createMeeting(input: $input) { __typename } }", {"input": {"titl": 1}}),
    ("subscription { segmentUpdate { cursor } }", {}),
    ("{ ...Frag } fragment Frg on Query { meetingCount }", {}),
]


@pytest.mark.parametrize(("query", "variables"), GUESSES)
def test_no_message_helps_to_guess(closed: RunningServer, query: str, variables: dict[str, Any]) -> None:
    answer = httpx.post(f"{closed.url}/graphql", json={"query": query, "variables": variables}).json()
    assert answer["errors"]
    for error in answer["errors"]:
        assert "did you mean" not in error["message"].lower()


# Headers


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("POST", "/graphql", {"json": PING}, 200),
        ("POST", "/graphql", {"content": b"{"}, 415),
        ("GET", "/graphql", {"headers": HTML}, 200),
        ("GET", "/graphql", {"headers": {"Rapporteur-Preflight": "1"}, "params": PING}, 200),
        ("POST", "/graphql", {"json": PING, "headers": {"Accept": "text/event-stream"}}, 200),
        ("POST", "/graphql", {"json": PING, "headers": {"Host": "rebound.example"}}, 400),
        ("OPTIONS", "/graphql", {"headers": PREFLIGHT}, 405),
        ("GET", "/graphiql/main.js", {}, 200),
        ("GET", "/graphiql/operations.json", {}, 200),
        ("GET", "/healthz", {}, 200),
        ("GET", "/readyz", {}, 200),
        ("GET", "/", {}, 307),
        ("GET", "/nowhere", {}, 404),
    ],
)
def test_every_answer_tells_browsers_to_do_less_with_it(
    server: RunningServer, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    answer = httpx.request(method, f"{server.url}{path}", **options)
    assert answer.status_code == status
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    is_ours_to_keep = "graphiql" in path or options.get("headers") == HTML
    assert answer.headers["Cache-Control"] == ("no-cache" if is_ours_to_keep else "no-store")
    assert all(len(answer.headers.get_list(name)) == 1 for name in answer.headers)

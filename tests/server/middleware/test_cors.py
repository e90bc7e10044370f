"""Checks what pages of other origins may do with a server, in a browser and without."""

import json

import pytest
from playwright.async_api import Browser
from pydantic import ValidationError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from domain.errors import RapporteurError
from server.app import create_app
from server.settings import Settings
from tests.harness import http
from tests.harness.commands import run
from tests.harness.servers import RunningServer, running_server
from tests.harness.web_pages import APP, ASK, PING, PREFLIGHT

pytestmark = pytest.mark.slow

PROTOCOL = Subprotocol("graphql-transport-ws")


def websocket_url(server: RunningServer) -> str:
    return server.url.replace("http", "ws", 1) + "/graphql"


# Origins


@pytest.mark.asyncio(loop_scope="session")
async def test_a_page_of_another_origin_reads_nothing(browser: Browser, server: RunningServer, elsewhere: str) -> None:
    page = await browser.new_page()
    await page.goto(elsewhere)
    found = await page.evaluate(ASK, server.url)
    assert found == dict.fromkeys(("post", "get", "plain", "opaque"), "TypeError") | {"socket": "error"}


@pytest.mark.asyncio(loop_scope="session")
async def test_a_page_of_a_named_origin_uses_the_api(browser: Browser, named: RunningServer, elsewhere: str) -> None:
    page = await browser.new_page()
    await page.goto(elsewhere)
    found = await page.evaluate(ASK, named.url)
    assert found["post"] == found["get"] == '{"data":{"__typename":"Query"}}'
    assert json.loads(found["plain"])["status"] == "ok"
    assert found["socket"] == "open"


def test_preflights_are_answered_for_named_origins_only(named: RunningServer, server: RunningServer) -> None:
    answer = http.options(f"{named.url}/graphql", headers=PREFLIGHT)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, APP)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    others = (PREFLIGHT | {"Origin": "https://example.com"}, PREFLIGHT | {"Origin": "null"})
    for refused in (
        *(http.options(f"{named.url}/graphql", headers=headers) for headers in others),
        http.options(f"{server.url}/graphql", headers=PREFLIGHT),
    ):
        assert refused.status_code >= 400
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_scripts_of_a_named_origin_see_when_to_come_again(named: RunningServer) -> None:
    answer = http.post(f"{named.url}/graphql", json=PING, headers={"Origin": APP})
    assert (
        answer.headers["Access-Control-Expose-Headers"]
        == "ETag, Retry-After, RateLimit, RateLimit-Policy, Rapporteur-Consistency, X-Request-Id"
    )
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
        answer = http.options(f"{server.url}/graphql", headers=PREFLIGHT)
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

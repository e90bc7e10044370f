"""Checks that the log names the origins of pages that may not use the server."""

import pytest
from playwright.async_api import Browser
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from server.middleware import refused_origins
from server.middleware.refused_origins import MAX_ORIGINS, PERIOD_SECONDS, RefusedOrigins
from tests.harness import http
from tests.harness.servers import RunningServer
from tests.harness.web_pages import APP, ASK, PING, PREFLIGHT

OTHER = "https://other.example.com"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == refused_origins.logger.name]


def test_the_log_names_an_origin_that_is_not_allowed_once(
    fresh_server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        http.options(f"{fresh_server.url}/graphql", headers=PREFLIGHT)
        http.post(f"{fresh_server.url}/graphql", json=PING, headers={"Origin": APP})
    (warning,) = warnings(caplog)
    assert f"origin {APP} " in warning
    assert "RAPPORTEUR_ORIGINS" in warning
    with (
        pytest.raises(InvalidStatus),
        connect(fresh_server.url.replace("http", "ws", 1) + "/graphql", origin=Origin(OTHER)),
    ):
        pass
    assert f"origin {OTHER} " in warnings(caplog)[1]


def test_a_preflight_of_an_unnamed_origin_is_logged_where_others_are_named(
    named: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    http.options(f"{named.url}/graphql", headers=PREFLIGHT)
    assert not warnings(caplog)
    http.options(f"{named.url}/graphql", headers=PREFLIGHT | {"Origin": OTHER})
    assert OTHER in warnings(caplog)[0]


def test_a_page_of_the_server_itself_and_a_program_are_not_logged(
    fresh_server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    http.post(f"{fresh_server.url}/graphql", json=PING)
    http.post(f"{fresh_server.url}/graphql", json=PING, headers={"Origin": fresh_server.url})
    assert not warnings(caplog)


def test_a_page_from_a_file_is_told_what_to_do(fresh_server: RunningServer, caplog: pytest.LogCaptureFixture) -> None:
    http.post(f"{fresh_server.url}/graphql", json=PING, headers={"Origin": "null"})
    (warning,) = warnings(caplog)
    assert "from a file" in warning


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="session")
async def test_the_log_names_the_origin_of_a_page_in_a_browser(
    browser: Browser, fresh_server: RunningServer, elsewhere: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = await browser.new_page()
    await page.goto(elsewhere)
    await page.evaluate(ASK, fresh_server.url)
    (warning,) = warnings(caplog)
    assert f"origin {elsewhere} " in warning


def test_a_flood_of_origins_is_shortened_and_escaped(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(refused_origins, "time", clock)

    refused = RefusedOrigins(())
    refused._warn("https://first.example.com")
    for number in range(10 * MAX_ORIGINS):
        origin = f"https://\x1b[2J{number}.example.com/" + "x" * 10_000
        refused.check({"headers": [(b"host", b"localhost"), (b"origin", origin.encode())]})
    found = warnings(caplog)
    assert len(found) == MAX_ORIGINS + 1
    assert "further ones are not logged" in found[-1]
    assert all(len(warning) < 500 and warning.isprintable() for warning in found)
    clock.now += PERIOD_SECONDS
    refused._warn("https://first.example.com")
    assert "first.example.com" in warnings(caplog)[-1]

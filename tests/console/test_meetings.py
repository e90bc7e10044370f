"""The list of meetings, and signing in."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from domain.principals import Scope
from tests.harness.api_keys import create_api_key
from tests.harness.console_page import ConsolePage
from tests.harness.databases import TestPostgres
from tests.harness.servers import RunningServer, running_server

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_meetings_are_filtered_and_lead_to_their_pages(browser: Browser, console_server: RunningServer) -> None:
    for number in range(30):
        console_server.api.meeting(f"Budget {number:02}")
    live = console_server.api.meeting("Budget live", segments=3)
    console_server.api.run("UpdateMeeting", id=live["id"], input={"state": "RECORDING"})
    visitor = await ConsolePage.open(browser, console_server.url, "/console")
    page = visitor.page
    await page.get_by_label("Title contains").fill("budget")
    await expect(page.get_by_role("status").first).to_have_text("31 in all")
    await page.get_by_role("button", name="Show more").click()
    await expect(page.locator(".meeting")).to_have_count(31)
    await page.get_by_label("Order").select_option("By title")
    await expect(page.locator(".meeting-title").first).to_have_text("Budget 00")
    await page.get_by_label("State").select_option("RECORDING")
    await expect(page.locator(".meeting")).to_have_count(1)
    await expect(page.locator(".live-dot")).to_be_visible()
    assert "text=budget" in page.url  # a link to the same list
    await page.reload()
    await page.get_by_role("link", name="Budget live").click()
    await visitor.sees("Text 3")
    await page.goto(f"{console_server.url}/console/meetings?text=nothing+is+called+so")
    await page.get_by_role("button", name="Show all meetings").click()
    await visitor.sees("Budget live")
    assert (visitor.errors, visitor.other_hosts) == ([], [])
    await visitor.close()


@pytest.fixture
def guarded(postgres: TestPostgres) -> Iterator[tuple[str, str]]:
    """The URL of a server that asks for keys and executes only the documents of `graphql/operations/`, and a key's token."""
    settings = {"auth": True, "trusted_documents": "operations", "console": True, "demo": True}
    with postgres.database() as url, running_server(url, **settings) as server:
        yield server.url, create_api_key(url, Scope.READ)


async def test_a_guarded_server_asks_for_a_key_that_the_tab_keeps(browser: Browser, guarded: tuple[str, str]) -> None:
    url, token = guarded
    visitor = await ConsolePage.open(browser, url)
    page = visitor.page
    await page.get_by_label("Key").fill("rapporteur_wrong")
    await page.keyboard.press("Enter")
    await visitor.sees("does not accept this key")
    await page.get_by_label("Key").fill(token)
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Launch review").click()
    await visitor.sees("Good morning")  # over the WebSocket
    await page.reload()
    await visitor.sees("Good morning")
    assert token not in str(await page.evaluate("JSON.stringify(localStorage) + document.cookie"))
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_label("Key").wait_for()
    await visitor.close()

"""Checks lists of more than one page: all of their items can be reached, and none is left out when others come."""

import pytest
from playwright.async_api import Browser, expect

from tests.harness.console_page import ConsolePage
from tests.harness.servers import RunningServer, segment

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_every_hit_of_a_search_is_reached(browser: Browser, console_server: RunningServer) -> None:
    api = console_server.api
    said = [segment(number, text=f"Zeppelin {number}") for number in range(1, 71)]
    api.run("UpsertSegments", meetingId=api.meeting("Found often")["id"], segments=said)
    visitor = await ConsolePage.open(browser, console_server.url, "/console/search?q=zeppelin")
    found, more = visitor.page.locator(".found"), visitor.page.get_by_role("button", name="Show more")
    for shown in (30, 60):
        await expect(found).to_have_count(shown)
        await more.click()
    await expect(found).to_have_count(70)
    await expect(more).to_have_count(0)
    assert visitor.errors == []
    await visitor.close()


async def test_a_history_is_read_to_its_end_and_a_new_event_moves_none_out(
    browser: Browser, console_server: RunningServer
) -> None:
    api = console_server.api
    agent = api.agent("Changed often")
    for number in range(41):
        api.run("UpdateAgent", id=agent["id"], input={"description": f"Description {number}"})
    visitor = await ConsolePage.open(browser, console_server.url, f"/console/agents/{agent['id']}/history")
    events, more = visitor.page.locator(".event"), visitor.page.get_by_role("button", name="Show more")
    for shown in (20, 40):
        await expect(events).to_have_count(shown)
        await more.click()
    await expect(events).to_have_count(42)
    await expect(more).to_have_count(0)

    await visitor.page.locator(".event", has_text="version 1").last.get_by_role("button", name="Revert to this").click()
    await visitor.page.get_by_label("Reason").fill("From the start")
    await visitor.page.keyboard.press("Enter")
    await visitor.sees("From the start")
    await expect(events).to_have_count(43)
    assert visitor.errors == []
    await visitor.close()


async def test_a_meeting_that_comes_moves_none_out_of_the_list(browser: Browser, console_server: RunningServer) -> None:
    api = console_server.api
    for number in range(62):
        api.meeting(f"Listed {number:02}")
    visitor = await ConsolePage.open(browser, console_server.url, "/console/meetings?text=listed")
    meetings, more = visitor.page.locator(".meeting"), visitor.page.get_by_role("button", name="Show more")
    for shown in (30, 60):
        await expect(meetings).to_have_count(shown)
        await more.click()
    await expect(meetings).to_have_count(62)
    api.meeting("Listed last")
    await expect(meetings).to_have_count(63)
    assert len(set(await visitor.page.locator(".meeting-title").all_inner_texts())) == 63
    assert visitor.errors == []
    await visitor.close()

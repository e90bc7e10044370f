"""A meeting's page: the transcript as it is spoken, revised and corrected, also where the connection is lost."""

import pytest
from playwright.async_api import Browser, expect

from tests.harness.console_page import ConsolePage
from tests.harness.databases import TestPostgres
from tests.harness.servers import RunningServer, running_server, segment

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

SEGMENT_COUNT = 10_000
BATCH_SIZE = 1_000
MAX_ROW_COUNT = 60


async def test_words_appear_as_they_are_spoken_and_become_final(
    browser: Browser, console_server: RunningServer
) -> None:
    api = console_server.api
    meeting = api.meeting("Standup")
    api.run("UpdateMeeting", id=meeting["id"], input={"state": "RECORDING"})
    visitor = await ConsolePage.open(browser, console_server.url, f"/console/meetings/{meeting['id']}")
    await visitor.sees("Nothing was said yet")
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, text="Helo", isFinal=False)])
    await expect(visitor.page.locator(".is-hypothesis")).to_contain_text("Helo")
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(1, text="Hello")])
    await visitor.sees("Hello")
    assert await visitor.page.locator(".is-hypothesis").count() == 0
    correction = {"segmentId": 1, "text": "Hello all"}
    api.run("CorrectSegments", meetingId=meeting["id"], corrections=[correction], reason="Misheard")
    await visitor.sees("Hello all")
    await expect(visitor.page.locator(".correction")).to_contain_text("heard as Hello")
    api.run("UpdateMeeting", id=meeting["id"], input={"state": "STOPPED", "title": "Standup of Monday"})
    await expect(visitor.page.get_by_role("heading", name="Standup of Monday")).to_be_visible()
    api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[1])
    await visitor.sees("The meeting has no segments")
    assert (visitor.errors, visitor.other_hosts) == ([], [])
    await visitor.close()


async def test_nothing_is_missing_after_the_server_was_away(browser: Browser, postgres: TestPostgres) -> None:
    with postgres.database() as url:
        with running_server(url) as server:
            meeting = server.api.meeting(segments=1)
            visitor = await ConsolePage.open(browser, server.url, f"/console/meetings/{meeting['id']}")
            await visitor.sees("Text 1")
            port = int(server.url.rpartition(":")[2])
            agent = server.api.agent("Edited meanwhile")
            editor = await ConsolePage.open(browser, server.url, f"/console/agents/{agent['id']}")
            tokens = editor.page.get_by_role("row", name="Max tokens")
            await tokens.locator(".cell").first.click()
        await visitor.sees("Connection lost")
        await editor.page.get_by_role("spinbutton", name="Max tokens of Base").fill("77")
        await editor.page.keyboard.press("Enter")
        await expect(editor.page.get_by_role("alert")).to_have_count(2)  # of the page, and of what was to be saved
        with running_server(url, port=port) as server:
            segments = [segment(1, text="Revised"), segment(2)]
            server.api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
            await visitor.sees("Up to date")
            await visitor.sees("Revised")
            await visitor.sees("Text 2")
            await editor.page.get_by_role("button", name="Save").click()  # what was typed is still there
            await expect(tokens.locator(".cell").first).to_have_text("77")
            await editor.close()
            await visitor.page.context.set_offline(True)
            await visitor.sees("Offline")
            await visitor.page.context.set_offline(False)
            await visitor.sees("Up to date")
            await visitor.close()


async def test_a_long_transcript_follows_the_last_words_until_one_scrolls_up(
    browser: Browser, console_server: RunningServer
) -> None:
    api = console_server.api
    meeting = api.meeting("Conference")
    api.run("UpdateMeeting", id=meeting["id"], input={"state": "RECORDING"})
    for first in range(1, SEGMENT_COUNT, BATCH_SIZE):
        batch = [segment(number) for number in range(first, first + BATCH_SIZE)]
        api.run("UpsertSegments", meetingId=meeting["id"], segments=batch)
    visitor = await ConsolePage.open(browser, console_server.url, f"/console/meetings/{meeting['id']}")
    await visitor.sees(f"Text {SEGMENT_COUNT}")
    assert await visitor.page.locator(".segment").count() < MAX_ROW_COUNT
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(SEGMENT_COUNT + 1)])
    await visitor.sees(f"Text {SEGMENT_COUNT + 1}")

    await visitor.page.get_by_role("region", name="Transcript").focus()
    await visitor.page.keyboard.press("Home")
    await visitor.page.get_by_text("Text 1", exact=True).wait_for()
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(SEGMENT_COUNT + 2)])
    await expect(visitor.page.locator("li[aria-setsize]").first).to_have_attribute(
        "aria-setsize", str(SEGMENT_COUNT + 2)
    )
    assert await visitor.page.get_by_text("Text 1", exact=True).is_visible()
    await visitor.page.get_by_role("button", name="Follow the last words").click()
    await visitor.sees(f"Text {SEGMENT_COUNT + 2}")

    await visitor.page.goto(f"{console_server.url}/console/meetings/{meeting['id']}#segment-5000")
    await expect(visitor.page.locator(".is-linked")).to_contain_text("Text 5000")

    timeline = visitor.page.get_by_role("slider", name="Who spoke when")
    await timeline.press("Home")
    await expect(visitor.page.locator(".is-linked")).to_contain_text("Text 1")
    await timeline.press("End")
    await expect(visitor.page.locator(".is-linked")).to_contain_text(f"Text {SEGMENT_COUNT + 2}")
    await visitor.close()

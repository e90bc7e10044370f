"""Checks what visitors change in meetings (corrections, names, new, imported and erased ones), and that others see it."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.harness.console_page import ConsolePage
from tests.harness.servers import RunningServer, segment

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ada>The dropped words\n"
DROP = """(content) => {
    const files = new DataTransfer();
    files.items.add(new File([content], 'dropped.vtt'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true }));
}"""


async def test_one_corrects_and_names_and_the_other_sees_it(browser: Browser, console_server: RunningServer) -> None:
    api = console_server.api
    meeting = api.meeting("Interview")
    spoken = [segment(1, text="Hello word", speaker="SPEAKER_00"), segment(2, text="Second", speaker="SPEAKER_00")]
    api.run("UpsertSegments", meetingId=meeting["id"], segments=spoken)
    path = f"/console/meetings/{meeting['id']}"
    ada = await ConsolePage.open(browser, console_server.url, path)
    bob = await ConsolePage.open(browser, console_server.url, path)
    await bob.sees("Hello word")

    await ada.page.locator(".is-editable", has_text="Hello word").click()
    await ada.page.locator(".segment-editor textarea").fill("Hello world")
    await ada.page.get_by_label("Reason").fill("Misheard")
    await ada.page.keyboard.press("Enter")
    await bob.sees("Hello world")
    await expect(bob.page.locator(".correction")).to_contain_text("heard as Hello word: Misheard")

    await ada.page.get_by_role("button", name="Name SPEAKER_00").click()
    await ada.page.keyboard.type("Grace")  # in the place of the label
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_role("button", name="Name Grace")).to_be_focused()
    await expect(bob.page.locator(".segment .segment-speaker")).to_have_text(["Grace", "Grace"])
    await expect(bob.page.get_by_role("region", name="Speakers")).to_contain_text("heard as SPEAKER_00")

    await ada.page.get_by_role("button", name="Correct segment 2").click()
    await ada.page.locator(".segment-editor textarea").fill("Mine")
    await bob.page.get_by_role("button", name="Correct segment 2").focus()
    await bob.page.keyboard.press("Enter")
    await bob.page.locator(".segment-editor textarea").fill("Theirs")
    await bob.page.keyboard.press("Enter")
    await ada.sees("It was changed meanwhile, and now says: Theirs")
    await ada.page.get_by_role("button", name="Replace it with mine").click()
    await ada.page.get_by_role("button", name="Save").click()
    await bob.sees("Mine")

    await bob.page.get_by_role("button", name="Correct segment 2").click()
    await bob.page.get_by_role("button", name="Back to what was heard").click()
    await expect(ada.page.get_by_text("Second")).to_be_visible()
    assert ada.errors == bob.errors == []
    await ada.close()
    await bob.close()


async def test_the_list_follows_what_others_create_change_and_erase(
    browser: Browser, console_server: RunningServer, tmp_path: Path
) -> None:
    for number in range(100, 102):
        console_server.api.agent(f"Notary {number}")
    ada = await ConsolePage.open(browser, console_server.url, "/console/meetings")
    bob = await ConsolePage.open(browser, console_server.url, "/console/meetings")
    await bob.page.locator(".meeting").first.wait_for()

    await ada.page.get_by_role("button", name="New meeting").click()
    await expect(ada.page.get_by_label("Title", exact=True)).to_be_focused()
    await ada.page.keyboard.type("Made by hand")
    await ada.page.keyboard.press("Tab")
    agents = ada.page.get_by_role("listbox", name="Agent").get_by_role("option")
    await ada.page.keyboard.type("notary")
    await expect(agents).to_have_text(["Notary 100 notary-100", "Notary 101 notary-101"])
    await ada.page.keyboard.press("ArrowDown")
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.get_by_role("combobox", name="Agent")).to_have_value("Notary 101")
    await ada.page.keyboard.press("Enter")
    await ada.page.get_by_role("heading", name="Made by hand").wait_for()
    await ada.sees("Notary 101")
    id = ada.page.url.rpartition("/")[2]
    await bob.sees("Made by hand")
    console_server.api.run("UpdateMeeting", id=id, input={"state": "RECORDING"})
    await expect(bob.page.locator(".meeting", has_text="Made by hand").locator(".live-dot")).to_be_visible()
    await expect(ada.page.locator(".state-recording")).to_be_visible()
    await ada.page.get_by_role("button", name="Edit…").click()
    await ada.page.get_by_label("Title", exact=True).fill("Made with care")
    await ada.page.get_by_label("State").select_option("COMPLETED")
    await ada.page.keyboard.press("Enter")
    await ada.sees("cannot become COMPLETED; possible")
    await ada.page.get_by_label("State").select_option("STOPPING")
    await ada.page.get_by_role("button", name="Save").click()
    await ada.page.get_by_role("heading", name="Made with care").wait_for()
    await expect(bob.page.locator(".meeting", has_text="Made with care")).to_contain_text("Stopping")

    await ada.page.get_by_role("button", name="Erase…").click()
    await ada.page.get_by_role("button", name="Erase for ever").click()
    await ada.page.get_by_role("heading", name="Meetings").wait_for()
    await expect(bob.page.get_by_text("Made with care")).to_have_count(0)

    await ada.page.evaluate(DROP, VTT)
    await ada.page.get_by_role("link", name="dropped", exact=True).first.wait_for()
    await bob.sees("dropped")
    bad = tmp_path / "bad.vtt"
    bad.write_text("nothing with a time")
    await ada.page.get_by_label("Import files…").set_input_files(bad)
    await expect(ada.page.locator(".imports .problem")).to_contain_text("content")
    await ada.page.get_by_role("link", name="dropped", exact=True).first.click()
    await ada.sees("The dropped words")
    async with ada.page.expect_download() as download:
        await ada.page.get_by_label("Export").select_option("JSON")
    file = json.loads((await (await download.value).path()).read_text())
    assert [each["text"] for each in file["segments"]] == ["The dropped words"]
    assert (await download.value).suggested_filename == "dropped.json"
    assert ada.errors == bob.errors == []
    await ada.close()
    await bob.close()


async def test_search_leads_into_the_transcript_and_can_be_copied_as_code(
    browser: Browser, console_server: RunningServer
) -> None:
    visitor = await ConsolePage.open(browser, console_server.url)
    page = visitor.page
    await page.get_by_label("Search all transcripts").fill("dark theme")
    await page.keyboard.press("Enter")
    await expect(page.locator("mark")).to_have_text(["dark", "theme"])
    await page.get_by_role("button", name="Copy as code").click()
    code = page.get_by_label("Code")
    await expect(code).to_contain_text(f"curl '{console_server.url}/graphql'")
    await expect(code).to_contain_text('"query": "dark theme"')
    await page.get_by_label("Language").select_option("Python")
    await expect(code).to_contain_text("import httpx")
    await page.keyboard.press("Escape")
    await page.locator(".found").click()
    await expect(page.locator(".is-linked")).to_contain_text("dark theme of the transcript")

    await page.get_by_role("searchbox", name="Search this meeting").fill("launch")
    await page.keyboard.press("Enter")
    await visitor.sees("In one meeting")
    await expect(page.locator(".found strong").first).to_have_text("Launch review")
    await page.get_by_role("link", name="Search all transcripts").click()
    await expect(page.get_by_text("In one meeting")).to_have_count(0)
    assert visitor.errors == []
    await visitor.close()

"""Checks every page with axe, in light and dark, and on a phone; and that nothing needs a pointer."""

import pytest
from playwright.async_api import Browser, expect

from tests.harness.console_page import AXE, DESKTOP, PHONE, ConsolePage
from tests.harness.servers import RunningServer

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

MEETING = "meetings/01900000-0000-7000-8000-0000000000c1"
AGENT = "agents/01900000-0000-7000-8000-0000000000a1"
PAGES = {
    "meetings": "Launch review",
    MEETING: "Good morning",
    f"{MEETING}#segment-3": "Good morning",
    "search?q=launch": "Launch review",
    "agents": "Meeting scribe",
    AGENT: "Max tokens",
    f"{AGENT}/preview": "User prompt",
    f"{AGENT}/compare": "From",
    f"{AGENT}/history": "created",
    "keys": "Keys",
    "webhooks": "Webhooks",
    "nowhere": "There is no such page",
}
"""Gives for each path a text that its page shows once it is there."""


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: make lint installs it")
async def test_axe_finds_nothing_serious_and_each_page_fits_a_phone(
    browser: Browser, console_server: RunningServer
) -> None:
    long = console_server.api.meeting("A rather long title of a meeting " * 4, segments=5)
    visitor = await ConsolePage.open(browser, console_server.url)
    found, too_wide = {}, []
    for path, text in {**PAGES, f"meetings/{long['id']}": "Text 5"}.items():
        await visitor.page.set_viewport_size(DESKTOP)
        await visitor.page.emulate_media(color_scheme="light")
        await visitor.page.goto(f"{console_server.url}/console/{path}")
        await visitor.sees(text)
        found[path, "light"] = await visitor.violations()
        await visitor.page.emulate_media(color_scheme="dark")
        found[path, "dark"] = await visitor.violations("color-contrast")
        await visitor.page.set_viewport_size(PHONE)
        if not await visitor.fits_its_width():
            too_wide.append(path)
    assert {page: violations for page, violations in found.items() if violations} == {}
    assert too_wide == []
    assert visitor.errors == []
    await visitor.close()


async def test_a_correction_needs_no_pointer(browser: Browser, console_server: RunningServer) -> None:
    meeting = console_server.api.meeting("By keyboard", segments=1)
    visitor = await ConsolePage.open(browser, console_server.url, "/console/meetings?text=by+keyboard")
    page = visitor.page
    await visitor.sees("By keyboard")
    focused = page.locator(":focus")
    for _ in range(20):
        await page.keyboard.press("Tab")
        if "By keyboard" in (await focused.inner_text() if await focused.count() else ""):
            break
    await page.keyboard.press("Enter")
    await visitor.sees("Text 1")
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await focused.get_attribute("aria-label") == "Correct segment 1":
            break
    await page.keyboard.press("Enter")
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("Typed")
    await page.keyboard.press("Enter")
    await expect(page.locator(".segment-text")).to_contain_text("Typed")
    assert meeting["id"] in page.url
    await visitor.close()

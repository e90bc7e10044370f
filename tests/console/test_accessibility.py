"""Every page in dark and light, on a phone, by axe and without a pointer."""

import pytest
from playwright.async_api import Browser, expect

from tests.harness.console_page import AXE, PHONE, ConsolePage
from tests.harness.servers import RunningServer

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

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
    "nowhere": "There is no such page",
}
"""Gives for each path a text that its page shows once it is there."""


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: make lint installs it")
@pytest.mark.parametrize(("colours", "rules"), [("light", []), ("dark", ["color-contrast"])])
async def test_axe_finds_nothing_serious(
    browser: Browser, console_server: RunningServer, colours: str, rules: list[str]
) -> None:
    visitor = await ConsolePage.open(browser, console_server.url, color_scheme=colours)
    found = {}
    for path, text in PAGES.items():
        await visitor.page.goto(f"{console_server.url}/console/{path}")
        await visitor.sees(text)
        found[path] = await visitor.violations(*rules)
    assert {path: violations for path, violations in found.items() if violations} == {}
    assert visitor.errors == []
    await visitor.close()


async def test_no_page_is_wider_than_a_phone(browser: Browser, console_server: RunningServer) -> None:
    visitor = await ConsolePage.open(browser, console_server.url, viewport=PHONE)
    too_wide = []
    for path, text in PAGES.items():
        await visitor.page.goto(f"{console_server.url}/console/{path}")
        await visitor.sees(text)
        if not await visitor.fits_its_width():
            too_wide.append(path)
    assert too_wide == []
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

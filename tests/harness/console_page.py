"""Holds what tests of the console share: a page in a browser as one visitor has it."""

from typing import Any

from playwright.async_api import Browser, ViewportSize, expect

from tests.harness.repository import REPOSITORY
from tests.harness.visited_page import VisitedPage

expect.set_options(timeout=30_000)  # machines of any speed

AXE = REPOSITORY / "console" / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=360, height=740)
SERIOUS_VIOLATIONS = """async (rules) => {
    const { violations } = await axe.run({ resultTypes: ['violations'], ...(rules && { runOnly: rules }) });
    return violations
        .filter(({ impact }) => ['serious', 'critical'].includes(impact))
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}"""


class ConsolePage(VisitedPage):
    """A page of the console as one visitor has it."""

    @classmethod
    async def open(cls, browser: Browser, url: str, path: str = "/console", **options: Any) -> "ConsolePage":
        """Opens a page in a session of its own; `options` are those of a Playwright context."""
        context = await browser.new_context(**options)
        console = cls(await context.new_page(), url)
        await console.page.goto(url + path)
        return console

    async def sees(self, text: str) -> None:
        """Waits until a text is shown."""
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def violations(self, *rules: str) -> list[str]:
        """Returns what axe finds that is serious or critical, by the named rules or by all. axe-core must be there."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[str] = await self.page.evaluate(SERIOUS_VIOLATIONS, list(rules) or None)
        return found

    async def fits_its_width(self) -> bool:
        """Tells whether nothing of the page is wider than the window."""
        fits: bool = await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        return fits

    async def close(self) -> None:
        await self.page.context.close()

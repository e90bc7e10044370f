"""Holds what tests of the console share: a page in a browser as one visitor has it."""

from typing import Any

from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from tests.harness.repository import REPOSITORY

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


class ConsolePage:
    """A visitor's page, with the errors it has logged and the requests to other hosts that it has made."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        self.other_hosts: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @classmethod
    async def open(cls, browser: Browser, url: str, path: str = "/console", **options: Any) -> "ConsolePage":
        """Opens a page in a session of its own; `options` are those of a Playwright context."""
        context = await browser.new_context(**options)
        console = cls(await context.new_page(), url)
        await console.page.route("**/*", console._guard)
        await console.page.goto(url + path)
        return console

    async def _guard(self, route: Route) -> None:
        if route.request.url.startswith(f"{self.url}/"):
            await route.continue_()
        else:
            self.other_hosts.append(route.request.url)
            await route.abort()

    async def sees(self, text: str) -> None:
        """Waits until a text is shown."""
        await expect(self.page.get_by_text(text).first).to_be_visible()

    async def violations(self, *rules: str) -> list[str]:
        """Returns what axe finds that is serious or critical, by the named rules or by all. axe-core must be there."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[str] = await self.page.evaluate(SERIOUS_VIOLATIONS, list(rules) or None)
        return found

    async def fits_its_width(self) -> bool:
        """Tells whether nothing of the page is wider than the window."""
        fits: bool = await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        return fits

    async def close(self) -> None:
        await self.page.context.close()

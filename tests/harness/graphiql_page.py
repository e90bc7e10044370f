"""Opens the GraphiQL page of a server in a browser."""

from playwright.async_api import Page, Route


class Visit:
    """A page that reaches one server only, and what happened on it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.other_hosts: list[str] = []
        self.errors: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def guard(self, route: Route) -> None:
        if route.request.url.startswith(f"{self.url}/"):
            await route.continue_()
        else:
            self.other_hosts.append(route.request.url)
            await route.abort()

    async def open(self) -> None:
        """Go to the page, and wait until both editors show the first operation: a new tab reads them, ready or not."""
        await self.page.goto(f"{self.url}/graphql")
        await self.page.wait_for_function(
            """() => {
                const shown = (where) => document.querySelector(`${where} .CodeMirror`)?.CodeMirror.getValue();
                const [first] = JSON.parse(localStorage['rapporteur:tour'] ?? '[{}]');
                return shown('.graphiql-query-editor') === first.query
                    && shown('.graphiql-editor-tool') === first.variables;
            }"""
        )

    async def tabs(self) -> list[str]:
        await self.page.locator("[role=tab]").first.wait_for()
        return await self.page.locator("[role=tab]").all_inner_texts()

    async def stored(self, query: str) -> None:
        """Wait until GraphiQL has stored a tab with that query: it does so a while after the last change."""
        await self.page.wait_for_function(
            "(query) => (localStorage['rapporteur:graphiql:tabState'] ?? '').includes(JSON.stringify(query))", arg=query
        )

    async def text(self, where: str) -> str:
        text: str = await self.page.evaluate(f"document.querySelector('{where} .CodeMirror').CodeMirror.getValue()")
        return text

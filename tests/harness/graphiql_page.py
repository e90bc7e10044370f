"""Opens the GraphiQL page of a server in a browser."""

from tests.harness.visited_page import VisitedPage


class GraphiQLPage(VisitedPage):
    """A page of GraphiQL, and what happened on it."""

    async def open(self) -> None:
        """Goes to the page, and waits until both editors show the first operation: a new tab reads them, ready or not."""
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
        """Waits until GraphiQL has stored a tab with that query: it does so a while after the last change."""
        await self.page.wait_for_function(
            "(query) => (localStorage['rapporteur:graphiql:tabState'] ?? '').includes(JSON.stringify(query))", arg=query
        )

    async def text(self, where: str) -> str:
        text: str = await self.page.evaluate(f"document.querySelector('{where} .CodeMirror').CodeMirror.getValue()")
        return text

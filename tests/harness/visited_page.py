"""Holds what every page in a browser has that a test visits."""

from playwright.async_api import Page


class VisitedPage:
    """A page of one server, with the errors it has logged and the addresses of other hosts that it has asked for.

    The browser finds no other host (`tests.harness.browsers`).
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.other_hosts: list[str] = []
        self.errors: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda websocket: self._note(websocket.url.replace("ws", "http", 1)))

    def _note(self, address: str) -> None:
        if not address.startswith((f"{self.url}/", "data:", "blob:")):
            self.other_hosts.append(address)

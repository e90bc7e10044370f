"""Checks the console and GraphiQL behind a proxy that serves them below a path, as docs/self-hosting.md says."""

import shutil
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.harness.certificates import self_signed
from tests.harness.console_page import ConsolePage
from tests.harness.proxies import NAME, running_proxy
from tests.harness.servers import RunningServer

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_console_and_graphiql_work_below_a_path(
    browser: Browser, console_server: RunningServer, tmp_path: Path
) -> None:
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not here")
    self_signed(tmp_path, NAME)
    meeting = console_server.api.meeting("Below a path", segments=3)
    with running_proxy("nginx", console_server, tmp_path, prefix="/rapporteur") as port:
        url = f"https://127.0.0.1:{port}/rapporteur"
        visitor = await ConsolePage.open(browser, url, "/", ignore_https_errors=True)
        page = visitor.page
        await page.get_by_label("Title contains").fill("below a path")
        await page.get_by_role("link", name="Below a path").click()
        await visitor.sees("Text 3")  # over the WebSocket
        assert page.url == f"{url}/console/meetings/{meeting['id']}"
        await page.locator(".segment-time").last.click()
        await page.reload()
        await expect(page.locator(".is-linked")).to_contain_text("Text 3")
        await page.get_by_role("button", name="Copy as code").click()
        await expect(page.get_by_label("Code")).to_contain_text(f"{url}/graphql")
        await page.goto(f"{url}/graphql")
        await page.locator("button.graphiql-execute-button").wait_for()
        assert (visitor.errors, visitor.other_hosts) == ([], [])
        await visitor.close()

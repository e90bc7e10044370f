"""Webhooks: made with a secret that is shown once, tested, paused, changed, and what was sent."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.harness.console_page import ConsolePage
from tests.harness.databases import TestPostgres
from tests.harness.receivers import SENDING, receiver, statuses
from tests.harness.servers import RunningServer, running_server

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def sending(postgres: TestPostgres) -> Iterator[RunningServer]:
    """A server that sends to receivers of this machine."""
    with postgres.database() as url, running_server(url, **SENDING) as server:
        yield server


async def test_a_webhook_is_made_tested_paused_and_deleted(browser: Browser, sending: RunningServer) -> None:
    with receiver(statuses(500, 204)) as target:
        visitor = await ConsolePage.open(browser, sending.url, "/console/webhooks")
        page = visitor.page
        await visitor.sees("There are no webhooks yet")
        await page.get_by_role("button", name="New webhook").click()
        await page.keyboard.type("Minutes")
        await page.get_by_label("URL").fill("ftp://example.com/")
        await page.get_by_role("button", name="Create").click()
        await visitor.sees("url: ")  # what would be valid, in words
        await page.get_by_label("URL").fill(target.url)
        await page.get_by_label("Meeting created").check()
        await page.get_by_role("button", name="Create").click()
        secret = await page.get_by_label("Secret", exact=True).inner_text()
        assert secret.startswith("whsec_")
        await page.get_by_role("button", name="Close").click()
        assert secret not in await page.content()

        await page.get_by_role("link", name="Minutes").click()
        await page.get_by_role("button", name="Send a test").click()
        first = page.locator(".deliveries .event").first
        await expect(first).to_contain_text("answered 500")
        await first.get_by_role("button", name="Send again").click()
        await expect(first).to_contain_text("answered 204")
        await expect(first).to_contain_text("Delivered")

        meeting = sending.api.meeting("Told of")
        messages = [message.verify(secret)["type"] for message in target.wait(3)]
        assert messages == ["webhook.test", "webhook.test", "meeting.changed"]
        await page.get_by_label("State of deliveries").select_option("Delivered")
        told = page.locator(".deliveries .event", has_text="Meeting created")
        await expect(told).to_contain_text("answered 204")
        await expect(told.get_by_role("link", name="The meeting")).to_have_attribute(
            "href", f"/console/meetings/{meeting['id']}"
        )
        await page.get_by_label("State of deliveries").select_option("Given up")
        await expect(told).to_have_count(0)

        await page.get_by_role("button", name="Pause…").click()
        await page.keyboard.type("Moving house")
        await page.keyboard.press("Enter")
        await visitor.sees("Paused")
        await expect(page.locator(".history")).to_contain_text("Moving house")
        await page.get_by_role("button", name="Edit…").click()
        await page.get_by_label("Name", exact=True).fill("Minutes and more")
        await page.get_by_role("button", name="Save").click()
        await page.get_by_role("heading", name="Minutes and more").wait_for()
        await page.get_by_role("button", name="New secret…").click()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Secret", exact=True)).to_contain_text("whsec_")
        assert await page.get_by_label("Secret", exact=True).inner_text() != secret
        await page.keyboard.press("Escape")
        await expect(page.locator(".history .event")).to_have_count(4)  # the page has what it made

        await page.get_by_role("button", name="Delete…").click()
        await page.keyboard.press("Enter")
        await visitor.sees("There are no webhooks yet")
        assert visitor.errors == []
        await visitor.close()

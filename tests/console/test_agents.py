"""Agents: the matrix, edits in place, conflicts, activation, rolling back, diffs and reverts; and keys."""

import pytest
from playwright.async_api import Browser, expect

from tests.harness.console_page import ConsolePage
from tests.harness.servers import RunningServer

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_an_agent_is_edited_cloned_activated_and_rolled_back(
    browser: Browser, console_server: RunningServer
) -> None:
    agent = console_server.api.agent("Scribe", systemPrompt="Write for {{audience}}.")
    path = f"/console/agents/{agent['id']}"
    ada = await ConsolePage.open(browser, console_server.url, "/console/agents")
    await ada.page.get_by_role("link", name="Scribe", exact=False).filter(has_text="gpt").first.click()
    bob = await ConsolePage.open(browser, console_server.url, path)
    page = ada.page
    await expect(page.locator("mark").first).to_have_text("{{audience}}")

    await page.get_by_role("button", name="Clone Base").click()
    await expect(page.get_by_label("Name of the new variant")).to_be_focused()
    await page.keyboard.type("Brief")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Activate Brief").wait_for()
    await page.get_by_role("row", name="Max tokens").locator(".cell").nth(1).click()
    await page.get_by_role("spinbutton", name="Max tokens of Brief").fill("99")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row", name="Max tokens").locator(".cell").nth(1)).to_have_text("●99")
    await expect(page.get_by_role("row", name="Max tokens").locator(".cell").nth(1)).to_be_focused()

    await page.keyboard.press("Enter")
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.press("Delete")
    await page.keyboard.press("Enter")
    await ada.sees("Max tokens needs a number")  # and is not 0
    await page.keyboard.press("Escape")

    parameters = page.get_by_role("row", name="Parameters")
    await parameters.locator(".cell").nth(1).click()
    await page.get_by_role("textbox", name="Parameters of Brief").fill('{"top_p":')
    await page.get_by_role("button", name="Save").click()
    await ada.sees("JSON")  # what is wrong, and the draft stays
    await page.get_by_role("textbox", name="Parameters of Brief").fill('{"top_p": 0.5}')
    await page.get_by_role("button", name="Save").click()
    await expect(parameters.locator(".cell").nth(1)).to_have_text('●{"top_p":0.5}')
    await expect(parameters.locator(".cell").nth(0)).to_have_text("{}")

    await page.get_by_role("button", name="Activate Brief").click()
    await page.get_by_label("Reason").fill("Shorter is better")
    await page.keyboard.press("Enter")
    resolved = bob.page.get_by_role("row", name="Max tokens").locator(".is-resolved")
    await expect(resolved).to_have_text("●99")  # on the other visitor's page, too

    await page.get_by_role("button", name="Roll back…").click()
    await page.get_by_label("Reason").fill("Too short")
    await page.keyboard.press("Enter")
    await expect(resolved).not_to_have_text("●99")

    await page.get_by_role("link", name="Preview").click()
    await page.get_by_label("audience").fill("engineers")
    await ada.sees("Write for engineers.")
    await page.get_by_role("link", name="Compare").click()
    await expect(page.locator(".diffs")).to_contain_text("Max tokens")
    await page.get_by_role("link", name="History").click()
    await ada.sees("Too short")
    await ada.sees("Shorter is better")

    await page.get_by_role("link", name="Configuration").click()
    await page.get_by_role("button", name="Delete Brief").click()
    await page.keyboard.type("Not needed")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Delete Brief")).to_have_count(0)
    await page.get_by_role("button", name="Edit…").click()
    await page.get_by_label("Name", exact=True).fill("Scrivener")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Scrivener")).to_be_visible()
    await expect(bob.page.get_by_role("heading", name="Scrivener")).to_be_visible()  # though nothing is pushed
    await page.get_by_role("button", name="Delete…").click()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Agents")).to_be_visible()
    assert ada.errors == bob.errors == []
    await ada.close()
    await bob.close()


async def test_a_conflict_shows_both_sides_and_history_leads_back(
    browser: Browser, console_server: RunningServer
) -> None:
    agent = console_server.api.agent("Contested", systemPrompt="One\nTwo", maxTokens=1)
    console_server.api.run("CreateVariant", agentId=agent["id"], input={"name": "Heir"})
    visitor = await ConsolePage.open(browser, console_server.url, f"/console/agents/{agent['id']}")
    page = visitor.page
    await page.get_by_role("row", name="Max tokens").locator(".cell").nth(1).click()
    await page.keyboard.press("Enter")  # nothing was changed, so it still inherits
    await expect(page.get_by_role("spinbutton", name="Max tokens of Heir")).to_have_count(0)
    await expect(page.locator(".override-mark")).to_have_count(0)

    await page.get_by_role("row", name="Max tokens").locator(".cell").first.click()
    await page.get_by_role("spinbutton", name="Max tokens of Base").fill("3")
    config = {"maxTokens": 2, "systemPrompt": "One\nThree"}
    console_server.api.run("UpdateAgent", id=agent["id"], input={"config": config}, reason="Meanwhile")
    await page.get_by_role("spinbutton", name="Max tokens of Base").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Theirs: 2")
    await expect(page.get_by_role("alert")).to_contain_text("Yours: 3")
    await page.get_by_role("button", name="Save mine").click()
    await expect(page.get_by_role("row", name="Max tokens").locator(".cell").first).to_have_text("3")

    await page.get_by_role("row", name="Temperature").locator(".cell").first.click()
    await page.get_by_role("spinbutton", name="Temperature of Base").fill("9")
    await page.get_by_role("spinbutton", name="Temperature of Base").press("Enter")
    await visitor.sees("temperature: ")  # what would be valid, in words
    await page.keyboard.press("Escape")

    await page.get_by_role("link", name="History").click()
    changed = page.locator(".event", has_text="Meanwhile")
    await changed.get_by_role("button", name="Diff").click()
    await expect(changed.locator(".is-added")).to_contain_text("+Three")
    await page.locator(".event", has_text="version 1").get_by_role("button", name="Revert to this").click()
    await page.get_by_label("Reason").fill("It was right")
    await page.keyboard.press("Enter")
    await visitor.sees("It was right")
    await page.get_by_role("link", name="Configuration").click()
    await expect(page.get_by_role("row", name="Max tokens").locator(".cell").first).to_have_text("1")
    assert visitor.errors == []
    await visitor.close()


async def test_a_key_is_shown_once_and_can_be_revoked(browser: Browser, console_server: RunningServer) -> None:
    visitor = await ConsolePage.open(browser, console_server.url, "/console/keys")
    page = visitor.page
    await page.get_by_role("button", name="New key").click()
    await page.get_by_label("Name", exact=True).fill("bot of the tests")
    await page.get_by_label("What it allows").select_option("WRITE")
    await page.get_by_role("dialog").get_by_role("button", name="Create").click()
    await expect(page.get_by_label("Key", exact=True)).to_contain_text("rapporteur_")
    await page.get_by_role("button", name="Close").click()
    row = page.get_by_role("row", name="bot of the tests")
    await expect(row).to_contain_text("Never")
    await row.get_by_role("button", name="Revoke bot of the tests").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(row).to_contain_text("Revoked")
    assert "rapporteur_" not in await page.content()
    assert visitor.errors == []
    await visitor.close()

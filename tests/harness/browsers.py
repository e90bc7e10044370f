"""Starts a browser, where there is one."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The shell has no interface of its own, and takes two thirds of the time."""
OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--in-process-gpu", "--no-first-run", "--disable-background-networking"),
    # Pages find this machine only. A route of Playwright's in their way would see each request, and keep nothing cached.
    "--host-resolver-rules=MAP rebound.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


def chromium_path() -> str | None:
    """Returns the Chromium that `CHROMIUM` names, or else that of the `PATH`; None, if there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Runs Chromium while the block runs; skips the test where there is none."""
    executable = chromium_path()
    if executable is None:
        pytest.skip("no Chromium in PATH, nor named by CHROMIUM")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=OPTIONS)
        yield browser
        await browser.close()

"""A browser, where there is one."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.harness.browsers import running_browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running

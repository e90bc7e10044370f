"""`python -m bench.console`: how large the console is, how soon it can be used, and how soon it shows what was written.

The server, PostgreSQL and Chromium share this machine, so run it on a quiet one. The limits are those that the console is to
keep.

- script: all scripts of the first load, as the server sends them.
- usable: from the beginning of the navigation, with nothing in the cache, to the frame that shows the list of meetings.
- update: from the commit of a segment (its `updatedAt`, which PostgreSQL takes from its clock just before) to the end of the
  frame in which a page that follows the meeting shows it. The page takes that time itself.
"""

import argparse
import asyncio
import statistics
import time
from datetime import datetime
from functools import partial
from typing import Any

from playwright.async_api import Browser, async_playwright
from rich.console import Console
from rich.table import Table

from server.console import DIST
from tests.harness.browsers import OPTIONS, chromium_path
from tests.harness.commands import Serving, serving
from tests.harness.databases import postgres_directory, running_postgres
from tests.harness.servers import segment

MAX_SCRIPT_KB = 300
MAX_USABLE_MS = 1_500
MAX_UPDATE_MS = 100
SHOWN = """(() => {
    window.shown = new Map();
    const note = (selector) => {
        for (const { textContent } of document.querySelectorAll(selector)) {
            if (shown.has(textContent)) continue;
            shown.set(textContent, Infinity);
            const painted = () => shown.set(textContent, performance.now());
            requestAnimationFrame(() => setTimeout(painted)); // after the frame
        }
    };
    const observer = new MutationObserver(() => note('.meeting-title, .is-editable'));
    observer.observe(document, { subtree: true, childList: true, characterData: true });
})()"""
"""Notes when each title and each text of a transcript is on the screen, in milliseconds since the navigation began."""
TIMES = """query ($id: ID!, $after: String) {
    meeting(id: $id) { segments(first: 100, after: $after) { pageInfo { endCursor hasNextPage } nodes { text updatedAt } } }
}"""


def script_kilobytes(ending: str) -> float:
    return sum(file.stat().st_size for file in (DIST / "assets").glob(f"*.js.{ending}")) / 1_000


async def usable(browser: Browser, server: Serving, loads: int) -> list[float]:
    """Returns the milliseconds until the list of meetings is there, once for each visit of a browser that has nothing kept."""
    times = []
    for _ in range(loads):
        context = await browser.new_context()
        await context.add_init_script(SHOWN)
        page = await context.new_page()
        await page.goto(f"{server.url}/console/meetings")
        await page.wait_for_function("() => Math.min(...shown.values()) < Infinity")
        times.append(float(await page.evaluate("Math.min(...shown.values())")))
        await context.close()
    return times


async def updates(browser: Browser, server: Serving, rate: int, seconds: int) -> list[float]:
    """Returns the milliseconds from the commit of each segment to the screen of a page that follows."""
    meeting = server.api.meeting("Followed")["id"]
    server.api.run("UpdateMeeting", id=meeting, input={"state": "RECORDING"})
    context = await browser.new_context()
    await context.add_init_script(SHOWN)
    page = await context.new_page()
    await page.goto(f"{server.url}/console/meetings/{meeting}")
    await page.get_by_text("Nothing was said yet").wait_for()
    begin = time.monotonic()
    count = rate * seconds
    for number in range(1, count + 1):
        await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
        write = partial(server.api.run, "UpsertSegments", meetingId=meeting, segments=[segment(number)])
        await asyncio.get_running_loop().run_in_executor(None, write)
    await page.wait_for_function("(count) => [...shown.values()].filter(Number.isFinite).length >= count", arg=count)
    origin, shown = await page.evaluate("[performance.timeOrigin, [...shown]]")
    await context.close()
    committed = commit_times(server, meeting)
    return [origin + at - committed[text] for text, at in shown if text in committed]


def commit_times(server: Serving, meeting: str) -> dict[str, float]:
    """Returns the milliseconds since 1970 at which each text was written."""
    times: dict[str, float] = {}
    after = None
    while True:
        answer: Any = server.api.post(TIMES, {"id": meeting, "after": after})
        page = answer["data"]["meeting"]["segments"]
        times |= {node["text"]: datetime.fromisoformat(node["updatedAt"]).timestamp() * 1_000 for node in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            return times
        after = page["pageInfo"]["endCursor"]


async def measure(server: Serving, options: argparse.Namespace) -> Table:
    table = Table("what", "figure", "limit", title="the console")
    sizes = ", ".join(f"{script_kilobytes(ending):.0f} KB {ending}" for ending in ("gz", "br"))
    table.add_row("script of the first load", sizes, f"{MAX_SCRIPT_KB} KB")
    for number in range(30):
        server.api.meeting(f"Meeting {number}", segments=3)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=OPTIONS)
        loads = await usable(browser, server, options.loads)
        table.add_row(
            "usable, nothing in the cache",
            f"p50 {statistics.median(loads):.0f} ms, most {max(loads):.0f} ms, {len(loads)} loads",
            f"{MAX_USABLE_MS:,} ms",
        )
        latencies = await updates(browser, server, options.rate, options.seconds)
        hundredths = statistics.quantiles(latencies, n=100)
        table.add_row(
            f"commit to screen, {options.rate}/s",
            f"p50 {hundredths[49]:.0f} ms, p95 {hundredths[94]:.0f} ms, {len(latencies):,} segments",
            f"p95 {MAX_UPDATE_MS} ms",
        )
        await browser.close()
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=int, default=20)
    parser.add_argument("--rate", type=int, default=5, help="segments a second")
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args()
    with (
        postgres_directory() as directory,
        running_postgres(directory) as postgres,
        postgres.database() as url,
        serving(database_url=url, demo="false") as server,
    ):
        Console().print(asyncio.run(measure(server, options)))


if __name__ == "__main__":
    main()

"""Makes the screenshots of the documentation anew: `python -m tools.screenshots`, in a checkout with the tests' packages.

It writes `docs/images/graphiql.png`, `terminal.png` and `console-*.png`, of a server with a fresh demo. It needs Chromium.
"""

import asyncio
import io
import tempfile
from pathlib import Path

from playwright.async_api import Browser
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.harness.browsers import running_browser
from tests.harness.commands import COMMAND, environment
from tests.harness.graphiql_page import GraphiQLPage
from tests.harness.markdown import ROOT
from tests.harness.terminal import CTRL_C, Terminal

IMAGES = ROOT / "docs" / "images"
PAGE_SIZE = (1200, 640)
TERMINAL_COLUMNS = 100
CONSOLE_PAGES = (
    ("meetings", "meetings", "Launch review"),
    ("meeting", "meetings/01900000-0000-7000-8000-0000000000c1", "Thank you all"),
    ("agent", "agents/01900000-0000-7000-8000-0000000000a1", "Max tokens"),
)
"""The pages of the console to show: the name of the picture, the path, and what is seen once the page is there."""
PROMPT = "$ make run\n"
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; display: inline-block }}
pre {{ margin: 0; padding: 24px 28px; background: #1e1f1c; color: #e6e6e1; border-radius: 10px;
  font: 15px/1.5 "DejaVu Sans Mono", monospace }}
</style><pre>{lines}</pre>"""


async def main() -> None:
    """Starts a server on a terminal, as a person does, and takes a picture of both."""
    with tempfile.TemporaryDirectory() as folder:
        # The address and the folder are shown as a person has them.
        data_dir = Path(folder, ".rapporteur")
        settings = environment(port="8000", data_dir=str(data_dir)) | {"TERM": "xterm"}
        terminal = Terminal([*COMMAND, "serve"], settings, ROOT)
        try:
            terminal.read_until("Ctrl-C stops it.")
            async with running_browser() as browser:
                banner = terminal.output.replace(f"{data_dir.parent}/", "").rstrip()
                await picture_terminal(browser, PROMPT + banner)
                await picture_graphiql(browser, "http://127.0.0.1:8000")
                await picture_console(browser, "http://127.0.0.1:8000/console")
        finally:
            terminal.press(CTRL_C)
            terminal.wait()


async def picture_terminal(browser: Browser, output: str) -> None:
    """Takes a picture of what a program has printed with the colours of a terminal."""
    console = Console(record=True, width=TERMINAL_COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(output))
    lines = console.export_html(theme=MONOKAI, code_format="{code}", inline_styles=True)
    page = await browser.new_page(device_scale_factor=1)
    await page.set_content(PAGE.format(lines=lines))
    await page.locator("pre").screenshot(path=IMAGES / "terminal.png")


async def picture_graphiql(browser: Browser, url: str) -> None:
    """Takes a picture of GraphiQL with its first tabs, after the first operation was run."""
    width, height = PAGE_SIZE
    page = await browser.new_page(viewport={"width": width, "height": height})
    graphiql_page = GraphiQLPage(page, url)
    await graphiql_page.open()
    await page.locator("button.graphiql-execute-button").click()
    await page.wait_for_function(
        "() => document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue().includes('modelName')"
    )
    await page.mouse.move(width / 2, height - 1)
    await page.screenshot(path=IMAGES / "graphiql.png", animations="disabled")


async def picture_console(browser: Browser, url: str) -> None:
    """Takes pictures of the main pages of the console."""
    width, height = PAGE_SIZE
    page = await browser.new_page(viewport={"width": width, "height": height})
    for name, path, text in CONSOLE_PAGES:
        await page.goto(f"{url}/{path}")
        await page.get_by_text(text).first.wait_for()
        await page.screenshot(path=IMAGES / f"console-{name}.png", animations="disabled")


if __name__ == "__main__":
    asyncio.run(main())

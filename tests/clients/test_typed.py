"""The typed clients of docs/clients/: they are generated, compiled and run as their page says, on a server with the demo."""

import asyncio
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import expect

from tests.harness.browsers import running_browser
from tests.harness.client_processes import TIMEOUT_SECONDS, TcpProxy, ran, running_programs
from tests.harness.databases import TestPostgres
from tests.harness.markdown import ROOT
from tests.harness.servers import RunningServer, running_server, segment

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
CLIENTS = ROOT / "docs" / "clients"
MEETING = "01900000-0000-7000-8000-0000000000c1"
SAID = [
    "claude-sonnet-4-5 at 0.2",
    "version 3: temperature 0.5",
    "NOT_FOUND: 01900000-0000-7000-8000-00000000ffff",
    "INVALID_INPUT: input.config.temperature must be a finite number from 0.0 to 2.0",
    "CONFLICT: the current version is 3",
    "5 segments, the first by Mara",
    "5 segments, the first by Mara",
    "2 segments, the first by Idris",
]
"""Both programs print these lines: for a query, a mutation with each member of its union, and a subscription."""


@pytest.fixture
def demo_server(postgres: TestPostgres) -> Iterator[RunningServer]:
    with postgres.database() as url, running_server(url, demo=True) as running:
        yield running


@pytest.fixture(scope="module")
def typescript_project(tmp_path_factory: pytest.TempPathFactory, node_modules: Path) -> Path:
    """A project as docs/clients/typed.md and react.md have it made: generated, checked by the compiler, and bundled."""
    project = tmp_path_factory.mktemp("typescript")
    shutil.copytree(CLIENTS / "react", project / "src")
    shutil.copy(CLIENTS / "typed.ts", project / "src")
    for name in ("codegen.ts", "tsconfig.json"):
        shutil.copy(CLIENTS / name, project)
    (project / "graphql").symlink_to(ROOT / "graphql")
    (project / "node_modules").symlink_to(node_modules)
    ran(project, "node_modules/.bin/graphql-codegen", "--config", "codegen.ts")
    ran(project, "node_modules/.bin/tsc")
    esbuild = ("node_modules/.bin/esbuild", "--bundle", "--log-level=warning")
    ran(
        project,
        *esbuild,
        "src/typed.ts",
        "--platform=node",
        "--format=esm",
        "--packages=external",
        "--outfile=typed.mjs",
    )
    ran(project, *esbuild, "src/apollo.tsx", "src/urql.tsx", "--jsx=automatic", "--outdir=page")
    for name in ("apollo", "urql"):
        (project / "page" / f"{name}.html").write_text(
            f'<!doctype html><meta charset="utf-8"><body><script src="{name}.js"></script>'
        )
    return project


@pytest.fixture(scope="module")
def python_project(tmp_path_factory: pytest.TempPathFactory, ariadne_codegen: Path) -> Path:
    """A project as docs/clients/typed.md has it made: generated and checked by mypy."""
    project = tmp_path_factory.mktemp("python")
    for name in ("typed.py", "ariadne-codegen.toml"):
        shutil.copy(CLIENTS / name, project)
    (project / "graphql").symlink_to(ROOT / "graphql")
    command = [sys.executable, "-m", "ariadne_codegen", "--config", "ariadne-codegen.toml"]
    ran(project, *command, PYTHONPATH=str(ariadne_codegen))
    ran(project, sys.executable, "-m", "mypy", "--config-file", "ariadne-codegen.toml", "typed.py", "rapporteur_api")
    return project


@pytest.mark.parametrize("language", ["typescript", "python"])
def test_a_generated_client_gets_all_members_of_a_union(
    request: pytest.FixtureRequest, demo_server: RunningServer, language: str
) -> None:
    project = request.getfixturevalue(f"{language}_project")
    program = ["node", project / "typed.mjs"] if language == "typescript" else [sys.executable, project / "typed.py"]
    with running_programs({"typed": [*program, f"{demo_server.url}/graphql"]}, read_line=str.strip) as running:
        typed = running["typed"]
        assert typed.has(lambda program: len(program.messages) == len(SAID), time.monotonic() + TIMEOUT_SECONDS), (
            typed.messages,
            typed.errors,
        )
        demo_server.api.run("DeleteMeeting", id=MEETING)  # so the subscription completes, and the program ends
        assert typed.end(time.monotonic() + TIMEOUT_SECONDS) == 0, typed.errors
    assert (typed.messages, typed.errors) == (SAID, [])


class ServedPage(NamedTuple):
    """The bundled pages at an origin of their own, and the server that they may use, through a wire that can be cut."""

    origin: str
    server: RunningServer
    wire: TcpProxy


@pytest.fixture
def served_page(typescript_project: Path, database_url: str) -> Iterator[ServedPage]:
    with (
        files_at(typescript_project / "page") as origin,
        running_server(database_url, origins=(origin,), compression_threshold=0) as server,
        closing(TcpProxy(server.url)) as wire,
    ):
        yield ServedPage(origin, server, wire)


@pytest.mark.parametrize("library", ["apollo", "urql"])
async def test_the_react_page_shows_a_live_transcript(served_page: ServedPage, library: str) -> None:
    origin, server, wire = served_page
    meeting = server.api.meeting("Live", segments=60)["id"]
    write = partial(asyncio.to_thread, server.api.run, "UpsertSegments", meetingId=meeting)
    async with running_browser() as browser:
        page = await browser.new_page()
        await page.goto(f"{origin}/{library}.html?meeting={meeting}&server=http://{wire.address}/graphql")
        items = page.locator("li")

        await expect(page.locator("h1")).to_have_text("Live")
        await expect(items).to_have_count(50)
        await page.get_by_role("button", name="Earlier").click()
        await expect(items).to_have_count(60)
        await expect(items.first).to_contain_text("Text 1")
        await expect(page.get_by_role("button", name="Earlier")).to_have_count(0)

        await write(segments=[segment(60, text="Revised"), segment(61, text="New")])
        await expect(items.nth(59)).to_contain_text("Revised")
        await expect(items.last).to_contain_text("New")

        for number in (62, 63):
            wire.cut()
            await write(segments=[segment(number, text=f"After cut {number}")])
            await expect(items.last).to_contain_text(f"After cut {number}")
        await asyncio.to_thread(server.api.run, "DeleteSegments", meetingId=meeting, segmentIds=[1, 2])
        await expect(items).to_have_count(61)

        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("alert")).to_contain_text("must not be empty")
        await page.get_by_label("Say something").fill("Hello")
        await page.get_by_role("button", name="Send").click()
        await expect(items.last).to_contain_text("Hello")
        await expect(page.get_by_role("alert")).to_have_count(0)

        await asyncio.to_thread(server.api.run, "DeleteMeeting", id=meeting)
        await expect(page.get_by_role("alert")).to_have_text("the meeting was deleted")
    assert [len(re.findall(rb"Text 60\b", said)) for said in wire.answers if b"Text 60" in said] == [1]


@contextmanager
def files_at(folder: Path) -> Iterator[str]:
    """Serves a folder on a port of its own and gives the origin."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as http_server:
        thread = threading.Thread(target=http_server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http_server.server_port}"
        finally:
            http_server.shutdown()
            thread.join()

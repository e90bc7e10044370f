"""clients/typescript as it is packed: what is in it, what the compiler says of pages that use it, and the pages themselves."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.async_api import expect

from tests.harness.browsers import running_browser
from tests.harness.client_processes import TIMEOUT_SECONDS, ran
from tests.harness.repository import REPOSITORY
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.waiting import eventually

pytestmark = pytest.mark.slow

PAGE = """
import { Client, localStorageCache, type ConfigAnswer, type Origin } from 'rapporteur-client';

const server = new URLSearchParams(location.search).get('server') ?? '';
const client = new Client({ url: server, cache: localStorageCache(), onProblem: () => {} });
const show = ({ config, origin }: { config: ConfigAnswer['config']; origin: Origin }) =>
  (document.title = `${config.modelName} from ${origin}`);
client.onChange((slug, answer) => {
  if (slug === 'concierge' && answer) show(answer);
});
show(client.config('concierge', { modelProvider: 'openai', modelName: 'unknown' }));
"""


@pytest.fixture(scope="module")
def pages(typescript_client: Path, node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a worker and a page, checked by the compiler as strictly as it can, with the types of the client."""
    project = tmp_path_factory.mktemp("pages")
    (project / "package.json").write_text('{"type": "module"}')
    (project / "node_modules").symlink_to(typescript_client / "node_modules")
    (project / "page.ts").write_text(PAGE)
    (project / "worker.ts").write_text((REPOSITORY / "docs" / "recipes" / "worker.ts").read_text())
    tsc: list[str | Path] = [
        node_modules / ".bin" / "tsc",
        "--strict",
        "--exactOptionalPropertyTypes",
        "--noUncheckedIndexedAccess",
    ]
    module = ["--target", "es2022", "--module", "nodenext", "--skipLibCheck", "false"]
    ran(project, *tsc, *module, "--types", "node", "--typeRoots", node_modules / "@types", "page.ts", "worker.ts")
    return project


def test_the_package_has_only_what_is_built(typescript_client: Path) -> None:
    package = typescript_client / "node_modules" / "rapporteur-client"
    files = {path.relative_to(package) for path in package.rglob("*") if path.is_file()}
    assert {str(path) for path in files if path.parts[0] != "dist"} == {"package.json", "README.md", "LICENSE"}
    assert {"".join(path.suffixes) for path in files if path.parts[0] == "dist"} == {".js", ".d.ts"}
    assert not [
        path for path in files if path.parts[:2] != ("dist", "node") and b"'node:" in (package / path).read_bytes()
    ]


def answers(api: Api, meeting: Any) -> list[str]:
    edges = api.run("Transcript", id=meeting["id"], first=1000)["segments"]["edges"]
    return [edge["node"]["text"] for edge in edges if edge["node"]["speaker"] == "Concierge"]


def test_the_worker_answers_questions_once(pages: Path, server: RunningServer) -> None:
    meeting = server.api.meeting()

    def ask(number: int, text: str) -> None:
        asked = segment(number, text=text, speaker="Mara")
        server.api.run("UpsertSegments", meetingId=meeting["id"], segments=[asked])

    ask(1, "Concierge, when do we launch?")
    for count, question in ((1, None), (2, "Concierge, is that final?")):
        with subprocess.Popen(["node", "worker.js", server.url, "concierge", meeting["id"]], cwd=pages) as worker:
            try:
                if question:
                    ask(20, question)
                eventually(lambda: len(answers(server.api, meeting)) == count)  # noqa: B023
                worker.send_signal(signal.SIGTERM)
                assert worker.wait(TIMEOUT_SECONDS) == 0
            finally:
                worker.kill()
    first, second = answers(server.api, meeting)
    assert first.endswith("Mara asks: Concierge, when do we launch?")
    assert second.endswith("Mara asks: Concierge, is that final?")


async def test_a_page_has_the_configuration_and_keeps_it(pages: Path, database_url: str) -> None:
    page_file = pages / "index.html"
    imports = '{"imports": {"rapporteur-client": "/node_modules/rapporteur-client/dist/index.js"}}'
    page_file.write_text(
        f'<!doctype html><script type="importmap">{imports}</script><script type="module" src="page.js"></script>'
    )
    with files_at(pages) as origin:
        async with running_browser() as browser:
            page = await browser.new_page()
            with running_server(database_url, origins=(origin,)) as server:
                server.api.agent("Concierge", modelName="gpt")
                await page.goto(f"{origin}/?server={server.url}")
                await expect(page).to_have_title("gpt from memory", timeout=TIMEOUT_SECONDS * 1000)
            await page.reload()
            await expect(page).to_have_title("gpt from disk", timeout=TIMEOUT_SECONDS * 1000)


@contextmanager
def files_at(folder: Path) -> Iterator[str]:
    """Serves a folder on a port of its own and gives the origin."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as http_server:
        thread = Thread(target=http_server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http_server.server_port}"
        finally:
            http_server.shutdown()
            thread.join()

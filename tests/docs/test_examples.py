"""Runs the examples of the pages on a fresh server with the demo, in their order, and compares the answers they show.

An example is a block of GraphQL or a shell command with `curl`, and a block of JSON or text below it under the same heading.
A second block below the same example shows what it answers when it is sent again.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.harness.databases import TestPostgres
from tests.harness.markdown import CodeBlock, markdown_page
from tests.harness.servers import RunningServer, running_server

pytestmark = pytest.mark.slow

SERVER = "http://127.0.0.1:8000"
"""The server's address as the pages write it."""
PAGES = ["README.md", "docs/api.md", "docs/errors.md", "docs/limits.md"]
WAIT_SECONDS = 30


class Example(NamedTuple):
    """A request and the answer that a page shows."""

    request: CodeBlock
    answer: CodeBlock


def examples(name: str) -> list[Example]:
    """Returns the examples of a page, in order."""
    found: list[Example] = []
    request: CodeBlock | None = None
    for block in markdown_page(name).blocks:
        if block.language == "graphql" or (block.language == "sh" and SERVER in block.text):
            request = block
        elif block.language in ("json", "text") and request and request.section == block.section:
            found.append(Example(request, block))
        else:
            request = None
    return found


@pytest.fixture
def demo_server(postgres: TestPostgres) -> Iterator[RunningServer]:
    with postgres.database() as url, running_server(url, demo=True) as running:
        yield running


@pytest.mark.parametrize("name", PAGES)
def test_examples_answer_what_the_page_shows(demo_server: RunningServer, name: str) -> None:
    assert examples(name) != []
    for request, shown in examples(name):
        if shown.language == "text":
            assert first_characters(demo_server, request, len(shown.text)) == shown.text, f"line {shown.line}"
            continue
        expected = json.loads(shown.text)
        answer = answer_of(demo_server, request)
        if expected.keys().isdisjoint({"data", "errors"}):
            assert answer.keys() == {"data"}, f"line {shown.line}: {answer}"
            answer = answer["data"]
        assert answer == expected, f"line {shown.line}"


def answer_of(server: RunningServer, request: CodeBlock) -> Any:
    """Returns the whole answer to an example."""
    if request.language == "graphql":
        return server.api.http.post("/graphql", json={"query": request.text}).json()
    command = request.text.replace(SERVER, server.url)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=WAIT_SECONDS, check=True)
    return json.loads(done.stdout)


def first_characters(server: RunningServer, request: CodeBlock, length: int) -> str:
    """Returns the start of what a command prints that does not end by itself."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    command = f"exec {request.text.replace(SERVER, server.url)}"
    process = subprocess.Popen(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        with process.stdout as output:
            return output.read(length).decode()
    finally:
        process.kill()
        process.wait()

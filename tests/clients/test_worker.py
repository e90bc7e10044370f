"""The worker of docs/clients/python-worker.md, run as it stands: it answers questions once, with the configuration of now."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.harness.client_processes import running_programs
from tests.harness.databases import TestPostgres
from tests.harness.markdown import ROOT
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.waiting import eventually

pytestmark = pytest.mark.slow

MEETING = "01900000-0000-7000-8000-0000000000c1"
FORMAL = "01900000-0000-7000-8000-0000000000b3"


@pytest.fixture
def demo_server(postgres: TestPostgres) -> Iterator[RunningServer]:
    with postgres.database() as url, running_server(url, demo=True) as running:
        yield running


def answer_to(api: Api, number: int, question: str | None = None) -> Any:
    """Asks, if there is a question, and returns the segment with the answer once there is one."""
    if question:
        asked = segment(number, text=question, speaker="Mara")
        api.run("UpsertSegments", meetingId=MEETING, segments=[asked])

    def answer() -> Any:
        edges = api.run("Transcript", id=MEETING, first=1000)["segments"]["edges"]
        return next((edge["node"] for edge in edges if edge["node"]["externalId"] == f"answer-to-{number}"), None)

    return eventually(answer)


@contextmanager
def worker(server: RunningServer, home: Path) -> Iterator[None]:
    command: list[str | Path] = [
        *("env", f"HOME={home}", f"PYTHONPATH={ROOT / 'clients' / 'python'}"),
        sys.executable,
        ROOT / "docs/recipes/worker.py",
        server.url,
        "concierge",
        MEETING,
    ]
    with running_programs({"worker": command}, read_line=str.strip):
        yield


def test_a_worker_answers_with_the_configuration_of_now(demo_server: RunningServer, tmp_path: Path) -> None:
    api = demo_server.api
    with worker(demo_server, tmp_path):
        first = answer_to(api, 20, "Concierge, when do we launch?")
        assert first["speaker"] == "Concierge"
        assert first["text"].endswith("Mara asks: Concierge, when do we launch?")
        api.run("ActivateVariant", id=FORMAL)
        # The worker is told of it, but perhaps after the first of these questions.
        answers = (answer_to(api, number, "Concierge, is that final?")["text"] for number in range(100, 1000, 10))
        assert any("at 0.0]" in text for text in answers)
    with worker(demo_server, tmp_path):  # started again, it reads everything anew, and answers only what is new
        answer_to(api, 2000, "Concierge, thank you.")
        assert answer_to(api, 20) == first

"""OpenFeature's own SDKs and providers, as they come, evaluate agents as flags."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.harness.client_processes import TIMEOUT_SECONDS, Program, running_programs
from tests.harness.servers import Api, RunningServer

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


def expect_evaluations(program: Program, agent: Any, api: Api) -> None:
    """The program has evaluated the agent, which has an active variant, and a flag that there is not."""
    assert program.end(time.monotonic() + TIMEOUT_SECONDS) == 0, program.errors
    (config,) = api.run("ResolvedConfigs", agentSlugs=[agent["slug"]])["configs"]
    found, unknown = program.messages
    assert found["value"] == config
    assert (found["value"]["maxTokens"], found["variant"], found["reason"]) == (100, "brief", "STATIC")
    assert not found.get("errorCode")
    assert (unknown["value"], unknown["errorCode"]) == ({"modelName": "default"}, "FLAG_NOT_FOUND")


@pytest.fixture
def agent(api: Api) -> Any:
    agent = api.agent("Flagged")
    variant = api.variant(agent, "Brief", maxTokens=100)
    api.run("ActivateVariant", id=variant["id"])
    return agent


def test_python(server: RunningServer, agent: Any, openfeature: Path) -> None:
    command = [sys.executable, HERE / "openfeature_client.py", openfeature, server.url, agent["slug"], "unknown"]
    with running_programs({"python": command}) as running:
        expect_evaluations(running["python"], agent, server.api)


def test_javascript_on_a_server(server: RunningServer, agent: Any, node_modules: Path) -> None:
    command = ["node", HERE / "openfeature-server.mjs", server.url, agent["slug"], "unknown"]
    with running_programs({"node": command}) as running:
        expect_evaluations(running["node"], agent, server.api)


def test_javascript_in_a_browser_polls_and_sees_a_change(server: RunningServer, agent: Any, node_modules: Path) -> None:
    command: list[str | Path] = ["node", HERE / "openfeature-web.mjs", server.url, agent["slug"]]
    with running_programs({"node": command}) as running:
        program = running["node"]
        assert program.has(lambda running: len(running.messages) == 2, time.monotonic() + TIMEOUT_SECONDS), (
            program.errors
        )
        server.api.run("DeactivateVariant", agentId=agent["id"])
        assert program.end(time.monotonic() + TIMEOUT_SECONDS) == 0, program.errors
    assert program.messages == [
        {"maxTokens": 100, "variant": "brief", "reason": "STATIC"},
        {"status": 304},
        {"maxTokens": 4096, "variant": "base", "reason": "STATIC"},
    ]

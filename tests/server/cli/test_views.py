"""Runs the commands that look at a running server, and that switch variants."""

import json
from typing import Any

import pytest

from tests.harness.commands import run
from tests.harness.servers import RunningServer


def command(server: RunningServer, *arguments: str) -> Any:
    return run(*arguments, "--url", server.url)


def as_json(server: RunningServer, *arguments: str) -> Any:
    done = command(server, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_status_tells_the_version_and_the_schema(server: RunningServer) -> None:
    status = as_json(server, "status")
    assert status["database"] == "ok"
    assert status["version"] == status["command"]
    assert status["schema"]
    assert "database: ok" in command(server, "status").stdout


def test_status_of_no_server_is_an_error() -> None:
    status = run("status", "--url", "http://127.0.0.1:1")
    assert status.returncode == 1
    assert "no server answers at http://127.0.0.1:1" in status.stderr


@pytest.mark.slow
def test_agents_are_listed_shown_and_switched(fresh_server: RunningServer) -> None:
    agent = fresh_server.api.agent("Scribe", modelName="base-model")
    fresh_server.api.variant(agent, "Brief", modelName="brief-model")
    assert [found["slug"] for found in as_json(fresh_server, "agents", "list")] == ["scribe"]
    activated = command(fresh_server, "agents", "activate", "scribe", "brief", "--reason", "try")
    assert activated.stdout == "scribe: brief is active (version 2)\n"
    assert as_json(fresh_server, "agents", "show", "scribe")["resolvedConfig"]["modelName"] == "brief-model"
    assert "modelName: brief-model" in command(fresh_server, "agents", "show", "scribe").stdout
    assert 'modelParameters: {"temperature":0.7,' in command(fresh_server, "agents", "show", "scribe").stdout
    assert command(fresh_server, "agents", "rollback", "scribe").stdout == "scribe: the base is active (version 3)\n"
    command(fresh_server, "agents", "activate", "scribe", "brief")
    assert command(fresh_server, "agents", "activate", "scribe").stdout == "scribe: the base is active (version 5)\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("agents", "show", "nobody"), "there is no agent nobody"),
        (("agents", "activate", "meeting-scribe", "none"), "the agent meeting-scribe has no variant none"),
        (("agents", "rollback", "No Slug"), "slug must be lowercase letters"),
        (("meetings", "show", "01900000-0000-7000-8000-00000000dead"), "there is no meeting"),
    ],
)
def test_what_is_not_there_is_named(server: RunningServer, arguments: tuple[str, ...], says: str) -> None:
    done = command(server, *arguments)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_meetings_are_listed_and_shown(fresh_server: RunningServer) -> None:
    first, second = (fresh_server.api.run("CreateMeeting", input={"title": title}) for title in ("First", "Second"))
    assert [meeting["id"] for meeting in as_json(fresh_server, "meetings", "list")] == [second["id"], first["id"]]
    assert [found["title"] for found in as_json(fresh_server, "meetings", "list", "-n", "1")] == ["Second"]
    assert [found["title"] for found in as_json(fresh_server, "meetings", "list", "--text", "first")] == ["First"]
    assert as_json(fresh_server, "meetings", "show", first["id"])["title"] == "First"
    assert first["id"] in command(fresh_server, "meetings", "list").stdout


def test_search_shows_where_words_were_said(server: RunningServer) -> None:
    demo = "01900000-0000-7000-8000-0000000000c1"  # other tests say the same words in meetings of theirs
    done = command(server, "search", "launch", "--meeting", demo, "-n", "1")
    assert "Launch review" in done.stdout
    assert "found, 1 shown" in done.stderr
    assert len(as_json(server, "search", "launch", "--meeting", demo, "-n", "2")) == 2


def test_help_has_a_short_form_everywhere() -> None:
    for arguments in ((), ("agents",), ("agents", "list"), ("serve",)):
        assert "Usage:" in run(*arguments, "-h").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion_script(shell: str) -> None:
    assert "_RAPPORTEUR_COMPLETE" in run("completion", shell).stdout

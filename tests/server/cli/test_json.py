"""Checks that every command that prints results prints them as JSON for programs, and nothing else to standard output."""

import json
from pathlib import Path
from typing import Any

from server.cli import app
from server.cli.lazy import LazyCommand
from tests.harness.commands import run
from tests.harness.servers import RunningServer

PRINTS_NO_RESULT = {
    "serve",  # serves; its log is JSON off a terminal
    "completion",  # prints a script
    "schema",  # prints GraphQL's own language
    "export",  # has --format json
}
MANIFEST = "name: A\nconfig: {modelProvider: openai, modelName: gpt}\n"


def as_json(*arguments: str | Path, **settings: str) -> Any:
    done = run(*arguments, "--json", **settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_command_that_prints_results_has_the_option() -> None:
    without = set()
    for name, listed in app.commands.items():
        assert isinstance(listed, LazyCommand)
        command = listed.load()
        for each in getattr(command, "commands", {name: command}).values():
            if not any("--json" in parameter.opts for parameter in each.params):
                without.add(each.name if each is not command else name)
    assert without == PRINTS_NO_RESULT


def test_keys_and_workspaces(database_url: str) -> None:
    workspace = as_json("workspaces", "create", "Other", database_url=database_url)
    assert workspace in as_json("workspaces", "list", database_url=database_url)
    arguments = ("keys", "create", "Ada", "--scope", "write", "--workspace", workspace["id"])
    created = as_json(*arguments, database_url=database_url)
    assert created.pop("token").startswith("rapporteur_")
    assert (created["name"], created["scopes"], created["isActive"]) == ("Ada", ["WRITE"], True)
    assert as_json("keys", "list", "--workspace", workspace["id"], database_url=database_url) == [created]
    revoked = as_json("keys", "revoke", created["id"], "--workspace", workspace["id"], database_url=database_url)
    assert (revoked["id"], revoked["isActive"]) == (created["id"], False)


def test_the_database(database_url: str) -> None:
    assert as_json("migrate", database_url=database_url)["schema"]
    assert as_json("demo", database_url=database_url) == {"loaded": True}
    assert as_json("demo", database_url=database_url) == {"loaded": False}
    assert as_json("database-url", database_url=database_url) == {"url": database_url}


def test_a_replay_names_its_meeting(server: RunningServer, tmp_path: Path) -> None:
    file = tmp_path / "short.vtt"
    file.write_text("WEBVTT\n\n00:00.000 --> 00:00.100\nAda: Hello.\n", encoding="utf-8")
    replayed = as_json("replay", file, url=server.url)
    assert server.api.run("Meeting", id=replayed["meetingId"])["title"] == replayed["title"] == "short"
    assert replayed["link"] == f"{server.url}/graphql?meeting={replayed['meetingId']}"


def test_agents_as_files(fresh_server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "scribe.yaml").write_text(MANIFEST, encoding="utf-8")
    planned = as_json("agents", "push", tmp_path, "--dry-run", url=fresh_server.url)
    assert (planned["applied"], [change["agentSlug"] for change in planned["changes"]]) == (False, ["scribe"])
    assert run("agents", "push", tmp_path, "--json", url=fresh_server.url).returncode == 1
    assert as_json("agents", "push", tmp_path, "--yes", url=fresh_server.url)["applied"] is True
    assert as_json("agents", "push", tmp_path, url=fresh_server.url) == {"changes": [], "applied": False}
    (tmp_path / "other.yaml").write_text(MANIFEST, encoding="utf-8")
    pulled = as_json("agents", "pull", tmp_path, url=fresh_server.url)
    assert pulled == {
        "agents": 1,
        "written": [str(tmp_path / "scribe.yaml")],
        "kept": [str(tmp_path / "other.yaml")],
    }

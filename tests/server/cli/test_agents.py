"""Runs `rapporteur agents pull` and `push` on a real directory."""

import re
from pathlib import Path
from typing import Any

import pytest

from server.cli.agent_changes import show_change
from tests.harness.commands import run
from tests.harness.servers import Api, RunningServer

pytestmark = pytest.mark.slow

FORGED = "One.\rnew: \x1b[2J\u2028\u202edeleted\x85\u2066"


def test_a_preview_shows_what_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    changes = [
        {"field": "description", "before": None, "after": f"{FORGED}\n{FORGED}"},
        {"field": "name", "before": None, "after": FORGED},
    ]
    event = {"kind": "UPDATED", "changes": changes}
    show_change({"agentSlug": "a", "variantSlug": None, "activeBefore": None, "event": event})
    lines = capsys.readouterr().out.splitlines()
    escaped = "One.\\x0dnew: \\x1b[2J\\u2028\\u202edeleted\\x85\\u2066"
    assert [line for line in lines if line.startswith("    +")] == [f"    +{escaped}"] * 2
    assert not set("".join(lines)) & set("\r\x1b\u2028\u202e\x85\u2066")
    assert lines[1].startswith("  name: ")
    assert len(lines) == 7  # with the header of the difference, and that its last line has no end


def test_a_preview_has_the_fields_in_their_order_and_what_is_active_by_slug(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fields = ["activeVariantId", "description", "maxTokens", "modelName", "modelProvider", "name", "slug"]
    event = {"kind": "ACTIVATED", "changes": [{"field": field, "before": None, "after": "a"} for field in fields]}
    show_change({"agentSlug": "a", "variantSlug": "long", "activeBefore": None, "event": event})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a/long: activated"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        *("slug", "name", "description", "modelProvider", "modelName", "maxTokens", "active"),
    ]
    assert lines[-1] == "  active: the base → long"


NESTED: dict[str, Any] = {
    "temperature": None,
    "stop": ["no", "010", "1e3", "a\nb", "~"],
    "1": {"x": 1e-7, "y": 1.0, "z": [True, [], {}]},
    "deep": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}}}}}}},
}


@pytest.fixture
def directory(fresh_server: RunningServer, tmp_path: Path) -> Path:
    """A directory with the files of two agents, of which the first has two variants."""
    api = fresh_server.api
    scribe = api.agent("Scribe", systemPrompt="Listen.\nWrite.\n", temperature=0.5)
    brief = api.variant(scribe, "Brief", maxTokens=100, parameters=NESTED)
    api.variant(scribe, "Long", maxTokens=9000)
    api.run("ActivateVariant", id=brief["id"])
    api.agent("Greeter", parameters={"top_p": 0.5})
    pulled = agents("pull", tmp_path / "agents", fresh_server)
    assert pulled.returncode == 0, pulled.stderr
    assert "2 agents, 2 files written" in pulled.stdout
    return tmp_path / "agents"


def agents(command: str, directory: Path, server: RunningServer, *options: str) -> Any:
    return run("agents", command, directory, "--url", server.url, *options)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def everything(api: Api) -> Any:
    found = api.run("AgentManifests", first=100)["nodes"]
    return sorted(found, key=lambda agent: str(agent["slug"]))


def test_what_was_pulled_changes_nothing(fresh_server: RunningServer, directory: Path) -> None:
    before = api_state(fresh_server.api)
    pushed = agents("push", directory, fresh_server)
    assert (pushed.returncode, pushed.stdout) == (0, "nothing to change\n")
    assert api_state(fresh_server.api) == before
    assert "2 agents, 0 files written" in agents("pull", directory, fresh_server).stdout


def api_state(api: Api) -> Any:
    """Reads all versions, which change with any write."""
    return [(node["id"], node["version"], node["updatedAt"]) for node in api.run("Agents")["nodes"]]


def test_a_change_is_shown_and_applied_only_when_wanted(fresh_server: RunningServer, directory: Path) -> None:
    api = fresh_server.api
    before = everything(api)
    edit(directory / "scribe.yaml", "    Write.\n", "    Write it down.\n")
    edit(directory / "scribe.yaml", "maxTokens: 100", "maxTokens: 120")
    edit(directory / "scribe.yaml", "active: brief", "active: long")
    edit(directory / "greeter.yaml", "top_p: 0.5", "top_k: 5")
    (directory / "new.yaml").write_text("name: New\nconfig: {modelProvider: openai, modelName: gpt}\n")

    shown = agents("push", directory, fresh_server, "--dry-run")
    assert shown.returncode == 0
    for line in (
        "scribe: updated",
        "-Write.",
        "+Write it down.",
        "maxTokens: 100 → 120",
        "scribe/long: activated",
        "active: brief → long",
        'parameters: {"top_p":0.5} → {"top_k":5}',
    ):
        assert line in shown.stdout
    assert "new: created" in shown.stdout
    assert "5 changes, not applied" in shown.stdout
    unreasonable = agents("push", directory, fresh_server, "--dry-run", "--reason", "x" * 1_001)
    assert (unreasonable.returncode, "reason must have at most" in unreasonable.stderr) == (1, True)
    unconfirmed = agents("push", directory, fresh_server)
    assert unconfirmed.returncode == 1
    assert everything(api) == before

    applied = agents("push", directory, fresh_server, "--yes", "--reason", "Reviewed")
    assert applied.returncode == 0, applied.stderr
    assert "5 changes applied" in applied.stdout
    scribe = next(agent for agent in everything(api) if agent["slug"] == "scribe")
    assert scribe["config"]["systemPrompt"] == "Listen.\nWrite it down.\n"
    assert scribe["activeVariant"] == {"slug": "long"}
    assert agents("push", directory, fresh_server).stdout == "nothing to change\n"
    history = api.run("AgentHistory", id=api.run("AgentBySlug", slug="scribe", variant="long")["id"], first=3)
    assert {event["reason"] for event in history["history"]["nodes"]} == {"Reviewed"}
    assert "anonymous" not in {event["actor"] for event in history["history"]["nodes"]}


def test_what_a_file_leaves_out_has_its_default_and_what_is_active_stays(
    fresh_server: RunningServer, directory: Path
) -> None:
    (directory / "scribe.yaml").write_text(
        "name: Scribe\nconfig: {modelProvider: openai, modelName: gpt}\n"
        "variants:\n  brief:\n    overrides: {maxTokens: 100}\n    name: Brief\n"
    )
    assert agents("push", directory, fresh_server, "--yes").returncode == 0
    scribe = next(agent for agent in everything(fresh_server.api) if agent["slug"] == "scribe")
    assert (scribe["config"]["temperature"], scribe["config"]["systemPrompt"]) == (0.7, "")
    assert scribe["activeVariant"] == {"slug": "brief"}
    assert [variant["slug"] for variant in scribe["variants"]] == ["brief", "long"]  # without --prune


def test_prune_deletes_what_has_no_file(fresh_server: RunningServer, directory: Path) -> None:
    (directory / "greeter.yaml").unlink()
    text = (directory / "scribe.yaml").read_text()
    (directory / "scribe.yaml").write_text(text[: text.index("  long:")])
    kept = agents("push", directory, fresh_server)
    assert kept.stdout == "nothing to change\n"
    refused = agents("push", directory, fresh_server, "--prune", "--yes")
    assert refused.returncode == 1
    assert "--prune deletes 2 entities: greeter, scribe/long" in refused.stdout
    assert "--yes-delete" in refused.stderr
    assert len(everything(fresh_server.api)) == 2
    pruned = agents("push", directory, fresh_server, "--prune", "--yes", "--yes-delete")
    assert "greeter: deleted" in pruned.stdout
    assert "scribe/long: deleted" in pruned.stdout
    (scribe,) = everything(fresh_server.api)
    assert [variant["slug"] for variant in scribe["variants"]] == ["brief"]
    assert agents("push", directory, fresh_server, "--prune").stdout == "nothing to change\n"


def test_one_bad_file_keeps_all_from_being_applied(fresh_server: RunningServer, directory: Path) -> None:
    before = everything(fresh_server.api)
    edit(directory / "greeter.yaml", "temperature: 0.7", "temperature: 7")
    edit(directory / "scribe.yaml", "temperature: 0.5", "temperature: 0.9")
    refused = agents("push", directory, fresh_server, "--yes")
    assert refused.returncode == 1
    assert "greeter.yaml: config.temperature must be a finite number" in refused.stderr
    edit(directory / "greeter.yaml", "temperature: 7", "temperature: warm")
    refused = agents("push", directory, fresh_server, "--yes")
    assert "greeter.yaml: config.temperature" in refused.stderr.replace("\n", "")
    edit(directory / "scribe.yaml", "maxTokens: 100", "maxTokens: -1")
    edit(directory / "greeter.yaml", "temperature: warm", "temperature: 0.7")
    refused = agents("push", directory, fresh_server, "--yes")
    assert "scribe.yaml: variants.brief.overrides.maxTokens must be" in refused.stderr
    names = ("maxTokens", "contextWindow", "inputTokenLimit", "tokenBudget", "timeoutSeconds", "maxRetries")
    text = (directory / "greeter.yaml").read_text()
    (directory / "greeter.yaml").write_text(re.sub(rf"({'|'.join(names)}): ", r"\1: -", text))
    refused = agents("push", directory, fresh_server, "--yes")
    for name in names:
        assert f"greeter.yaml: config.{name} must be" in refused.stderr
    edit(directory / "greeter.yaml", "config:", "confg:")
    assert "confg is not known" in agents("push", directory, fresh_server, "--yes").stderr
    assert everything(fresh_server.api) == before


def test_files_make_the_same_agents_on_another_server(
    fresh_server: RunningServer, directory: Path, server: RunningServer, tmp_path: Path
) -> None:
    """Ids differ, all else is the same."""
    pushed = agents("push", directory, server, "--yes")
    assert pushed.returncode == 0, pushed.stderr
    agents("pull", tmp_path / "theirs", server)
    for path in directory.iterdir():
        assert (tmp_path / "theirs" / path.name).read_bytes() == path.read_bytes()


def test_one_agent_is_one(fresh_server: RunningServer, tmp_path: Path) -> None:
    fresh_server.api.agent("Scribe")
    assert agents("pull", tmp_path, fresh_server).stdout.endswith("\n1 agent, 1 file written\n")


@pytest.mark.parametrize("name", ["greeter.yml", "greeter.YAML", "greeter.YML"])
def test_a_file_that_looks_like_an_agents_is_not_passed_over(server: RunningServer, tmp_path: Path, name: str) -> None:
    text = "name: A\nconfig: {modelProvider: openai, modelName: gpt}\n"
    for file in ("scribe.yaml", name):
        (tmp_path / file).write_text(text)
    refused = agents("push", tmp_path, server, "--prune", "--yes")
    assert refused.returncode == 1
    assert f"{name}: must be named SLUG.yaml" in refused.stderr


@pytest.mark.parametrize(("option", "says"), [("--yes", "several directories"), ("--prune", "delete each other")])
def test_too_many_are_refused_before_the_server_is_asked(tmp_path: Path, option: str, says: str) -> None:
    variants = "".join(f"  v{number}: {{}}\n" for number in range(1_000))
    (tmp_path / "many.yaml").write_text(f"name: A\nvariants:\n{variants}")
    refused = run("agents", "push", tmp_path, "--url", "http://127.0.0.1:1", option)
    assert refused.returncode == 1
    assert "1,001 agents and variants, and a push takes at most 1,000" in refused.stderr
    assert says in refused.stderr


def test_too_many_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    for number in range(1_001):
        (tmp_path / f"a{number}.yaml").write_text("no manifest")
    refused = run("agents", "push", tmp_path, "--url", "http://127.0.0.1:1")
    assert refused.returncode == 1
    assert "1,001 agents, and a push takes at most 1,000" in refused.stderr
    assert "must be a mapping" not in refused.stderr


def test_other_files_are_named(fresh_server: RunningServer, directory: Path) -> None:
    (directory / "README.md").touch()
    assert "not manifests, and not read: README.md" in agents("push", directory, fresh_server).stderr


def test_a_directory_without_files_is_refused(fresh_server: RunningServer, tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "missing"):
        refused = agents("push", directory, fresh_server, "--prune", "--yes")
        assert refused.returncode == 1
        assert "error:" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_files_of_unknown_agents_are_kept_and_named(fresh_server: RunningServer, directory: Path) -> None:
    (directory / "mine.yaml").write_text("name: Mine\n")
    pulled = agents("pull", directory, fresh_server)
    assert "mine.yaml: kept" in pulled.stderr
    assert (directory / "mine.yaml").read_text() == "name: Mine\n"

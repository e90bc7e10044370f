"""clients/typescript answers with configurations, whatever becomes of the server."""

import contextlib
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from domain.principals import Scope
from server.client.agent_files import pull
from server.client.api_client import ApiClient
from tests.harness.api_keys import create_api_key
from tests.harness.client_processes import TcpProxy, restartable_server
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.typescript_client import CommandFailed, TypeScriptClient
from tests.harness.waiting import eventually

pytestmark = pytest.mark.slow

DEFAULT = {"modelProvider": "openai", "modelName": "by-default"}
VALUES = (
    *("modelProvider", "modelName", "systemPrompt", "userPromptTemplate", "promptVersion", "temperature", "maxTokens"),
    *("contextWindow", "inputTokenLimit", "tokenBudget", "timeoutSeconds", "maxRetries"),
    *("agentSlug", "variantSlug", "parameters", "modelParameters"),
)


@pytest.fixture
def nowhere() -> Iterator[str]:
    """The URL of a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


def write_manifests(url: str, folder: Path) -> None:
    folder.mkdir()
    with ApiClient(url) as api:
        for name, text in pull(api):
            (folder / name).write_text(text, encoding="utf-8")


def answer(client: TypeScriptClient, name: str, slug: str, default: Any = None) -> tuple[str, str]:
    """Returns the model's name and the origin."""
    given = client.run("config", name, slug, *([default] if default else []))
    return given["config"]["modelName"], given["origin"]


def numbers(update: Any) -> list[int]:
    return [each["segmentId"] for each in update["segments"]]


def changed(slug: str, model: str | None, client: str = "client") -> Any:
    message = {"client": client, "changed": slug, "model": model}
    return lambda received: received == message


def test_configurations_outlive_the_server(client: TypeScriptClient, database_url: str, tmp_path: Path) -> None:
    with restartable_server(database_url) as killed:
        agent = killed.api.agent("Scribe", modelName="first")
        cached = {"url": killed.url, "cache": str(tmp_path / "cache")}
        client.run("open", "client", cached)
        assert client.run("waitUntilCurrent", "client", 40_000) is True
        client.run("listen", "client")
        given = client.run("config", "client", "scribe")
        assert (given["config"]["modelName"], given["origin"]) == ("first", "memory")
        assert given["age"] >= 0

        variant = killed.api.variant(agent, "Newer", modelName="second")
        killed.api.run("ActivateVariant", id=variant["id"])
        client.wait_for(changed("scribe", "second"))
        client.wait_for(lambda message: "a listener of the test" in message.get("problem", ""))
        assert client.run("config", "client", "scribe")["config"]["variantSlug"] == "newer"
        write_manifests(killed.url, tmp_path / "manifests")
        killed.api.agent("Added", modelName="added")
        client.wait_for(changed("added", "added"))
        eventually(lambda: any(b'"added"' in file.read_bytes() for file in (tmp_path / "cache").glob("*.json")))

        meeting = killed.api.meeting("Followed", segments=1)
        client.run("follow", "client", "meeting", meeting["id"], {})
        client.run("segments", "client", "writer", meeting["id"], {})
        client.wait_for(lambda message: "update" in message)

        killed.end(signal.SIGKILL)
        client.wait_for(lambda message: killed.url in message.get("problem", ""))
        client.run("write", "writer", [segment(2, text="Said while the server is away")])
        assert answer(client, "client", "scribe") == ("second", "memory")
        client.run("open", "restarted", cached)
        client.run("listen", "restarted")
        assert client.run("waitUntilCurrent", "restarted", 1) is False
        assert answer(client, "restarted", "added") == ("added", "disk")
        client.run("open", "new", {"url": killed.url, "manifests": str(tmp_path / "manifests")})
        assert answer(client, "new", "scribe", DEFAULT) == ("second", "manifests")
        assert answer(client, "new", "added", DEFAULT) == ("by-default", "default")
        with pytest.raises(CommandFailed) as failed:
            client.run("config", "new", "added")
        assert failed.value.name == "NoConfig"

    with running_server(database_url, port=urlsplit(killed.url).port) as server:
        client.run("flush", "writer", 40_000)
        client.wait_for(lambda message: "update" in message and numbers(message["update"]) == [2])
        followed = [message["update"] for message in client.said(followed="meeting")]
        assert [number for update in followed for number in numbers(update)] == [1, 2]
        server.api.run("UpdateAgent", id=agent["id"], input={"config": {"modelName": "third"}})
        server.api.run("UpdateVariant", id=variant["id"], input={"overrides": {"modelName": None}})
        for name in ("client", "restarted"):
            client.wait_for(changed("scribe", "third", name))
            assert answer(client, name, "scribe") == ("third", "memory")
        assert client.run("waitUntilCurrent", "new", 40_000) is True
        assert answer(client, "new", "scribe") == ("third", "memory")

        server.api.run("DeleteAgent", id=agent["id"])
        client.wait_for(changed("scribe", None))
        assert answer(client, "client", "scribe", DEFAULT) == ("by-default", "default")


def test_a_deletion_is_noticed_also_when_it_happened_while_the_connection_was_lost(
    client: TypeScriptClient, server: RunningServer
) -> None:
    agent = server.api.agent("Short lived")
    with contextlib.closing(TcpProxy(server.url)) as wire:
        client.run("open", "client", {"url": f"http://{wire.address}", "agents": [agent["slug"], "not-yet"]})
        assert client.run("waitUntilCurrent", "client", 40_000) is True
        client.run("listen", "client")
        server.api.run("DeleteAgent", id=agent["id"])
        wire.cut()
        client.wait_for(changed(agent["slug"], None))
        later = server.api.agent("Not yet", modelName="now")
        client.wait_for(changed(later["slug"], "now"))
        server.api.run("DeleteAgent", id=later["id"])


def test_manifests_resolve_as_the_server_does(
    client: TypeScriptClient, server: RunningServer, nowhere: str, tmp_path: Path
) -> None:
    agent = server.api.agent("All by default", modelName="010", promptVersion="1e3")
    parameters = {"stop": ["a"], "nested": {"kept": 1, "gone": 2}, "max_tokens": None}
    tuned = server.api.agent("With parameters", parameters=parameters)
    variant = server.api.variant(tuned, parameters={"temperature": None, "nested": {"gone": None, "new": {"no": None}}})
    server.api.run("ActivateVariant", id=variant["id"])
    write_manifests(server.url, tmp_path / "manifests")
    (tmp_path / "manifests" / "broken.yaml").write_text("config: [")
    (tmp_path / "manifests" / "empty.yaml").write_text("")
    client.run("open", "server", {"url": server.url})
    client.run("open", "files", {"url": nowhere, "manifests": str(tmp_path / "manifests")})
    assert client.run("waitUntilCurrent", "server", 40_000) is True
    for slug in sorted(
        path.stem for path in (tmp_path / "manifests").iterdir() if path.stem not in ("broken", "empty")
    ):
        ours, theirs = (client.run("config", name, slug) for name in ("files", "server"))
        assert (ours["origin"], theirs["origin"]) == ("manifests", "memory")
        assert {name: ours["config"][name] for name in VALUES} == {name: theirs["config"][name] for name in VALUES}
    problems = [message["problem"] for message in client.messages if "no manifest" in message.get("problem", "")]
    assert [name for name in ("broken", "empty") if not any(f"{name}.yaml" in problem for problem in problems)] == []
    for each in (agent, tuned):
        server.api.run("DeleteAgent", id=each["id"])


def test_a_cache_that_is_damaged_or_cannot_be_written_harms_nothing(
    client: TypeScriptClient, server: RunningServer, nowhere: str, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    with contextlib.closing(TcpProxy(server.url)) as wire:
        options = {"url": f"http://{wire.address}", "cache": str(cache)}
        client.run("open", "first", options)
        assert client.run("waitUntilCurrent", "first", 40_000) is True
        client.run("close", "first")
    (file,) = cache.iterdir()
    client.run("open", "second", options)
    model, origin = answer(client, "second", "concierge", DEFAULT)
    assert (model != "by-default", origin) == (True, "disk")
    content = file.read_bytes()
    for number, damaged in enumerate(
        (content.replace(model.encode(), model.upper().encode()), content[:-9], b"", b"\0")
    ):
        file.write_bytes(damaged)
        client.run("open", f"damaged {number}", options)
        assert answer(client, f"damaged {number}", "concierge", DEFAULT) == ("by-default", "default")
    client.run("open", "unwritable", {"url": server.url, "cache": str(file / "folder")})
    assert client.run("waitUntilCurrent", "unwritable", 40_000) is True
    client.wait_for(lambda message: "the cache cannot be written" in message.get("problem", ""))
    assert answer(client, "unwritable", "concierge") == (model, "memory")
    with pytest.raises(CommandFailed, match=r"read only|not extensible"):
        client.run("spoil", "unwritable", "concierge")


@pytest.fixture
def guarded_server(postgres: TestPostgres) -> Iterator[tuple[RunningServer, str]]:
    """A server that asks for keys, and the token of an administrator."""
    with postgres.database() as url:
        admin = create_api_key(url, Scope.ADMIN)
        with running_server(url, auth=True, demo=True) as running:
            yield running, admin


def test_a_key_is_renewed_when_the_server_rejects_it(
    client: TypeScriptClient, guarded_server: tuple[RunningServer, str], tmp_path: Path
) -> None:
    server, token = guarded_server
    admin, key_file = Api(server.url, token), tmp_path / "key"

    def new_key(name: str) -> Any:
        created = admin.run("CreateApiKey", input={"name": name, "scopes": ["WRITE"]})
        key_file.write_text(created["token"])
        return created["apiKey"]

    key_file.write_text("rapporteur_unknown")
    client.run("open", "client", {"url": server.url, "keyFile": str(key_file)})
    assert client.run("waitUntilCurrent", "client", 1) is False
    first = new_key("first")
    assert client.run("waitUntilCurrent", "client", 40_000) is True
    meeting = admin.meeting("Guarded", segments=1)
    client.run("follow", "client", "meeting", meeting["id"], {})
    client.run("listen", "client")
    client.wait_for(lambda message: "update" in message)

    new_key("second")
    admin.run("RevokeApiKey", id=first["id"])  # which ends what the first one has open
    client.run("segments", "client", "writer", meeting["id"], {})
    client.run("write", "writer", [segment(2)])
    client.run("flush", "writer")
    client.wait_for(lambda message: "update" in message and numbers(message["update"]) == [2])
    agent = admin.agent("Seen with the second key", modelName="seen")
    client.wait_for(changed(agent["slug"], "seen"))
    admin.http.close()

"""Configurations that the Python library keeps fresh: the server stops, is killed, comes back, is slow, wants other keys."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.principals import Scope
from rapporteur_client import AsyncClient, Client, ConfigAnswer, NoConfig, Origin, ResolvedConfig, subscription
from tests.harness.api_keys import GuardedServer
from tests.harness.client_processes import restartable_server
from tests.harness.markdown import ROOT
from tests.harness.network import Network
from tests.harness.servers import Api, RunningServer, running_server
from tests.harness.waiting import eventually

NOBODY = "http://127.0.0.1:9"
"""No server listens on the port of the discard protocol."""
TIMEOUT_SECONDS = 60.0
DEFAULT = ResolvedConfig("openai", "default")


async def until(condition: Callable[[], bool]) -> None:
    """Waits until a condition holds."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def resolved(api: Api, agent: Any) -> dict[str, Any]:
    values: dict[str, Any] = api.run("ResolvedConfig", slug=agent["slug"])["resolvedConfig"]
    return values


async def test_a_worker_has_the_configuration_of_now(api: Api, server: RunningServer) -> None:
    agent = api.agent("Fresh")
    slug = agent["slug"]
    told: list[tuple[str, ConfigAnswer | None]] = []
    async with AsyncClient(server.url) as client:
        assert await client.wait_until_current(TIMEOUT_SECONDS)
        client.on_change(lambda slug, answer: 1 // 0)
        stop = client.on_change(lambda slug, answer: told.append((slug, answer)))
        answer = client.config(slug)
        assert (answer.origin, answer.config.etag) == (Origin.MEMORY, resolved(api, agent)["etag"])
        assert answer.age is not None
        assert 0 <= answer.age < TIMEOUT_SECONDS
        variant = api.variant(agent, "Brief", maxTokens=64)
        api.run("ActivateVariant", id=variant["id"])
        await until(lambda: client.config(slug).config.variant_slug == "brief")
        assert client.config(slug).config.max_tokens == 64
        added = api.agent("Added later")["slug"]
        await until(lambda: any(each == added for each, _ in told))
        assert client.config(added).config.model_name == "gpt"
        api.run("DeleteAgent", id=agent["id"])
        await until(lambda: (slug, None) in told)
        with pytest.raises(NoConfig):
            client.config(slug)
        assert client.config(slug, DEFAULT) == ConfigAnswer(DEFAULT, Origin.DEFAULT, None)
        stop()


async def test_only_the_agents_that_are_asked_for_are_followed(api: Api, server: RunningServer) -> None:
    followed, other = api.agent("Followed")["slug"], api.agent("Not followed")["slug"]
    async with AsyncClient(server.url, agents=[followed]) as client:
        assert await client.wait_until_current(TIMEOUT_SECONDS)
        assert client.config(followed).origin is Origin.MEMORY
        with pytest.raises(NoConfig):
            client.config(other)


@pytest.mark.slow
async def test_a_worker_that_starts_while_the_server_is_away_has_what_the_machine_knew(
    database_url: str, tmp_path: Path
) -> None:
    with running_server(database_url) as server:
        kept, deleted = (server.api.agent(name) for name in ("Kept", "Deleted meanwhile"))
        network = Network(server.url)
        async with network, AsyncClient(network.url, cache=tmp_path) as client:
            assert await client.wait_until_current(TIMEOUT_SECONDS)
            await until(lambda: len(list(tmp_path.rglob("*.json"))) == 2)
    network.go_down()
    async with network, AsyncClient(network.url, cache=tmp_path) as client:
        assert not await client.wait_until_current(0.05)
        answer = client.config("kept")
        assert (answer.origin, answer.config.model_name) == (Origin.DISK, "gpt")
        with running_server(database_url) as server:
            server.api.run("UpdateAgent", id=kept["id"], input={"config": {"modelName": "gpt-new"}})
            server.api.run("DeleteAgent", id=deleted["id"])
            network.lead_to(server.url)
            assert await client.wait_until_current(TIMEOUT_SECONDS)
            answer = client.config("kept")
            assert (answer.origin, answer.config.model_name) == (Origin.MEMORY, "gpt-new")
            assert client.config("deleted-meanwhile", DEFAULT).origin is Origin.DEFAULT
            await until(lambda: len(list(tmp_path.rglob("*.json"))) == 1)
        await until(lambda: client.last_error is not None)  # the server has stopped
        assert client.config("kept").config.model_name == "gpt-new"


@pytest.mark.slow
def test_a_worker_does_not_notice_that_the_server_is_killed(database_url: str, tmp_path: Path) -> None:
    with restartable_server(database_url) as server:
        agent = server.api.agent("Worker's")
        slug, variant = agent["slug"], server.api.variant(agent, "Brief", maxTokens=64)
        with Client(server.url, cache=tmp_path) as client:
            assert client.wait_until_current(TIMEOUT_SECONDS)
            server.end(signal.SIGKILL)
            eventually(lambda: client.last_error)
            assert client.config(slug).origin is Origin.MEMORY
            server.start()
            server.api.run("ActivateVariant", id=variant["id"])
            eventually(lambda: client.config(slug).config.max_tokens == 64)
            assert client.last_error is None


async def test_a_slow_server_delays_nobody(api: Api, network: Network) -> None:
    slug = api.agent("Slow")["slug"]
    network.freeze()
    async with AsyncClient(network.url, defaults={slug: DEFAULT}) as client:
        assert not await client.wait_until_current(0.05)
        assert client.config(slug).origin is Origin.DEFAULT
        network.thaw()
        assert await client.wait_until_current(TIMEOUT_SECONDS)
        assert client.config(slug).origin is Origin.MEMORY


async def test_age_grows_while_nothing_is_heard(api: Api, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "KEEP_ALIVE_SECONDS", 0.05)
    slug = api.agent("Age")["slug"]

    def age() -> float:
        known = client.config(slug).age
        assert known is not None
        return known

    async with AsyncClient(network.url) as client:
        assert await client.wait_until_current(TIMEOUT_SECONDS)
        network.freeze()
        await until(lambda: age() > 1.0)
        network.thaw()
        await until(lambda: age() < 1.0)


@pytest.mark.slow
async def test_a_key_that_ends_is_renewed(guarded_server: GuardedServer) -> None:
    api = guarded_server.api
    agent = api.agent("Guarded")
    keys = [api.run("CreateApiKey", input={"name": name, "scopes": ["READ"]}) for name in ("first", "second")]
    asked: list[str] = []

    async def key() -> str:
        if len(asked) == 1:
            asked.append("")
            raise RuntimeError("the vault is sealed")
        asked.append(keys[1 if asked else 0]["token"])
        return asked[-1]

    async with AsyncClient(guarded_server.url, key=key) as client:
        assert await client.wait_until_current(TIMEOUT_SECONDS)
        api.run("RevokeApiKey", id=keys[0]["apiKey"]["id"])
        await until(lambda: len(asked) == 3)
        api.run("UpdateAgent", id=agent["id"], input={"config": {"modelName": "renewed"}})
        await until(lambda: client.config("guarded").config.model_name == "renewed")


async def test_a_key_without_the_scope_is_said_and_harms_nothing(guarded_server: GuardedServer) -> None:
    async with AsyncClient(guarded_server.url, key=guarded_server.keys[Scope.INGEST]) as client:
        await until(lambda: client.last_error is not None)
        assert "scope" in str(client.last_error)
        assert client.config("any", DEFAULT).origin is Origin.DEFAULT


def test_a_client_without_a_server_answers_and_closes() -> None:
    with Client(NOBODY, defaults={"scribe": DEFAULT}) as client:
        assert client.config("scribe") == ConfigAnswer(DEFAULT, Origin.DEFAULT, None)
        with pytest.raises(NoConfig):
            client.config("unknown")
        assert not client.wait_until_current(0.01)
    assert client.config("scribe").origin is Origin.DEFAULT
    with pytest.raises(ValueError, match="not the URL"):
        Client("127.0.0.1:8000")


def test_a_listener_that_waits_for_its_own_client_is_told_so(api: Api, server: RunningServer) -> None:
    raised: list[BaseException] = []

    def listener(slug: str, answer: ConfigAnswer | None) -> None:
        try:
            client.wait_until_current()
        except RuntimeError as error:
            raised.append(error)

    with Client(server.url) as client:
        assert client.wait_until_current(TIMEOUT_SECONDS)
        client.on_change(listener)
        api.agent("Listened to")
        eventually(lambda: raised)


FORK = """
import os, sys
from rapporteur_client import Client, ClientClosed, ResolvedConfig
client = Client(sys.argv[1], defaults={"scribe": ResolvedConfig("openai", "gpt")})
child = os.fork()
if child:
    client.close()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
assert client.config("scribe").config.model_name == "gpt"
try:
    client.wait_until_current()
except ClientClosed:
    client.close()
    os._exit(0)
os._exit(1)
"""


@pytest.mark.slow
def test_a_fork_keeps_what_its_parent_knew_and_does_not_hang() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "clients" / "python")}
    command = [sys.executable, "-W", "ignore", "-c", FORK, NOBODY]
    assert subprocess.run(command, env=environment, timeout=TIMEOUT_SECONDS, check=False).returncode == 0

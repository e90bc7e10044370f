"""Followers of what many agents resolve to: whatever is written, renamed, killed, left and resumed, each has the newest set.

Two servers stand on one database. What a follower must have in the end is what a query gives then. It takes no configuration
that is older than what it has: the version of the prompts grows with each write of an agent.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import make_url

from db import change_notifier
from resolvers.live import hub
from server.wire.graphql_files import operation
from tests.harness.databases import TestPostgres
from tests.harness.servers import RunningServer, running_server
from tests.harness.websocket_client import WebSocketClient, websocket

pytestmark = pytest.mark.slow

SERVERS = st.integers(0, 1)
SLUGS = ("one", "two", "three")


class Follower:
    """A client that follows all agents or those with some slugs, and comes back to any server."""

    def __init__(self, slugs: list[str] | None) -> None:
        self.variables = {} if slugs is None else {"agentSlugs": slugs}
        self._socket: WebSocketClient | None = None
        self._closing = ExitStack()
        self._is_first = True
        self.configs: dict[str, Any] = {}
        self.etag = ""
        self._newest: dict[str, int] = {}
        """The newest version of each agent's prompts that was told."""

    @property
    def is_following(self) -> bool:
        return self._socket is not None

    def start(self, server: RunningServer) -> None:
        self._socket = self._closing.enter_context(websocket(server.url))
        self._subscribe()

    def _subscribe(self) -> None:
        assert self._socket
        self._is_first = True
        self._socket.start("1", "ResolvedConfigsUpdates", **self.variables)

    def stop(self) -> None:
        self._socket = None
        self._closing.close()

    def read_up_to(self, wanted: Any) -> None:
        """Reads until the follower has this set, which comes sooner or later; the etag tells."""
        while self._is_first or self.etag != wanted["etag"]:
            assert self._socket
            message = self._socket.receive()
            match message["type"]:
                case "next":
                    self._take(message["payload"]["data"]["resolvedConfigsUpdates"])
                case _:  # the backends have just been killed
                    (error,) = message["payload"]
                    assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE", error
                    self._subscribe()
        assert list(self.configs.values()) == wanted["configs"]

    def _take(self, update: dict[str, Any]) -> None:
        changed, deleted = update["configs"], update["deletedAgentSlugs"]
        if self._is_first:
            assert deleted == []
            self.configs.clear()
        else:
            assert changed or deleted
        for slug in deleted:
            self.configs.pop(slug, None)
        for config in changed:
            version = int(config["promptVersion"])
            assert version >= self._newest.get(config["agentId"], 0), "it goes backwards"
            self._newest[config["agentId"]] = version
            self.configs[config["agentSlug"]] = config
        self.configs = dict(sorted(self.configs.items()))
        self.etag, self._is_first = update["etag"], False


class ConfigSetMachine(RuleBasedStateMachine):
    postgres: ClassVar[TestPostgres]
    database: ClassVar[str]
    servers: ClassVar[list[RunningServer]]
    versions: ClassVar[Iterator[int]]

    @initialize()
    def begin(self) -> None:
        self.followers: list[Follower] = []
        for id in self.agents(0).values():  # of an earlier example
            self.run(0, "DeleteAgent", id=id)

    def run(self, server: int, name: str, **variables: Any) -> Any:
        """The answer, be it at a later try: the backends may just have been killed."""
        for _ in range(20):
            answer = self.servers[server].api.post(operation(name), variables, name)
            if "errors" not in answer:
                (value,) = answer["data"].values()
                return value
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["SERVICE_UNAVAILABLE"]
        raise AssertionError(f"the server does not recover: {answer}")

    def agents(self, server: int) -> dict[str, str]:
        """The ids of the agents by their slugs."""
        return {config["agentSlug"]: config["agentId"] for config in self.run(server, "ResolvedConfigs")["configs"]}

    @rule(server=SERVERS, slug=st.sampled_from(SLUGS))
    def write(self, server: int, slug: str) -> None:
        """Creates the agent with a slug, or changes it."""
        config = {"promptVersion": str(next(self.versions))}
        if id := self.agents(server).get(slug):
            self.run(server, "UpdateAgent", id=id, input={"config": config})
        else:
            config |= {"modelProvider": "openai", "modelName": "gpt"}
            self.run(server, "CreateAgent", input={"name": slug, "slug": slug, "config": config})

    @rule(server=SERVERS, slug=st.sampled_from(SLUGS), temperature=st.sampled_from([0.1, 0.2]))
    def activate(self, server: int, slug: str, temperature: float) -> None:
        """Activates a new variant, which inherits the version of the prompts."""
        if id := self.agents(server).get(slug):
            overrides = {"temperature": temperature, "promptVersion": None}
            input = {"name": "Variant", "overrides": overrides, "activate": True}
            self.run(server, "CloneVariant", agentId=id, input=input)

    @rule(server=SERVERS, slug=st.sampled_from(SLUGS))
    def deactivate(self, server: int, slug: str) -> None:
        if id := self.agents(server).get(slug):
            self.run(server, "DeactivateVariant", agentId=id)

    @rule(server=SERVERS, slug=st.sampled_from(SLUGS), new=st.sampled_from(SLUGS))
    def rename(self, server: int, slug: str, new: str) -> None:
        """Gives an agent another slug, which may be taken."""
        if id := self.agents(server).get(slug):
            self.run(server, "UpdateAgent", id=id, input={"slug": new})

    @rule(server=SERVERS, slug=st.sampled_from(SLUGS))
    def delete(self, server: int, slug: str) -> None:
        if id := self.agents(server).get(slug):
            self.run(server, "DeleteAgent", id=id)

    @precondition(lambda self: len(self.followers) < 4)
    @rule(server=SERVERS, slugs=st.none() | st.lists(st.sampled_from(SLUGS), max_size=2))
    def follow(self, server: int, slugs: list[str] | None) -> None:
        self.followers.append(Follower(slugs))
        self.followers[-1].start(self.servers[server])

    @precondition(lambda self: any(not follower.is_following for follower in self.followers))
    @rule(server=SERVERS, data=st.data())
    def come_back(self, server: int, data: st.DataObject) -> None:
        self.pick(data, is_following=False).start(self.servers[server])

    @precondition(lambda self: any(follower.is_following for follower in self.followers))
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        self.expect_newest(self.pick(data, is_following=True))

    @precondition(lambda self: any(follower.is_following for follower in self.followers))
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        self.pick(data, is_following=True).stop()

    def pick(self, data: st.DataObject, *, is_following: bool) -> Follower:
        found = [number for number, each in enumerate(self.followers) if each.is_following == is_following]
        return self.followers[data.draw(st.sampled_from(found))]

    @rule()
    def kill_the_backends(self) -> None:
        """Kills all connections of both servers. The servers may still use some before they are dead."""
        self.postgres.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'"
            " AND backend_type = 'client backend'"
        )

    def expect_newest(self, follower: Follower) -> None:
        follower.read_up_to(self.run(0, "ResolvedConfigs", **follower.variables))

    def teardown(self) -> None:
        try:
            self.followers.append(Follower(None))
            for number, follower in enumerate(self.followers):
                if not follower.is_following:
                    follower.start(self.servers[number % 2])
                self.expect_newest(follower)
        finally:
            for follower in self.followers:
                follower.stop()


@pytest.fixture
def two_servers(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RunningServer]]:
    monkeypatch.setattr(hub, "RETRY_DELAY_SECONDS", 0.05)
    monkeypatch.setattr(hub, "POLL_INTERVAL_SECONDS", 1.0)  # a write whose commit is not answered notifies nobody
    monkeypatch.setattr(change_notifier, "HEARTBEAT_SECONDS", 0.2)
    with running_server(database_url) as one, running_server(database_url) as other:
        yield [one, other]


def test_followers_get_the_newest_set(
    postgres: TestPostgres, database_url: str, two_servers: list[RunningServer]
) -> None:
    ConfigSetMachine.postgres = postgres
    ConfigSetMachine.servers = two_servers
    ConfigSetMachine.database = str(make_url(database_url).database)
    ConfigSetMachine.versions = count(1)
    run_state_machine_as_test(
        ConfigSetMachine, settings=settings(max_examples=12, stateful_step_count=25, report_multiple_bugs=False)
    )

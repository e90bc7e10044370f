"""Kills the primary while servers write, directly and through PgBouncer, and promotes the standby."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest

from db.replicas import ReplicaStatus
from tests.harness.pgbouncer import PROGRAM, pgbouncer
from tests.harness.replicas import ask, until
from tests.harness.servers import RunningServer, running_server
from tests.harness.standby import ReplicationPair, primary_and_standby
from tests.harness.waiting import eventually

pytestmark = pytest.mark.slow

ENOUGH_WRITES = 10
CREATE = """
mutation ($id: String!) {
  createMeeting(input: { title: "Acknowledged", externalId: $id }) { __typename ... on Meeting { externalId } }
}
"""
FIND = "query ($id: String!) { meetingByExternalId(externalId: $id) { externalId } }"


class Writer:
    """Creates one meeting after the other, and remembers those that the server has acknowledged."""

    def __init__(self, server: RunningServer, name: str) -> None:
        self.acknowledged: list[str] = []
        self.token: str | None = None
        self._server = server
        self._name = name
        self._is_stopped = threading.Event()

    @contextmanager
    def writing(self) -> Iterator[None]:
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            yield
        finally:
            self._is_stopped.set()
            thread.join(60)

    def until_more(self) -> None:
        """Waits for some more writes."""
        wanted = len(self.acknowledged) + ENOUGH_WRITES
        eventually(lambda: len(self.acknowledged) >= wanted)

    def _write(self) -> None:
        number = 0
        while not self._is_stopped.is_set():
            number += 1
            id = f"{self._name}-{number}"
            answer = ask(self._server, CREATE, id=id)
            if "errors" not in answer.body:
                self.acknowledged.append(answer.value["externalId"])
                self.token = answer.token
            else:
                assert answer.body["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE", answer.body


@contextmanager
def servers_on(pair: ReplicationPair) -> Iterator[list[RunningServer]]:
    """A server that knows both hosts, and one that knows a pooler before each, where there is PgBouncer."""
    with ExitStack() as stack:
        urls = [pair.url]
        if PROGRAM is not None:
            poolers = [
                stack.enter_context(pgbouncer(url, "transaction", size=5, server_login_retry=1)).url
                for url in (pair.primary_url, pair.standby_url)
            ]
            hosts = [urlsplit(url).netloc.rpartition("@")[2] for url in poolers]
            urls.append(poolers[0].replace(hosts[0], ",".join(hosts)))
        yield [stack.enter_context(running_server(url, replica_url=pair.standby_url)) for url in urls]


async def stored(url: str) -> set[str]:
    """The externalIds of all meetings."""
    connection = await asyncpg.connect(url)
    try:
        return {row["external_id"] for row in await connection.fetch("SELECT external_id FROM meetings")}
    finally:
        await connection.close()


def test_what_was_acknowledged_is_there_after_a_failover() -> None:
    with primary_and_standby() as pair, pair.synchronous(), servers_on(pair) as servers, ExitStack() as stack:
        for server in servers:
            until(server, ReplicaStatus.IN_USE)
        writers = [Writer(server, f"writer-{number}") for number, server in enumerate(servers)]
        for writer in writers:
            stack.enter_context(writer.writing())
            writer.until_more()
        pair.kill_primary()
        asyncio.run(pair.promote())
        for writer in writers:
            writer.until_more()
        stack.close()
        acknowledged = {id for writer in writers for id in writer.acknowledged}
        assert acknowledged <= asyncio.run(stored(pair.standby_url))
        for server in servers:
            until(server, ReplicaStatus.NO_STANDBY)
            for writer in writers:
                last = writer.acknowledged[-1]
                assert ask(server, FIND, token=writer.token, id=last).value == {"externalId": last}

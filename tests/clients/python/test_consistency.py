"""Checks that what the Python library has written is in what it reads, though the replica that would answer replays nothing."""

import asyncio
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.consistency_tokens import ConsistencyToken, parse_tokens
from rapporteur_client import AsyncClient, Client, ClientClosed, SegmentInput
from rapporteur_client.consistency import MAX_TOKENS, ConsistencyTokens
from tests.harness.replicas import READ_TITLE, SET_TITLE, ask
from tests.harness.servers import RunningServer
from tests.harness.standby import ReplicationPair
from tests.harness.waiting import eventually

COUNT = "query ($id: ID!) { meeting(id: $id) { segmentCount } }"
MANY = 3 * MAX_TOKENS

places = st.builds(ConsistencyToken, st.just(1), st.integers(1, 2), st.integers(0, 2**64 - 1))


def old_meetings(servers: tuple[RunningServer, RunningServer], count: int) -> list[str]:
    """Meetings with the title Old, of which the replica knows."""
    ids: list[str] = [servers[0].api.meeting("Old")["id"] for _ in range(count)]
    for server in servers:
        eventually(lambda: ask(server, READ_TITLE, id=ids[-1]).value is not None)  # noqa: B023
    return ids


@pytest.mark.slow
async def test_a_client_reads_what_it_wrote(
    pair: ReplicationPair, servers: tuple[RunningServer, RunningServer]
) -> None:
    (id,) = old_meetings(servers, 1)
    one, other = servers
    async with (
        AsyncClient(one.url, agents=[]) as writer,
        AsyncClient(other.url, agents=[]) as reader,
    ):
        assert writer.consistency is None
        with pair.paused():
            await writer.request(SET_TITLE, {"id": id, "title": "New"})
            assert await writer.request(READ_TITLE, {"id": id}) == {"meeting": {"title": "New"}}
            eventually(lambda: ask(other, READ_TITLE, id=id).value == {"title": "Old"})  # who gives no token
            assert writer.consistency
            reader.read_after(writer.consistency)
            assert await reader.request(READ_TITLE, {"id": id}) == {"meeting": {"title": "New"}}
            async with writer.segments(id) as segments:
                segments.write(SegmentInput("Hello", 0, 1))
            assert await writer.request(COUNT, {"id": id}) == {"meeting": {"segmentCount": 1}}


@pytest.mark.slow
async def test_a_client_reads_what_it_wrote_in_many_requests_at_once(
    pair: ReplicationPair, servers: tuple[RunningServer, RunningServer]
) -> None:
    ids = old_meetings(servers, MANY)
    async with AsyncClient(servers[0].url, agents=[]) as client:
        with pair.paused():
            await asyncio.gather(*(client.request(SET_TITLE, {"id": id, "title": "New"}) for id in ids))
            read = await asyncio.gather(*(client.request(READ_TITLE, {"id": id}) for id in ids))
        assert [answer["meeting"]["title"] for answer in read] == ["New"] * MANY


def test_a_client_that_was_told_to_read_the_primary_does_so_until_it_has_written(server: RunningServer) -> None:
    id = server.api.meeting("Old")["id"]
    with Client(server.url, agents=[]) as client:
        client.request(SET_TITLE, {"id": id, "title": "New"})
        assert client.consistency is None  # a server without replicas gives no token but to who gives one
        client.read_after("primary")
        assert client.request(READ_TITLE, {"id": id}) == {"meeting": {"title": "New"}}
        assert client.consistency == "primary"
        client.request(SET_TITLE, {"id": id, "title": "Newer"})
        assert client.consistency
        assert "primary" not in client.consistency
    with pytest.raises(ClientClosed):
        client.request(READ_TITLE, {"id": id})


@settings(max_examples=30)
@given(st.lists(places, min_size=1, max_size=MAX_TOKENS + 5))
def test_tokens_stand_for_all_that_were_added(added: list[ConsistencyToken]) -> None:
    tokens = ConsistencyTokens()
    for each in added:
        tokens.add(str(each))
    assert parse_tokens(str(tokens)) == reduce(ConsistencyToken.join, added)


def test_a_response_stands_for_what_its_request_gave_and_for_nothing_else() -> None:
    tokens = ConsistencyTokens()
    tokens.add("a-1-10, b-7-fff, primary")
    assert str(tokens) == "primary"
    early = tokens.places
    tokens.renew(early, "a-1-20")
    assert str(tokens) == "a-1-20"
    slow = tokens.places
    tokens.add("primary")
    tokens.renew(slow, "a-2-15")  # after a failover the log goes on in another timeline, perhaps from an earlier place
    assert str(tokens) == "primary,a-2-15"
    slow = tokens.places
    tokens.add("primary")  # again, while a request is under way that gave the first
    tokens.renew(slow, "a-2-18")
    assert str(tokens) == "primary,a-2-18"


def test_tokens_of_too_many_logs_lead_to_the_primary() -> None:
    tokens = ConsistencyTokens()
    for log in range(MAX_TOKENS + 1):
        tokens.add(f"{log:x}-1-1")
    assert str(tokens) == "primary"


@pytest.mark.parametrize("text", ["", "x", "1-1", "1-1-g", "primary,", "1-1-１", "1-1-1\n2-2-2"])
def test_what_is_no_token_is_not_taken(text: str) -> None:
    with pytest.raises(ValueError, match="consistency"):
        AsyncClient("http://127.0.0.1:1").read_after(text)

"""Property: whatever clients write and read on two servers, and tell each other, none reads less than it knows of.

The replica replays each commit some milliseconds after the primary has made it.
"""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.replicas import READ_TITLE, SET_TITLE, ask
from tests.harness.servers import RunningServer
from tests.harness.standby import ReplicationPair

pytestmark = pytest.mark.slow

DELAY_MILLISECONDS = 30
CLIENTS, SERVERS = 3, 2
EXAMPLES, MAX_STEPS = 8, 25

clients = st.integers(0, CLIENTS - 1)
servers_ = st.integers(0, SERVERS - 1)
meetings = st.integers(0, 1)
steps = st.one_of(
    st.tuples(st.just("write"), clients, servers_, meetings),
    st.tuples(st.just("read"), clients, servers_, meetings),
    st.tuples(st.just("read by header"), clients, servers_, meetings),
    st.tuples(st.just("tell"), clients, clients, meetings),
)


class Client:
    """Holds the tokens that a client has got, and the number that each meeting has at least by its knowledge."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.known = [0, 0]

    @property
    def token(self) -> str | None:
        return ",".join(self.tokens) or None

    def tell(self, other: "Client") -> None:
        other.tokens = [*{*self.tokens, *other.tokens}]
        other.known = [*map(max, self.known, other.known)]


@pytest.fixture
def delayed(pair: ReplicationPair) -> Iterator[None]:
    pair.delay(DELAY_MILLISECONDS)
    yield
    pair.delay(0)


@pytest.mark.usefixtures("delayed")
def test_no_client_reads_less_than_it_knows_of(servers: tuple[RunningServer, RunningServer]) -> None:
    ids = [servers[0].api.meeting("0")["id"] for _ in range(2)]
    token = ask(servers[0], SET_TITLE, id=ids[0], title="0").token
    numbers = iter(range(1, 10_000))

    @settings(max_examples=EXAMPLES)
    @given(st.lists(steps, min_size=5, max_size=MAX_STEPS))
    def property(history: list[tuple[str, int, int, int]]) -> None:
        everybody = [Client() for _ in range(CLIENTS)]
        for each in everybody:
            each.tokens = [str(token)]  # the meetings are known of
        for action, client_number, place, meeting in history:
            client, id = everybody[client_number], ids[meeting]
            if action == "tell":
                client.tell(everybody[place])
                continue
            server = servers[place]
            if action == "write":
                number = next(numbers)
                written = ask(server, SET_TITLE, id=id, title=str(number))
                assert written.token
                client.tokens, client.known[meeting] = [written.token], number
            else:
                given = {"header" if action == "read by header" else "token": client.token}
                read = ask(server, READ_TITLE, **given, id=id)
                assert int(read.value["title"]) >= client.known[meeting], read

    property()

"""Two tenants of one server: whatever each does, it sees, changes, counts and guesses nothing of the other's.

The truth is what the database holds of each workspace. Nothing that one tenant does may change a row of the other's, and no
answer to it may have an id of the other's. What it tries with the other's ids, slugs, words and cursors is answered, to the
byte, as what nobody has: the same attempt with ids next to those, so that a cursor leads to the same place.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.ids import MeetingId
from domain.principals import Scope
from domain.segments import SEGMENTS_CURSOR
from domain.stream_positions import Position
from server.wire.graphql_files import OPERATIONS
from tests.harness.api_keys import create_api_key, create_workspace
from tests.harness.databases import TestPostgres
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.sse_client import event_stream, streamed_response
from tests.harness.tenant_operations import AGENT_NAMES, CONFIG, NOT_WITH_OWN, NOTHING_TO_TRY, actions, attempts
from tests.harness.tenants import (
    DOCUMENTS,
    Answer,
    EntityIdentifiers,
    IdentifierReplacer,
    Records,
    Tenant,
    Variables,
    ask,
    decoded_cursor,
    ids_in,
)
from tests.harness.websocket_client import websocket

pytestmark = pytest.mark.slow

TENANTS = st.sampled_from([0, 1])
WORDS = ("quirkel", "zontars")
UNKNOWN = "wumbexi"
"""A word of nobody's, as long as theirs."""
ACTIONS = sorted(path.stem for path in OPERATIONS.glob("*.graphql") if "mutation " in path.read_text())
ATTEMPTS = sorted(DOCUMENTS.keys() - NOTHING_TO_TRY)
LISTS: dict[str, tuple[str, Variables]] = {
    "Agents": ("Agents", {}),
    "AgentsByName": ("Agents", {"orderBy": {"field": "NAME"}}),
    "ApiKeys": ("ApiKeys", {}),
    "Meetings": ("Meetings", {}),
    "MeetingsByTitle": ("Meetings", {"orderBy": {"field": "TITLE"}}),
    "Webhooks": ("Webhooks", {}),
}
"""By the names of their cursors."""


class TenancyMachine(RuleBasedStateMachine):
    server: ClassVar[RunningServer]
    database_url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._closing = ExitStack()
        self._runner = self._closing.enter_context(asyncio.Runner())
        self._records = Records(self._runner, self.database_url)
        self._closing.callback(self._records.close)
        self.tenants: list[Tenant] = []

    @initialize()
    def two_tenants(self) -> None:
        """With the same names."""
        self.tenants = [self._tenant(word) for word in WORDS]

    def _tenant(self, word: str) -> Tenant:
        workspace_id = create_workspace(self.database_url)
        admin = self._api(create_api_key(self.database_url, Scope.ADMIN, workspace_id=workspace_id))
        config = CONFIG | {"systemPrompt": word}
        agent = admin.run("CreateAgent", input={"name": "Scribe", "slug": f"{word}-scribe", "config": config})
        admin.variant(agent, "Brief", systemPrompt=word)
        meeting = admin.meeting(f"Weekly {word}", agentId=agent["id"], metadata={"of": word})
        segments = [segment(number, text=f"We speak of {word}", speaker=word) for number in (1, 2, 3)]
        admin.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
        input = {
            "name": word,
            "url": f"https://{word}.invalid/",
            "events": ["MEETING_CREATED", "MEETING_SEGMENTS_CHANGED"],
        }
        admin.run("TestWebhook", id=admin.run("CreateWebhook", input=input)["webhook"]["id"])
        key = {"name": "Bot", "scopes": ["INGEST"], "meetingIds": [meeting["id"]]}
        tenant = Tenant(
            workspace_id, word, admin, self._api(admin.run("CreateApiKey", input=key)["token"]), self._records
        )
        tenant.bots_meetings = {meeting["id"]}
        self._look(tenant)
        return tenant

    def _api(self, token: str) -> Api:
        api = Api(self.server.url, token)
        self._closing.callback(api.http.close)
        return api

    def both(self, who: int) -> tuple[Tenant, Tenant]:
        return self.tenants[who], self.tenants[1 - who]

    # What each does with its own

    @rule(who=TENANTS, name=st.sampled_from(sorted(set(ACTIONS) - NOT_WITH_OWN)), chosen=st.randoms())
    def act(self, who: int, name: str, chosen: random.Random) -> None:
        tenant, other = self.both(who)
        variables = actions(tenant.choose_identifiers(chosen), chosen)[name]()
        slugs = {row["slug"] for row in tenant.now("agents")}
        names = {row["name"] for row in tenant.now("api_keys") if row["revoked_at"] is None}
        answer = self._asked(tenant, other, name, variables)
        (result,) = answer["data"].values()
        if name == "CreateAgent":  # what the other calls its own does not matter
            assert (result.get("code") == "CONFLICT") is (variables["input"]["slug"] in slugs), result
        if name == "CreateApiKey":
            assert (result.get("code") == "CONFLICT") is (variables["input"]["name"] in names), result
        tenant.read()

    @rule(who=TENANTS)
    def revoke(self, who: int) -> None:
        tenant, other = self.both(who)
        for key in tenant.now("api_keys"):
            if key["name"] in AGENT_NAMES and key["revoked_at"] is None:
                self._asked(tenant, other, "RevokeApiKey", {"id": key["id"]})
        tenant.read()

    @rule(who=TENANTS)
    def bot_creates(self, who: int) -> None:
        tenant, _ = self.both(who)
        query = "mutation ($input: CreateMeetingInput!) { createMeeting(input: $input) { ... on Meeting { id } } }"
        created = tenant.bot.post(query, {"input": {"title": f"Of a bot {tenant.word}"}})["data"]["createMeeting"]
        tenant.bots_meetings.add(created["id"])
        tenant.read()

    @rule(who=TENANTS)
    def look(self, who: int) -> None:
        tenant, other = self.both(who)
        self._look(tenant, other)
        seen = self._asked(tenant, other, "Viewer", {})["data"]["viewer"]
        assert seen["workspaceId"] == str(tenant.workspace_id)

    def _look(self, tenant: Tenant, other: Tenant | None = None) -> None:
        """Count all lists, and keep cursors of them."""
        now = tenant.now

        def asked(name: str, **variables: Any) -> Any:
            return next(iter(self._asked(tenant, other, name, variables)["data"].values()))

        tables = {"Agents": "agents", "ApiKeys": "api_keys", "Meetings": "meetings", "Webhooks": "webhooks"}
        counts = {table: len(now(table)) for table in tables.values()}
        for kept_as, (name, variables) in LISTS.items():
            found = asked(name, **variables, first=2)
            assert found["totalCount"] == counts[tables[name]]
            self._keep(tenant, kept_as, found["pageInfo"]["endCursor"])
        assert asked("MeetingCount") == counts["meetings"]
        words = sum(tenant.word in row["text"] for row in now("segments") if not row["deleted"])
        found = asked("SearchSegments", query=tenant.word, first=1)
        assert found["totalCount"] == words
        self._keep(tenant, "SearchSegments", found["pageInfo"]["endCursor"])
        for agent in now("agents")[:1]:
            self._keep(
                tenant, "AgentHistory", asked("HistoryOfAgent", agentId=agent["id"], first=1)["pageInfo"]["endCursor"]
            )
        for meeting in now("meetings")[:1]:
            history = asked("HistoryOfMeeting", meetingId=meeting["id"], first=1)
            self._keep(tenant, "MeetingHistory", history["pageInfo"]["endCursor"])
            self._keep(tenant, "SegmentUpdates", asked("Meeting", id=meeting["id"])["updatesCursor"])
            for edge in asked("Transcript", id=meeting["id"])["segments"]["edges"][:1]:
                self._keep(tenant, "Transcript", edge["cursor"])
        for agent in now("agents")[:1]:  # the state of none is the same everywhere
            manifest = {"slug": agent["slug"], "name": "Scribe", "config": CONFIG}
            tenant.state = asked("ApplyAgents", agents=[manifest], dryRun=True)["state"]

    def _keep(self, tenant: Tenant, name: str, cursor: str | None) -> None:
        if cursor:
            tenant.cursors[name] = cursor

    def _asked(self, tenant: Tenant, other: Tenant | None, name: str, variables: Variables) -> Any:
        """The answer to a tenant that asks for its own."""
        answer = ask(tenant.admin, name, variables)
        assert answer.status == 200, answer
        assert "errors" not in answer.body, answer
        assert other is None or not ids_in(answer.body) & other.ids
        return answer.body

    @rule(who=TENANTS, over=st.sampled_from(["WebSocket", "events"]))
    def start(self, who: int, over: str) -> None:
        """Checks that writes of the other tenant into segments of the same numbers do not arrive."""
        tenant, other = self.both(who)
        mine, theirs = (each.admin.meeting(each.word) for each in (tenant, other))
        key = tenant.admin.http.headers["authorization"]
        with ExitStack() as opened:
            if over == "WebSocket":
                socket = opened.enter_context(websocket(tenant.admin.url, additional_headers={"Authorization": key}))
                socket.start("1", "SegmentUpdates", meetingId=mine["id"])
                come: Callable[[], Any] = partial(socket.next, "1")
            else:
                document = DOCUMENTS["SegmentUpdates"]
                followed = event_stream(tenant.admin.url, document, authorization=key, meetingId=mine["id"])
                come = opened.enter_context(followed).next
            assert come()["segments"] == []
            for each, meeting in ((other, theirs), (tenant, mine)):
                new = [segment(1, text=each.word, speaker=each.word)]
                each.admin.run("UpsertSegments", meetingId=meeting["id"], segments=new)
            assert [each["text"] for each in come()["segments"]] == [tenant.word]
        for each in self.tenants:
            each.read()

    # What each tries with the other's

    @rule(who=TENANTS, names=st.sets(st.sampled_from(ATTEMPTS), min_size=1, max_size=6), chosen=st.randoms())
    def try_some(self, who: int, names: set[str], chosen: random.Random) -> None:
        tenant, other = self.both(who)
        self._try(tenant.admin, tenant, other, sorted(names), chosen)

    @rule(who=TENANTS, names=st.sets(st.sampled_from(ATTEMPTS), min_size=1, max_size=6), chosen=st.randoms())
    def bot_tries_some(self, who: int, names: set[str], chosen: random.Random) -> None:
        tenant, other = self.both(who)
        self._try(tenant.bot, tenant, other, sorted(names), chosen)
        self._bot_tries_its_own(tenant, sorted(names), chosen)

    def _try(self, api: Api, tenant: Tenant, other: Tenant, names: list[str], chosen: random.Random) -> None:
        own, theirs = tenant.choose_identifiers(chosen), other.choose_identifiers(chosen)
        if api is tenant.bot:
            own = own._replace(meeting=chosen.choice(sorted(tenant.bots_meetings)))
        replace_identifiers = IdentifierReplacer(
            other.ids, [(other.word, UNKNOWN), (theirs.state, "0" * len(theirs.state))]
        )
        self._all_alike(api, attempts(own, theirs), names, replace_identifiers)

    def _bot_tries_its_own(self, tenant: Tenant, names: list[str], chosen: random.Random) -> None:
        """A bot and the meetings of its workspace that are none of its own."""
        hidden = {row["id"] for row in tenant.now("meetings")} - tenant.bots_meetings
        if hidden:
            own = tenant.choose_identifiers(chosen)
            granted = own._replace(meeting=chosen.choice(sorted(tenant.bots_meetings)))
            meeting = chosen.choice(sorted(hidden))
            places = {"SegmentUpdates": Position(0, 0).cursor(MeetingId(UUID(meeting)))}
            places["Transcript"] = SEGMENTS_CURSOR.encode(meeting, 1)
            theirs = own._replace(meeting=meeting, cursors=own.cursors | places)
            self._all_alike(tenant.bot, attempts(granted, theirs), names, IdentifierReplacer(hidden))

    def _all_alike(
        self, api: Api, tried: dict[str, list[Variables]], names: list[str], replace_identifiers: IdentifierReplacer
    ) -> None:
        for name in names:
            for variables in tried[name]:
                asked = self._streamed if name.endswith("Updates") else ask
                answer, unknown = asked(api, name, variables), asked(api, name, replace_identifiers(variables))
                assert "INTERNAL" not in str(answer)
                assert replace_identifiers(answer._asdict()) == unknown._asdict(), (name, variables)

    def _streamed(self, api: Api, name: str, variables: Variables) -> Answer:
        """Returns the first answer to a subscription, and where that refuses it, also the other transport's."""
        key = api.http.headers["authorization"]
        with websocket(api.url, additional_headers={"Authorization": key}) as socket:
            socket.start("1", name, **variables)
            said = socket.receive()
        if said["type"] == "next":
            return Answer(200, {}, said)
        assert said["type"] == "error", said
        with streamed_response(api.url, DOCUMENTS[name], authorization=key, **variables) as response:
            return Answer(response.status_code, {}, [said, response.read().decode()])

    # What must always hold

    @invariant()
    def nobody_changes_what_is_anothers(self) -> None:
        """Checks that no step changed what the other tenant has: each step reads only its own tenant's rows anew."""
        assert all(tenant.is_unchanged() for tenant in self.tenants)

    def teardown(self) -> None:
        try:
            chosen = random.Random(0)
            for who in range(len(self.tenants)):
                tenant, other = self.both(who)
                self._try(tenant.admin, tenant, other, ATTEMPTS, chosen)
                self._try(tenant.bot, tenant, other, ATTEMPTS, chosen)
                self._bot_tries_its_own(tenant, ATTEMPTS, chosen)
            self.nobody_changes_what_is_anothers()
        finally:
            self._closing.close()


@pytest.fixture(scope="module")
def server(postgres: TestPostgres) -> Iterator[tuple[str, RunningServer]]:
    with (
        postgres.database() as url,
        running_server(url, auth=True, rate_requests=0, rate_cost=0) as server,
    ):
        yield url, server


def test_tenants_do_not_notice_each_other(server: tuple[str, RunningServer]) -> None:
    TenancyMachine.database_url, TenancyMachine.server = server
    phases = [Phase.explicit, Phase.reuse, Phase.generate]  # to shrink what takes seconds would take very long
    options = settings(max_examples=3, stateful_step_count=25, phases=phases)
    run_state_machine_as_test(TenancyMachine, settings=options)


def test_every_operation_is_done_and_tried() -> None:
    """An operation that takes more than ids and versions stands in `tests/harness/tenant_operations.py`."""
    identifiers = EntityIdentifiers("", "", "", "", "", "", "", "", "", "", defaultdict(str))
    assert attempts(identifiers, identifiers).keys() == DOCUMENTS.keys()
    assert {name for name, tried in attempts(identifiers, identifiers).items() if not tried} == NOTHING_TO_TRY
    assert actions(identifiers, random.Random(0)).keys() | NOT_WITH_OWN == set(ACTIONS)


def test_no_cursor_counts_what_others_do(server: tuple[str, RunningServer]) -> None:
    """The same changes have the same places, however much happens elsewhere between them."""
    url, running = server
    tenant, other = (
        Api(running.url, create_api_key(url, Scope.WRITE, workspace_id=create_workspace(url))) for _ in WORDS
    )

    def places(elsewhere: int) -> Any:
        agent = tenant.agent()
        for number in range(elsewhere):
            other.agent(f"Agent {number}")
        tenant.run("UpdateAgent", id=agent["id"], input={"name": "New"})
        found: list[Any] = []
        after = None
        for _ in range(2):
            page = tenant.run("HistoryOfAgent", agentId=agent["id"], first=1, after=after)
            after = page["pageInfo"]["endCursor"]
            assert [node["version"] for node in page["nodes"]] == [2 - len(found)]
            found.append(decoded_cursor(after))
        return str(found).replace(agent["id"], "ID")

    assert places(elsewhere=0) == places(elsewhere=5)
    for api in (tenant, other):
        api.http.close()

"""Histories, revisions, differences and ways back through the API."""

from typing import Any

import pytest

from server.process.demo import CONCIERGE, MEETING, SCRIBE, SCRIBE_BRIEF
from tests.harness.histories import history, present, replayed
from tests.harness.history_calls import (
    UNKNOWN_ID,
    activate,
    agent_history,
    event_kinds,
    field_change,
    meeting_history,
    roll_back,
    update,
    variant_history,
)
from tests.harness.postgres_proxy import postgres_proxy
from tests.harness.servers import Api, running_server

PAGES = """
query Pages($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $kind: EventKind, $variantId: ID) {
  agent(id: $id) {
    history(first: $first, after: $after, last: $last, before: $before, kind: $kind, variantId: $variantId) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor node { id } }
      nodes { id }
    }
  }
}
"""


class TestEvents:
    def test_a_creation_has_all_that_is_not_null(self, api: Api) -> None:
        agent = api.agent("Scribe", temperature=0.5)
        (event,) = agent_history(api, agent)
        assert event["id"] == f"{agent['id']}:1"
        assert (event["kind"], event["version"], event["restoredVersion"]) == ("CREATED", 1, None)
        assert (event["agentId"], event["variantId"]) == (agent["id"], None)
        assert field_change(event, "temperature") == (None, 0.5)
        assert field_change(event, "systemPrompt") == (None, "")
        assert len(event["changes"]) == 16
        assert api.run("Agent", id=agent["id"])["createdAt"] <= event["createdAt"]

    def test_an_update_has_the_fields_that_changed(self, api: Api) -> None:
        agent = api.agent("Scribe")
        update(api, agent, name="Scribe", description="New", config={"maxTokens": 7, "modelName": "gpt"})
        event = agent_history(api, agent)[0]
        assert event["kind"] == "UPDATED"
        assert event["changes"] == [
            {"field": "description", "before": "", "after": "New"},
            {"field": "maxTokens", "before": 4096, "after": 7},
        ]

    def test_an_override_that_is_cleared_becomes_null(self, api: Api) -> None:
        variant = api.variant(api.agent(), temperature=1.5)
        api.run("UpdateVariant", id=variant["id"], input={"overrides": {"temperature": None}})
        event = variant_history(api, variant)[0]
        assert event["changes"] == [{"field": "temperature", "before": 1.5, "after": None}]
        assert (event["version"], event["variantId"]) == (2, variant["id"])

    def test_what_changes_nothing_is_no_event(self, api: Api) -> None:
        agent = api.agent("Scribe")
        variant, meeting = api.variant(agent, maxTokens=1), api.meeting("Weekly", agentId=agent["id"])
        activate(api, variant)
        before = agent_history(api, agent), meeting_history(api, meeting)
        update(api, agent)
        update(api, agent, name="Scribe", config={})
        activate(api, variant)
        api.run("UpdateVariant", id=variant["id"], input={"overrides": {"maxTokens": 1, "maxRetries": None}})
        api.run("UpdateMeeting", id=meeting["id"], input={"state": "CREATED", "metadata": {}, "title": "Weekly "})
        api.run("RevertAgent", id=agent["id"], toVersion=1)
        api.run("RevertVariant", id=variant["id"], toVersion=1)
        assert (agent_history(api, agent), meeting_history(api, meeting)) == before

    def test_a_clone_that_is_activated_is_two_events_of_one_reason(self, api: Api) -> None:
        agent = api.agent()
        input = {"name": "Clone", "activate": True}
        clone = api.run("CloneVariant", agentId=agent["id"], input=input, reason="A trial")
        activated, created, _ = agent_history(api, agent)
        assert (activated["kind"], created["kind"]) == ("ACTIVATED", "CREATED")
        assert [(event["reason"], event["variantId"]) for event in (activated, created)] == [
            ("A trial", clone["id"])
        ] * 2

    @pytest.mark.parametrize("reason", ["Better", "", "Größer 🤖\n\nsecond line", "x" * 1000])
    def test_a_reason_is_kept_as_it_is(self, api: Api, reason: str) -> None:
        agent = api.agent()
        api.run("UpdateAgent", id=agent["id"], input={"name": "New"}, reason=reason)
        assert [event["reason"] for event in agent_history(api, agent)] == [reason, None]

    def test_each_mutation_takes_a_reason(self, api: Api) -> None:
        config = {"modelProvider": "openai", "modelName": "gpt"}
        agent = api.run("CreateAgent", input={"name": "Scribe", "config": config}, reason="1")
        variant = api.run("CreateVariant", agentId=agent["id"], input={"name": "V"}, reason="2")
        clone = api.run("CloneVariant", agentId=agent["id"], input={"name": "V"}, reason="3")
        api.run("UpdateVariant", id=variant["id"], input={"name": "W"}, reason="4")
        api.run("ActivateVariant", id=variant["id"], reason="5")
        api.run("DeactivateVariant", agentId=agent["id"], reason="6")
        api.run("RollbackActivation", agentId=agent["id"], reason="7")
        api.run("RevertVariant", id=variant["id"], toVersion=1, reason="8")
        api.run("DeleteVariant", id=clone["id"], reason="9")
        api.run("UpdateAgent", id=agent["id"], input={"name": "New"}, reason="10")
        api.run("RevertAgent", id=agent["id"], toVersion=1, reason="11")
        api.run("DeleteAgent", id=agent["id"], reason="12")
        reasons = [event["reason"] for event in history(api, agent["id"])]
        assert reasons == [str(number) for number in (*range(1, 13), 12)]

        meeting = api.run("CreateMeeting", input={"title": "Weekly"}, reason="1")
        api.run("UpdateMeeting", id=meeting["id"], input={"title": "Daily"}, reason="2")
        api.run("DeleteMeeting", id=meeting["id"], reason="3")
        events = api.run("HistoryOfMeeting", meetingId=meeting["id"])["nodes"]
        assert [event["reason"] for event in events] == ["3", "2", "1"]


class TestFilters:
    def test_by_kind(self, api: Api) -> None:
        agent = api.agent()
        variants = [api.variant(agent) for _ in range(2)]
        for variant in variants:
            activate(api, variant)
        roll_back(api, agent)
        api.run("DeactivateVariant", agentId=agent["id"])
        update(api, agent, name="New")
        api.run("DeleteVariant", id=variants[1]["id"])
        expected = {"CREATED": 3, "ACTIVATED": 2, "ROLLED_BACK": 1, "DEACTIVATED": 1, "UPDATED": 1, "DELETED": 1}
        for kind in (*expected, "STATE_CHANGED"):
            page = api.run("AgentHistory", id=agent["id"], kind=kind)["history"]
            assert event_kinds(page["nodes"]) == [kind] * expected.get(kind, 0)
            assert page["totalCount"] == expected.get(kind, 0)

    def test_a_variants_history_has_what_made_it_active_and_what_took_its_place(self, api: Api) -> None:
        agent = api.agent()
        one, other, idle = (api.variant(agent, name) for name in ("One", "Other", "Idle"))
        for variant in (one, other, one):
            activate(api, variant)
        roll_back(api, agent)
        api.run("DeactivateVariant", agentId=agent["id"])
        of_one, of_other = variant_history(api, one), variant_history(api, other)
        assert event_kinds(of_one) == ["ROLLED_BACK", "ACTIVATED", "ACTIVATED", "ACTIVATED", "CREATED"]
        assert event_kinds(of_other) == ["DEACTIVATED", "ROLLED_BACK", "ACTIVATED", "ACTIVATED", "CREATED"]
        assert [event["variantId"] for event in of_one] == [other["id"], one["id"], other["id"], one["id"], one["id"]]
        assert field_change(of_one[2], "activeVariantId") == (one["id"], other["id"])
        assert event_kinds(variant_history(api, idle)) == ["CREATED"]
        for variant, expected in ((one, of_one), (other, of_other)):
            assert agent_history(api, agent, variantId=variant["id"]) == expected
        assert event_kinds(agent_history(api, agent, variantId=one["id"], kind="ACTIVATED")) == ["ACTIVATED"] * 3
        assert event_kinds(variant_history(api, one, kind="ROLLED_BACK")) == ["ROLLED_BACK"]
        assert api.run("VariantHistory", id=one["id"], kind="ACTIVATED")["history"]["totalCount"] == 3

    def test_another_agents_variant_has_no_part_in_it(self, api: Api) -> None:
        agent, other = api.agent(), api.agent()
        for id in (api.variant(other)["id"], other["id"], UNKNOWN_ID):
            page = api.run("AgentHistory", id=agent["id"], variantId=id)["history"]
            assert (page["nodes"], page["totalCount"]) == ([], 0)


class TestPages:
    @pytest.fixture
    def edited(self, api: Api) -> Any:
        agent = api.agent()
        for number in range(10):
            update(api, agent, description=str(number))
        return agent

    def page(self, api: Api, agent: Any, **arguments: Any) -> Any:
        return api.post(PAGES, {"id": agent["id"], **arguments})["data"]["agent"]["history"]

    def numbers(self, page: Any) -> list[int]:
        """The versions of a page's events."""
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        cursors = [edge["cursor"] for edge in page["edges"]]
        if cursors:
            assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == (cursors[0], cursors[-1])
        return [int(node["id"].split(":")[1]) for node in page["nodes"]]

    def test_forward_from_the_newest(self, api: Api, edited: Any) -> None:
        seen: list[int] = []
        after, more = None, True
        while more:
            page = self.page(api, edited, first=4, after=after)
            seen += self.numbers(page)
            assert page["totalCount"] == 11
            assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert seen == list(range(11, 0, -1))

    def test_backward_from_the_oldest(self, api: Api, edited: Any) -> None:
        seen: list[int] = []
        before, more = None, True
        while more:
            page = self.page(api, edited, last=4, before=before)
            seen = self.numbers(page) + seen
            assert page["totalCount"] == 11
            assert page["pageInfo"]["hasNextPage"] is (before is not None)
            before, more = page["pageInfo"]["startCursor"], page["pageInfo"]["hasPreviousPage"]
        assert seen == list(range(11, 0, -1))

    def test_a_page_of_a_kind(self, api: Api, edited: Any) -> None:
        page = self.page(api, edited, first=3, kind="UPDATED")
        assert self.numbers(page) == [11, 10, 9]
        assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (10, True)
        page = self.page(api, edited, last=3, kind="UPDATED", before=page["pageInfo"]["endCursor"])
        assert self.numbers(page) == [11, 10]

    def test_events_that_come_meanwhile_shift_nothing(self, api: Api) -> None:
        agent = api.agent()
        update(api, agent, name="One")
        first = self.page(api, agent, first=1)
        update(api, agent, name="Two")
        assert self.numbers(self.page(api, agent, first=1, after=first["pageInfo"]["endCursor"])) == [1]
        assert self.numbers(self.page(api, agent, first=5, before=first["pageInfo"]["startCursor"])) == [3]

    def test_no_page_is_larger_than_100(self, api: Api, edited: Any) -> None:
        for size in ({"first": 101}, {"last": 101}):
            assert api.expect_error("AgentHistory", id=edited["id"], **size)["extensions"]["code"] == "BAD_USER_INPUT"
        assert self.numbers(self.page(api, edited, first=0)) == []

    def test_many_histories_are_read_at_once(self, api: Api) -> None:
        """Checks that each history has its own page and count."""
        agents = [api.agent() for _ in range(3)]
        for number, agent in enumerate(agents):
            for version in range(number):
                update(api, agent, description=str(version))
        fields = "history(first: 2) { totalCount pageInfo { hasNextPage } nodes { version } }"
        query = " ".join(f'a{n}: agent(id: "{agent["id"]}") {{ {fields} }}' for n, agent in enumerate(agents))
        pages = [answer["history"] for answer in api.post(f"{{ {query} }}")["data"].values()]
        assert [[node["version"] for node in page["nodes"]] for page in pages] == [[1], [2, 1], [3, 2]]
        assert [(page["totalCount"], page["pageInfo"]["hasNextPage"]) for page in pages] == [
            (1, False),
            (2, False),
            (3, True),
        ]


class TestDeleted:
    def test_a_deleted_agent_has_its_history_and_that_of_its_variants(self, api: Api) -> None:
        agent = api.agent("Gone", maxTokens=7)
        variants = [api.variant(agent, f"Variant {number}", maxTokens=number) for number in range(3)]
        activate(api, variants[0])
        api.run("DeleteVariant", id=variants[1]["id"], reason="Unused")
        assert api.run("DeleteAgent", id=agent["id"], reason="Too old") == {"__typename": "Deleted", "id": agent["id"]}
        assert api.run("AgentHistory", id=agent["id"]) is None

        events = api.run("HistoryOfAgent", agentId=agent["id"])["nodes"]
        last, *of_variants = events[:3]
        assert (last["id"], last["kind"], last["reason"]) == (f"{agent['id']}:3", "DELETED", "Too old")
        assert field_change(last, "name") == ("Gone", None)
        assert field_change(last, "maxTokens") == (7, None)
        assert field_change(last, "activeVariantId") == (variants[0]["id"], None)
        assert {(event["id"], event["kind"], event["reason"]) for event in of_variants} == {
            (f"{variants[number]['id']}:2", "DELETED", "Too old") for number in (0, 2)
        }
        assert replayed(history(api, agent["id"])) == present(api, agent["id"]) == {}
        of_one = api.run("HistoryOfAgent", agentId=agent["id"], variantId=variants[1]["id"])
        assert [(event["kind"], event["reason"]) for event in of_one["nodes"]] == [
            ("DELETED", "Unused"),
            ("CREATED", None),
        ]
        assert of_one["totalCount"] == 2

    def test_its_meetings_are_left_without_it_as_a_change_of_theirs(self, api: Api) -> None:
        agent, other = api.agent(), api.agent()
        meetings = [api.meeting(agentId=agent["id"]) for _ in range(2)]
        untouched = [api.meeting(agentId=other["id"]), api.meeting()]
        api.run("UpdateMeeting", id=meetings[1]["id"], input={"state": "RECORDING"})
        api.run("DeleteAgent", id=agent["id"], reason="Too old")
        for meeting, version in zip(meetings, (2, 3), strict=True):
            now = api.run("Meeting", id=meeting["id"])
            assert (now["agent"], now["version"]) == (None, version)
            event = meeting_history(api, meeting)[0]
            assert (event["kind"], event["version"], event["reason"]) == ("UPDATED", version, "Too old")
            assert event["changes"] == [{"field": "agentId", "before": agent["id"], "after": None}]
        for meeting in untouched:
            assert event_kinds(meeting_history(api, meeting)) == ["CREATED"]

    def test_a_deleted_meeting_has_its_history(self, api: Api) -> None:
        meeting = api.meeting("Weekly", segments=2, metadata={"room": None})
        api.run("DeleteMeeting", id=meeting["id"], reason="Private")
        assert api.run("MeetingHistory", id=meeting["id"]) is None
        deleted, created = api.run("HistoryOfMeeting", meetingId=meeting["id"])["nodes"]
        assert (deleted["kind"], deleted["version"], deleted["reason"]) == ("DELETED", 2, "Private")
        assert field_change(deleted, "metadata") == ({"room": None}, None)
        assert field_change(created, "title") == (None, "Weekly")

    def test_a_refused_deletion_is_no_event(self, api: Api) -> None:
        agent = api.agent()
        variant = api.variant(agent)
        activate(api, variant)
        assert api.run("DeleteVariant", id=variant["id"])["__typename"] == "Conflict"
        assert api.run("DeleteAgent", id=agent["id"], expectedVersion=1)["__typename"] == "Conflict"
        assert event_kinds(agent_history(api, agent)) == ["ACTIVATED", "CREATED", "CREATED"]

    def test_histories_of_another_kind_or_of_nothing_are_empty(self, api: Api) -> None:
        agent, meeting = api.agent(), api.meeting()
        variant = api.variant(agent)
        for id in (meeting["id"], variant["id"], UNKNOWN_ID):
            assert api.run("HistoryOfAgent", agentId=id)["totalCount"] == 0
            assert api.run("HistoryOfAgent", agentId=id)["nodes"] == []
        for id in (agent["id"], variant["id"], UNKNOWN_ID):
            assert api.run("HistoryOfMeeting", meetingId=id)["totalCount"] == 0
            assert api.run("HistoryOfMeeting", meetingId=id)["nodes"] == []


class TestMeetings:
    def test_edits_and_changes_of_state(self, api: Api) -> None:
        meeting = api.meeting("Weekly")
        for input in ({"title": "Daily"}, {"state": "RECORDING", "title": "Now"}, {"state": "STOPPED"}):
            api.run("UpdateMeeting", id=meeting["id"], input=input)
        stopped, recording, edited, created = meeting_history(api, meeting)
        assert event_kinds([stopped, recording, edited, created]) == [
            "STATE_CHANGED",
            "STATE_CHANGED",
            "UPDATED",
            "CREATED",
        ]
        assert [event["version"] for event in (stopped, recording, edited, created)] == [4, 3, 2, 1]
        assert {event["meetingId"] for event in (stopped, recording, edited, created)} == {meeting["id"]}
        assert field_change(recording, "state") == ("CREATED", "RECORDING")
        assert field_change(recording, "title") == ("Daily", "Now")
        assert field_change(stopped, "endedAt")[0] is None
        assert {each["field"] for each in stopped["changes"]} == {"state", "endedAt"}
        assert {each["field"] for each in recording["changes"]} == {"state", "title", "startedAt"}
        assert event_kinds(meeting_history(api, meeting, kind="STATE_CHANGED")) == ["STATE_CHANGED"] * 2

    def test_one_and_true_are_two_values_of_metadata(self, api: Api) -> None:
        meeting = api.meeting(metadata={"a": 1})
        api.run("UpdateMeeting", id=meeting["id"], input={"metadata": {"a": True}})
        before, after = field_change(meeting_history(api, meeting)[0], "metadata")
        assert (before, after) == ({"a": 1}, {"a": True})
        assert after["a"] is True

    def test_segments_have_no_part_in_it(self, api: Api) -> None:
        meeting = api.meeting(segments=3)
        api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[1])
        assert event_kinds(meeting_history(api, meeting)) == ["CREATED"]

    def test_a_step_that_is_none_is_no_event(self, api: Api) -> None:
        meeting = api.meeting()
        assert api.run("UpdateMeeting", id=meeting["id"], input={"state": "STOPPING"})["__typename"] == "Conflict"
        assert event_kinds(meeting_history(api, meeting)) == ["CREATED"]


def test_the_demo_has_a_history(api: Api) -> None:
    scribe = agent_history(api, {"id": str(SCRIBE)})
    assert event_kinds(scribe[-4:]) == ["ACTIVATED", "CREATED", "CREATED", "CREATED"]
    assert {event["actor"] for event in scribe[-4:]} == {"demo"}
    assert scribe[-4]["variantId"] == str(SCRIBE_BRIEF)
    assert event_kinds(agent_history(api, {"id": str(CONCIERGE)})[-2:]) == ["CREATED", "CREATED"]
    assert event_kinds(meeting_history(api, {"id": str(MEETING)})[-2:]) == ["STATE_CHANGED", "CREATED"]


ACTIVATE = "mutation ($id: ID!, $version: Int) { activateVariant(id: $id, expectedVersion: $version) { __typename } }"


def test_an_activation_with_its_event_is_one_round_trip(database_url: str) -> None:
    with postgres_proxy(database_url) as (url, between), running_server(url, pool_size=1) as server:
        agent = server.api.agent()
        variants = [server.api.variant(agent)["id"] for _ in range(3)]
        for id in (variants[0], variants[1]):  # the first time, the statement is prepared
            server.api.post(ACTIVATE, {"id": id, "version": 1})
        for trips in between.connections:
            trips.clear()
        answer = server.api.post(ACTIVATE, {"id": variants[2], "version": 1})
        assert answer["data"]["activateVariant"]["__typename"] == "Agent"
        notifications = sum(len(trips) for trips in between.connections) - 1  # one may have been sent by now
        assert notifications in (0, 1)
        assert all(trips in ([], ["BES"]) for trips in between.connections)  # Bind, Execute, Sync
        assert event_kinds(agent_history(server.api, agent)) == ["ACTIVATED"] * 3 + ["CREATED"] * 4

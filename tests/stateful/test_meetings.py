"""A meeting and its segments against a plain model: states, versions, the change cursor, and every way to read them.

After each step the whole meeting is read back and must equal what the model expects. Times are multiples of a quarter
second, so that their sums are exact.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.harness.servers import Api

pytestmark = pytest.mark.slow

FOLLOWING = {
    "CREATED": ["RECORDING", "COMPLETED", "ERROR"],
    "RECORDING": ["STOPPING", "STOPPED", "ERROR"],
    "STOPPING": ["STOPPED", "ERROR"],
    "STOPPED": ["RECORDING", "COMPLETED", "ERROR"],
    "COMPLETED": [],
    "ERROR": [],
}
"""The steps between states."""
STATES = st.sampled_from(list(FOLLOWING))
VERSIONS = st.sampled_from(["absent", "right", "stale"])

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
TITLES = st.sampled_from(["Weekly", "Протокол"]) | TEXTS.filter(str.strip)
METADATA = st.dictionaries(
    TEXTS,
    st.recursive(  # no 0 and 1, which Python takes for false and true: tests/resolvers/test_meetings.py has them
        st.none() | st.booleans() | st.integers(2, 2**53 - 1) | TEXTS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
        max_leaves=5,
    ),
    max_size=3,
)
NUMBERS = st.integers(0, 12)
SPEAKERS = st.sampled_from(["", "Ada", "Bob"])
QUARTERS = st.integers(0, 400).map(lambda quarters: quarters / 4)
DEFAULTS: dict[str, Any] = {"segmentId": None, "speaker": "", "isFinal": True, "confidence": None}
CONTENTS = st.builds(
    lambda start, length, **content: {**content, "startTime": start, "endTime": start + length},
    QUARTERS,
    QUARTERS,
    segmentId=st.none() | NUMBERS,
    text=st.sampled_from(["Yes.", "No."]) | TEXTS.filter(str.strip),
    speaker=SPEAKERS,
    isFinal=st.booleans(),
    confidence=st.none() | st.floats(0, 1),
)


def distinct(contents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the segments without those whose number an earlier one has."""
    numbers = [content["segmentId"] for content in contents]
    return [content for at, content in enumerate(contents) if numbers[at] is None or numbers[at] not in numbers[:at]]


BATCHES = st.lists(CONTENTS, min_size=1, max_size=6).map(distinct)

STATE = """
query State($id: ID!) {
  meeting(id: $id) {
    title state metadata version updatedAt startedAt endedAt updatesCursor segmentCount
    agent { id }
    speakers { speaker segmentCount speakingTime firstStartTime lastEndTime }
    segments(first: 1000) {
      totalCount
      nodes {
        id segmentId text speaker startTime endTime isFinal confidence version createdAt updatedAt meeting { id }
      }
    }
    transcript(format: JSON)
  }
}
"""


@dataclass
class Meeting:
    id: str
    title: str
    metadata: dict[str, Any]
    agent: str | None
    state: str = "CREATED"
    version: int = 1
    started: bool = False
    ended: bool = False
    live: dict[int, dict[str, Any]] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    """The version of each segment that ever existed."""
    births: dict[int, int] = field(default_factory=dict)
    """How often each segment came to be."""
    last: int = 0
    """The highest number ever given."""
    changes: int = 0
    """The number of calls that changed any segment."""

    def expected(self) -> dict[str, Any]:
        """Returns what the API must answer, without times and the cursor."""
        ordered = [self.live[number] for number in sorted(self.live)]
        return {
            "title": self.title,
            "state": self.state,
            "metadata": self.metadata,
            "version": self.version,
            "agent": self.agent and {"id": self.agent},
            "segmentCount": len(ordered),
            "speakers": self.speakers(),
            "segments": {
                "totalCount": len(ordered),
                "nodes": [
                    {
                        **content,
                        "id": f"{self.id}:{content['segmentId']}",
                        "version": self.versions[content["segmentId"]],
                        "meeting": {"id": self.id},
                    }
                    for content in ordered
                ],
            },
            "transcript": {
                "title": self.title,
                "segments": sorted(ordered, key=lambda content: (content["startTime"], content["segmentId"])),
            },
        }

    def speakers(self) -> list[dict[str, Any]]:
        stats = []
        for speaker in {content["speaker"] for content in self.live.values()}:
            theirs = [content for content in self.live.values() if content["speaker"] == speaker]
            stats.append(
                {
                    "speaker": speaker,
                    "segmentCount": len(theirs),
                    "speakingTime": sum(content["endTime"] - content["startTime"] for content in theirs),
                    "firstStartTime": min(content["startTime"] for content in theirs),
                    "lastEndTime": max(content["endTime"] for content in theirs),
                }
            )
        return sorted(stats, key=lambda one: (-one["speakingTime"], one["speaker"]))

    def upsert(self, batch: list[dict[str, Any]]) -> dict[str, int]:
        given = [content["segmentId"] for content in batch if content["segmentId"] is not None]
        free = count(max([self.last, *given]) + 1)
        counts = {"created": 0, "updated": 0, "unchanged": 0, "ignored": 0}
        for content in batch:
            number = next(free) if content["segmentId"] is None else content["segmentId"]
            stored = {**content, "segmentId": number}
            if number in self.live and self.live[number]["isFinal"] and not content["isFinal"]:
                counts["ignored"] += 1
                continue
            if self.live.get(number) == stored:
                counts["unchanged"] += 1
                continue
            if number in self.live:
                counts["updated"] += 1
            else:
                counts["created"] += 1
                self.births[number] = self.births.get(number, 0) + 1
            self.live[number] = stored
            self.versions[number] = self.versions.get(number, 0) + 1
            self.last = max(self.last, number)
        self.changes += counts["created"] + counts["updated"] > 0
        return counts

    def delete(self, numbers: list[int]) -> int:
        gone = self.live.keys() & set(numbers)
        for number in gone:
            del self.live[number]
            self.versions[number] += 1
        self.changes += bool(gone)
        return len(gone)


class MeetingMachine(RuleBasedStateMachine):
    api: ClassVar[Api]
    agents: ClassVar[list[str]]
    meeting: Meeting

    def read(self) -> Any:
        return self.api.post(STATE, {"id": self.meeting.id})["data"]["meeting"]

    @initialize(title=TITLES, metadata=st.none() | METADATA, agent=st.none() | st.sampled_from([0, 1]))
    def create(self, title: str, metadata: dict[str, Any] | None, agent: int | None) -> None:
        agent_id = None if agent is None else self.agents[agent]
        created = self.api.run("CreateMeeting", input={"title": title, "metadata": metadata, "agentId": agent_id})
        self.meeting = Meeting(created["id"], title.strip(), metadata or {}, agent_id)
        self.moments: dict[str, tuple[int, str]] = {}
        self.cursors: list[str] = []
        self.span: tuple[str | None, str | None] = (None, None)

    @precondition(lambda self: not FOLLOWING[self.meeting.state])
    @rule(title=TITLES)
    def delete_and_start_over(self, title: str) -> None:
        self.delete_meeting()
        self.create(title, None, None)

    def delete_meeting(self) -> None:
        id, version = self.meeting.id, self.meeting.version
        conflict = self.api.run("DeleteMeeting", id=id, expectedVersion=version + 1)
        assert (conflict["__typename"], conflict["currentVersion"]) == ("Conflict", version)
        assert self.api.run("DeleteMeeting", id=id, expectedVersion=version) == {"__typename": "Deleted", "id": id}
        assert self.read() is None
        assert self.api.run("Nodes", ids=[id, *(f"{id}:{number}" for number in self.meeting.live)]) == [
            None,
            *(None for _ in self.meeting.live),
        ]
        assert self.api.run("DeleteMeeting", id=id)["__typename"] == "NotFound"

    @rule(state=STATES, version=VERSIONS)
    def step(self, state: str, version: str) -> None:
        self.change({"state": state}, version)

    @precondition(lambda self: bool(FOLLOWING[self.meeting.state]))
    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """A legal step, and none to an end: those are few enough that meetings are stopped and resumed."""
        following = [state for state in FOLLOWING[self.meeting.state] if FOLLOWING[state]]
        self.change({"state": data.draw(st.sampled_from(following))}, "absent")

    @rule(
        patch=st.fixed_dictionaries({}, optional={"title": TITLES, "metadata": METADATA, "state": STATES}),
        agent=st.sampled_from(["stay", None, 0, 1]),
        version=VERSIONS,
    )
    def update(self, patch: dict[str, Any], agent: int | str | None, version: str) -> None:
        if agent != "stay":
            patch = {**patch, "agentId": self.agents[agent] if isinstance(agent, int) else None}
        self.change(patch, version)

    def change(self, patch: dict[str, Any], choice: str) -> None:
        meeting = self.meeting
        versions = {"absent": {}, "right": {"expectedVersion": meeting.version}, "stale": {"expectedVersion": 0}}
        result = self.api.run("UpdateMeeting", id=meeting.id, input=patch, **versions[choice])
        state = patch.get("state", meeting.state)
        if choice == "stale" or (state != meeting.state and state not in FOLLOWING[meeting.state]):
            assert result["__typename"] == "Conflict", result
            assert result["currentVersion"] == meeting.version
            assert ("modified concurrently" in result["message"]) == (choice == "stale")
            return
        before = json.dumps(meeting.expected(), sort_keys=True)
        if state != meeting.state:
            meeting.ended = state not in ("RECORDING", "STOPPING") and (meeting.started or meeting.ended)
            meeting.started = meeting.started or state == "RECORDING"
            meeting.state = state
        meeting.title = patch.get("title", meeting.title).strip()
        meeting.metadata = patch.get("metadata", meeting.metadata)
        meeting.agent = patch.get("agentId", meeting.agent)
        meeting.version += json.dumps(meeting.expected(), sort_keys=True) != before
        assert result["version"] == meeting.version

    @rule(batch=BATCHES, brief=st.booleans())
    def upsert(self, batch: list[dict[str, Any]], brief: bool) -> None:
        self.write(batch, brief)

    @precondition(lambda self: self.meeting.live)
    @rule(data=st.data(), revise=st.booleans())
    def upsert_what_is_there(self, data: st.DataObject, revise: bool) -> None:
        numbers = data.draw(st.lists(st.sampled_from(sorted(self.meeting.live)), min_size=1, unique=True))
        batch = [self.meeting.live[number] for number in numbers]
        if revise:
            batch[0] = {**batch[0], data.draw(st.sampled_from(["text", "speaker"])): "Revised"}
        self.write(batch, brief=False)

    def write(self, batch: list[dict[str, Any]], brief: bool) -> None:
        said = [
            {
                name: value
                for name, value in content.items()
                if not (brief and name in DEFAULTS and DEFAULTS[name] == value)
            }
            for content in batch
        ]
        result = self.api.run("UpsertSegments", meetingId=self.meeting.id, segments=said)
        counts = self.meeting.upsert(batch)
        assert {name: result[name] for name in counts} == counts
        assert result["meeting"]["segmentCount"] == len(self.meeting.live)
        assert result["cursor"] == self.read()["updatesCursor"]

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=4))
    def delete_segments(self, numbers: list[int]) -> None:
        result = self.api.run("DeleteSegments", meetingId=self.meeting.id, segmentIds=numbers)
        assert result["deleted"] == self.meeting.delete(numbers)
        assert result["meeting"]["segmentCount"] == len(self.meeting.live)
        assert result["cursor"] == self.read()["updatesCursor"]

    @rule(size=st.integers(1, 5), speaker=st.sampled_from([None, "", "Ada", "Bob", "Nobody"]), backward=st.booleans())
    def page_through(self, size: int, speaker: str | None, backward: bool) -> None:
        wanted = [
            number for number, content in sorted(self.meeting.live.items()) if speaker in (None, content["speaker"])
        ]
        found: list[int] = []
        cursor: str | None = None
        for _ in range(len(wanted) // size + 1):
            where = {"first": None, "last": size, "before": cursor} if backward else {"first": size, "after": cursor}
            page = self.api.run("Transcript", id=self.meeting.id, speaker=speaker, **where)["segments"]
            assert page["totalCount"] == len(wanted)
            numbers = [edge["node"]["segmentId"] for edge in page["edges"]]
            found = numbers + found if backward else found + numbers
            info = page["pageInfo"]
            assert info["hasPreviousPage" if backward else "hasNextPage"] == (len(found) < len(wanted))
            assert info["hasNextPage" if backward else "hasPreviousPage"] == (cursor is not None)
            if not numbers or len(found) >= len(wanted):
                break
            cursor = info["startCursor" if backward else "endCursor"]
        assert found == wanted

    @invariant()
    def the_api_says_what_the_model_says(self) -> None:
        meeting, read = self.meeting, self.read()
        self.check_moments(read)
        self.check_cursor(read.pop("updatesCursor"))
        self.check_span(read.pop("startedAt"), read.pop("endedAt"))
        transcript = json.loads(read["transcript"])
        assert json.dumps(read.pop("metadata"), sort_keys=True) == json.dumps(meeting.metadata, sort_keys=True)
        assert {**read, "transcript": transcript, "metadata": meeting.metadata} == meeting.expected()

    def check_moments(self, read: Any) -> None:
        """`updatedAt`, which is taken out of what was read, is another one exactly when the version is; and so on."""
        self.check_moment("meeting", self.meeting.version, read.pop("updatedAt"))
        for segment in read["segments"]["nodes"]:
            number = segment["segmentId"]
            self.check_moment(f"{number} updated", self.meeting.versions[number], segment.pop("updatedAt"))
            self.check_moment(f"{number} created", self.meeting.births[number], segment.pop("createdAt"))

    def check_moment(self, of: str, changes: int, moment: str) -> None:
        if of in self.moments:
            assert (self.moments[of][0] == changes) == (self.moments[of][1] == moment), of
        self.moments[of] = (changes, moment)

    def check_cursor(self, cursor: str) -> None:
        """Checks that each change of segments has a cursor of its own."""
        if cursor not in self.cursors:
            self.cursors.append(cursor)
        assert self.cursors[-1] == cursor
        assert len(self.cursors) == self.meeting.changes + 1

    def check_span(self, started: str | None, ended: str | None) -> None:
        assert (started is not None, ended is not None) == (self.meeting.started, self.meeting.ended)
        first_started, last_ended = self.span
        assert first_started in (None, started), "when it first recorded never changes"
        assert None in (ended, last_ended) or ended == last_ended, "when it ended changes only after it has resumed"
        assert started is None or ended is None or started <= ended
        self.span = (started, ended)

    def teardown(self) -> None:
        self.delete_meeting()


def test_meetings_and_segments_do_what_the_model_does(api: Api) -> None:
    MeetingMachine.api = api
    MeetingMachine.agents = [api.agent(name)["id"] for name in ("Scribe", "Concierge")]
    run_state_machine_as_test(MeetingMachine, settings=settings(max_examples=12, stateful_step_count=30))

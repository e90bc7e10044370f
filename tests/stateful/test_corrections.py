"""Checks what is resolved of a transcript against a plain model: hypotheses, finals, corrections, names, deletions, erasures.

They come in any order, through two servers, and some at once. After each step both servers must say what the model says, and in
the end so must the picture of everybody who followed the meeting.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
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

from tests.harness.servers import RunningServer, running_server
from tests.harness.websocket_client import WebSocketClient, websocket

pytestmark = pytest.mark.slow

SERVERS = st.integers(0, 1)
NUMBERS = st.integers(1, 4)
TEXTS = st.sampled_from(["we", "We ship", "We ship on Friday.", "We chip on Friday."])
LABELS = st.sampled_from(["", "SPEAKER_00", "SPEAKER_01", "Dana"])
NAMES = st.sampled_from([None, "Dana", "Omar"])
HEARD = st.lists(
    st.fixed_dictionaries({"segmentId": NUMBERS, "text": TEXTS, "speaker": LABELS, "isFinal": st.booleans()}),
    min_size=1,
    max_size=4,
    unique_by=lambda content: content["segmentId"],
)
CORRECTION = st.fixed_dictionaries({}, optional={"text": st.none() | TEXTS, "speaker": st.none() | LABELS})

ERASED = "[…]"
SEGMENT = "segmentId externalId text speaker isFinal version heard { text speaker } correction { text speaker }"
TRANSCRIPT = f"""
query ($id: ID!) {{
  meeting(id: $id) {{
    updatesCursor speakerNames {{ label name }} speakers {{ speaker segmentCount }}
    segments(first: 100) {{ nodes {{ {SEGMENT} }} }}
  }}
}}
"""
FOLLOW = f"""
subscription ($id: ID!) {{
  segmentUpdates(meetingId: $id) {{ cursor deletedSegmentIds segments {{ {SEGMENT} }} }}
}}
"""


@dataclass
class Segment:
    version: int = 0
    deleted: bool = True
    text: str = ""
    label: str = ""
    is_final: bool = False
    corrected_text: str | None = None
    corrected_speaker: str | None = None


@dataclass
class Meeting:
    """The model."""

    id: str
    names: dict[str, str] = field(default_factory=dict)
    segments: dict[int, Segment] = field(default_factory=dict)

    def live(self) -> list[int]:
        return sorted(number for number, segment in self.segments.items() if not segment.deleted)

    def speaker(self, segment: Segment) -> str:
        if segment.corrected_speaker is not None:
            return segment.corrected_speaker
        return self.names.get(segment.label, segment.label)

    def hear(self, contents: list[dict[str, Any]]) -> dict[str, int]:
        counts = {"created": 0, "updated": 0, "unchanged": 0, "ignored": 0}
        for content in contents:
            segment = self.segments.setdefault(content["segmentId"], Segment())
            new = (content["text"], content["speaker"], content["isFinal"])
            if segment.deleted:
                outcome = "created"
            elif segment.is_final and not content["isFinal"]:
                outcome = "ignored"
            else:
                outcome = "unchanged" if new == (segment.text, segment.label, segment.is_final) else "updated"
            counts[outcome] += 1
            if outcome in ("created", "updated"):
                segment.text, segment.label, segment.is_final = new
                segment.deleted = False
                segment.version += 1
        return counts

    def correct(self, number: int, correction: dict[str, Any]) -> bool:
        segment = self.segments[number]
        before = (segment.corrected_text, segment.corrected_speaker)
        segment.corrected_text = correction.get("text", segment.corrected_text)
        segment.corrected_speaker = correction.get("speaker", segment.corrected_speaker)
        is_changed = before != (segment.corrected_text, segment.corrected_speaker)
        segment.version += is_changed
        return is_changed

    def name(self, names: dict[str, str | None]) -> None:
        before = {number: self.speaker(self.segments[number]) for number in self.live()}
        self.names = {label: name for label, name in (self.names | names).items() if name is not None}
        for number, speaker in before.items():
            self.segments[number].version += speaker != self.speaker(self.segments[number])

    def erase(self, name: str, pseudonym: str, *, with_text: bool) -> bool:
        """Erases a speaker, and returns whether something that is to be read has changed."""
        known = {name, pseudonym}
        while joined := {each for pair in self.names.items() if known & set(pair) for each in pair} - {"", *known}:
            known |= joined
        before = (dict(self.names), self.expected())
        for label in [label for label, given in self.names.items() if {label, given} & known]:
            del self.names[label]
            self.names[label and pseudonym] = pseudonym
        for segment in (self.segments[number] for number in self.live()):
            unchanged = replace(segment)
            segment.label = pseudonym if segment.label in known else segment.label
            if segment.corrected_speaker in known:
                segment.corrected_speaker = pseudonym
            if with_text and self.speaker(segment) == pseudonym:
                segment.text = ERASED
                segment.corrected_text = segment.corrected_text and ERASED
            segment.version += segment != unchanged or before[1][self._number(segment)]["speaker"] != self.speaker(
                segment
            )
        return before != (self.names, self.expected())

    def _number(self, segment: Segment) -> int:
        return next(number for number, each in self.segments.items() if each is segment)

    def delete(self, numbers: list[int]) -> None:
        for number in set(numbers) & set(self.live()):
            self.segments[number] = Segment(version=self.segments[number].version + 1)

    def expected(self) -> dict[int, Any]:
        """Returns what is to be read of each segment."""
        return {number: self._expected(number, self.segments[number]) for number in self.live()}

    def _expected(self, number: int, segment: Segment) -> dict[str, Any]:
        correction = {"text": segment.corrected_text, "speaker": segment.corrected_speaker}
        return {
            "segmentId": number,
            "externalId": None,
            "text": segment.text if segment.corrected_text is None else segment.corrected_text,
            "speaker": self.speaker(segment),
            "isFinal": segment.is_final,
            "version": segment.version,
            "heard": {"text": segment.text, "speaker": segment.label},
            "correction": None if set(correction.values()) == {None} else correction,
        }


class Follower:
    """Follows the meeting from its start, and has a picture of it."""

    def __init__(self, socket: WebSocketClient, meeting_id: str) -> None:
        self.picture: dict[int, Any] = {}
        self._socket = socket
        self._cursor = ""
        socket.send("subscribe", id="1", payload={"query": FOLLOW, "variables": {"id": meeting_id}})

    def read_to(self, cursor: str) -> None:
        while self._cursor != cursor:
            updates = self._socket.next("1")
            for segment in updates["segments"]:
                self.picture[segment["segmentId"]] = segment
            for number in updates["deletedSegmentIds"]:
                self.picture.pop(number, None)
            self._cursor = updates["cursor"]


class CorrectionMachine(RuleBasedStateMachine):
    servers: ClassVar[list[RunningServer]]

    @initialize()
    def create(self) -> None:
        self.meeting = Meeting(self.servers[0].api.meeting()["id"])
        self.stack = ExitStack()
        self.followers = [
            Follower(self.stack.enter_context(websocket(server.url)), self.meeting.id) for server in self.servers
        ]

    def teardown(self) -> None:
        if not hasattr(self, "stack"):
            return
        try:
            cursor = self.read(0)["updatesCursor"]
            late = Follower(self.stack.enter_context(websocket(self.servers[1].url)), self.meeting.id)
            for follower in (*self.followers, late):
                follower.read_to(cursor)
                assert follower.picture == self.meeting.expected()
        finally:
            self.stack.close()

    def read(self, server: int) -> Any:
        return self.servers[server].api.post(TRANSCRIPT, {"id": self.meeting.id})["data"]["meeting"]

    def run(self, server: int, name: str, **variables: Any) -> Any:
        return self.servers[server].api.run(name, meetingId=self.meeting.id, **variables)

    def hear_on(self, server: int, contents: list[dict[str, Any]]) -> Any:
        segments = [{**content, "startTime": 1, "endTime": 2} for content in contents]
        return self.run(server, "UpsertSegments", segments=segments)

    def correct_on(self, server: int, number: int, correction: dict[str, Any], **more: Any) -> Any:
        return self.run(server, "CorrectSegments", corrections=[{"segmentId": number, **correction, **more}])

    def name_on(self, server: int, names: dict[str, str | None]) -> Any:
        return self.run(server, "NameSpeakers", names=[{"label": label, "name": name} for label, name in names.items()])

    @rule(server=SERVERS, contents=HEARD)
    def hear(self, server: int, contents: list[dict[str, Any]]) -> None:
        result = self.hear_on(server, contents)
        counts = self.meeting.hear(contents)
        assert {name: result[name] for name in counts} == counts

    @precondition(lambda self: self.meeting.live())
    @rule(server=SERVERS, correction=CORRECTION, version=st.sampled_from(["absent", "right", "stale"]), data=st.data())
    def correct(self, server: int, correction: dict[str, Any], version: str, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.meeting.live()))
        present = self.meeting.segments[number].version
        versions = {"absent": {}, "right": {"expectedVersion": present}, "stale": {"expectedVersion": present - 1}}
        result = self.correct_on(server, number, correction, **versions[version])
        if version == "stale":
            assert (result["__typename"], result["currentVersion"]) == ("Conflict", present)
        else:
            assert result["updated"] == self.meeting.correct(number, correction)

    @rule(server=SERVERS, names=st.dictionaries(LABELS, NAMES, min_size=1, max_size=2))
    def name(self, server: int, names: dict[str, str | None]) -> None:
        assert self.name_on(server, names)["__typename"] == "Meeting"
        self.meeting.name(names)

    @rule(server=SERVERS, name=st.sampled_from(["dana", "OMAR", "SPEAKER_00"]), with_text=st.booleans())
    def erase_speaker(self, server: int, name: str, with_text: bool) -> None:
        mode = "TEXT" if with_text else "PSEUDONYM"
        api = self.servers[server].api
        result = api.run("EraseSpeaker", name=name, mode=mode, meetingIds=[self.meeting.id])
        spelled = {"dana": "Dana", "OMAR": "Omar"}.get(name, name)
        if result["__typename"] == "NotFound":  # also the history has no such name
            assert not self.meeting.erase(spelled, "nobody", with_text=with_text)
            return
        before = {number: segment["version"] for number, segment in self.meeting.expected().items()}
        self.meeting.erase(spelled, result["pseudonym"], with_text=with_text)
        after = self.meeting.expected()
        assert result["segmentCount"] == sum(before[number] != after[number]["version"] for number in before)
        history = api.run("HistoryOfMeeting", meetingId=self.meeting.id, first=100)["nodes"]
        assert spelled not in str([event["changes"] for event in history])

    @rule(server=SERVERS, numbers=st.lists(NUMBERS, min_size=1, max_size=2))
    def delete(self, server: int, numbers: list[int]) -> None:
        self.run(server, "DeleteSegments", segmentIds=numbers)
        self.meeting.delete(numbers)

    @rule(server=SERVERS, contents=HEARD, data=st.data())
    def hear_and_delete(self, server: int, contents: list[dict[str, Any]], data: st.DataObject) -> None:
        others = set(range(1, 5)) - {content["segmentId"] for content in contents}
        numbers = data.draw(st.lists(st.sampled_from(sorted(others)), max_size=2)) if others else []
        segments = [{**content, "startTime": 1, "endTime": 2} for content in contents]
        self.run(server, "UpsertSegments", segments=segments, deleteSegmentIds=numbers)
        self.meeting.delete(numbers)
        self.meeting.hear(contents)

    @precondition(lambda self: self.meeting.live())
    @rule(
        contents=HEARD,
        correction=CORRECTION,
        names=st.dictionaries(LABELS, NAMES, min_size=1, max_size=2),
        data=st.data(),
    )
    def all_at_once(
        self,
        contents: list[dict[str, Any]],
        correction: dict[str, Any],
        names: dict[str, str | None],
        data: st.DataObject,
    ) -> None:
        """A recogniser and two people write at once. What they write lies on layers of its own, so their order is no matter."""
        number = data.draw(st.sampled_from(self.meeting.live()))
        writes: list[Callable[[], Any]] = [
            lambda: self.hear_on(0, contents),
            lambda: self.correct_on(1, number, correction),
            lambda: self.name_on(0, names),
        ]
        with ThreadPoolExecutor(len(writes)) as threads:
            results = list(threads.map(lambda write: write(), writes))
        assert [result["__typename"] for result in results] == ["UpsertedSegments", "CorrectedSegments", "Meeting"]
        self.meeting.hear(contents)
        self.meeting.correct(number, correction)
        self.meeting.name(names)
        # How often a segment changed does depend on the order.
        for node in self.read(0)["segments"]["nodes"]:
            self.meeting.segments[node["segmentId"]].version = node["version"]

    @invariant()
    def both_servers_say_what_the_model_says(self) -> None:
        if not hasattr(self, "meeting"):
            return
        expected = self.meeting.expected()
        speakers = [segment["speaker"] for segment in expected.values()]
        for server in range(len(self.servers)):
            meeting = self.read(server)
            assert {node["segmentId"]: node for node in meeting["segments"]["nodes"]} == expected
            assert {each["label"]: each["name"] for each in meeting["speakerNames"]} == self.meeting.names
            assert {each["speaker"]: each["segmentCount"] for each in meeting["speakers"]} == {
                speaker: speakers.count(speaker) for speaker in speakers
            }


@pytest.fixture
def two_servers(database_url: str) -> Iterator[list[RunningServer]]:
    with running_server(database_url) as one, running_server(database_url) as other:
        yield [one, other]


def test_it_ends_as_the_model_says(two_servers: list[RunningServer]) -> None:
    CorrectionMachine.servers = two_servers
    run_state_machine_as_test(
        CorrectionMachine, settings=settings(max_examples=12, stateful_step_count=25, report_multiple_bugs=False)
    )

"""Erasing speakers through the API: none of their names is left in a backup, and everything else is as it was."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from domain.speaker_erasures import MAX_MEETINGS
from tests.harness.dumps import dump
from tests.harness.meeting_calls import UNKNOWN_ID, read
from tests.harness.servers import Api, RunningServer, running_server, segment
from tests.harness.sse_client import event_stream

NAME, LABEL, EARLIER_NAME = "Zanzibar Reyes", "Zanzibar R.", "Miss Zanzibar"
WORDS = "Timbuktu"
"""A word in everything that the speaker says."""
TRANSCRIPT = """
query ($id: ID!) {
  meeting(id: $id) {
    version updatesCursor speakerNames { label name } speakers { speaker segmentCount speakingTime }
    segments(first: 100) { nodes {
      segmentId version text speaker startTime endTime createdAt isFinal confidence externalId words { text }
      heard { text speaker } correction { text speaker by at reason }
    } }
  }
}
"""


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    """A server whose database has this test's meetings only."""
    with running_server(database_url) as server:
        yield server.api


def spoken(number: int, speaker: str, text: str, **fields: Any) -> dict[str, Any]:
    words = [{"text": word, "startTime": number * 2.0, "endTime": number * 2.0 + 0.5} for word in text.split()]
    return segment(number, speaker=speaker, text=text, words=words, externalId=f"segment {number}", **fields)


def full_meeting(api: Api, **input: Any) -> Any:
    """Returns a meeting in which the speaker is named in every place that can have a name, beside Omar."""
    as_speaker = Api(api.url)
    as_speaker.http.headers["Rapporteur-Actor"] = NAME.upper()
    meeting = as_speaker.run("CreateMeeting", input={"title": "Weekly", **input}, reason=f"{NAME} asked for it")
    id = meeting["id"]
    segments = [
        spoken(1, LABEL, f"{WORDS} one"),
        spoken(2, "SPEAKER_01", f"{WORDS} two"),
        spoken(3, "Omar", "We ship on Friday."),
        spoken(4, LABEL, "Omar says no."),
        spoken(5, "Omar", f"{WORDS} five"),
        spoken(6, "", "Hm."),
        spoken(7, LABEL, f"{WORDS} seven"),
        spoken(8, LABEL, f"{WORDS} eight"),
    ]
    api.run("UpsertSegments", meetingId=id, segments=segments)
    api.run(
        "NameSpeakers", meetingId=id, names=[{"label": LABEL, "name": EARLIER_NAME}, {"label": "B", "name": "Omar"}]
    )
    names = [{"label": LABEL, "name": NAME}, {"label": "SPEAKER_01", "name": NAME}]
    api.run("NameSpeakers", meetingId=id, names=names, reason=f"this is {NAME.lower()}, and nobody else")
    corrections = [
        {"segmentId": 4, "speaker": "Omar"},
        {"segmentId": 5, "speaker": NAME.swapcase()},
        {"segmentId": 7, "text": f"{WORDS} corrected"},
    ]
    as_speaker.run("CorrectSegments", meetingId=id, corrections=corrections, reason="It was me.")
    api.run("CorrectSegments", meetingId=id, corrections=[{"segmentId": 3, "text": "We ship."}], reason=f"says {NAME}")
    api.run("CorrectSegments", meetingId=id, corrections=[{"segmentId": 6, "text": "Hmm."}], reason="A typo.")
    api.run("DeleteSegments", meetingId=id, segmentIds=[8])
    api.run("UpdateMeeting", id=id, input={"state": "RECORDING"}, reason="It begins.")
    return meeting


def transcript(api: Api, meeting: Any) -> Any:
    found = api.post(TRANSCRIPT, {"id": meeting["id"]})["data"]["meeting"]
    found["segments"] = {node["segmentId"]: node for node in found["segments"]["nodes"]}
    return found


def history(api: Api, meeting: Any) -> list[Any]:
    """Returns the events of a meeting that may be gone, the oldest first."""
    events: list[Any] = api.run("HistoryOfMeeting", meetingId=meeting["id"])["nodes"]
    return events[::-1]


def rows(database_url: str) -> list[str]:
    return [line for line in dump(database_url).splitlines() if line.startswith("INSERT")]


def erase(api: Api, *meetings: Any, name: str = NAME, mode: str = "PSEUDONYM", **variables: Any) -> Any:
    ids = [meeting["id"] for meeting in meetings]
    return api.run("EraseSpeaker", name=name, mode=mode, meetingIds=ids, **variables)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["PSEUDONYM", "TEXT"])
@pytest.mark.parametrize("deleted_before", [False, True])
def test_nothing_is_left_in_a_backup(api: Api, database_url: str, mode: str, deleted_before: bool) -> None:
    meeting = full_meeting(api)
    other = full_meeting(api)
    if deleted_before:
        api.run("DeleteMeeting", id=meeting["id"])
    before = dump(database_url).lower()
    erase(api, meeting, mode=mode, reason=f"{NAME} asked for it")
    after = dump(database_url).lower()
    own = [line for line in after.splitlines() if meeting["id"] in line]
    assert len(own) > 3
    assert not [line for line in own if "zanzibar" in line]
    if mode == "TEXT":
        assert not [line for line in own if WORDS.lower() in line]
    assert "omar" in "".join(own)
    assert [line for line in after.splitlines() if other["id"] in line] == [
        line for line in before.splitlines() if other["id"] in line
    ]
    erase(api, other, mode="TEXT")
    left = dump(database_url).lower()
    assert "zanzibar" not in left


@pytest.mark.slow
def test_a_pseudonym_takes_the_place_of_the_names_and_nothing_else_changes(api: Api) -> None:
    meeting = full_meeting(api)
    before = transcript(api, meeting)
    erased = erase(api, meeting)
    pseudonym = erased["pseudonym"]
    assert erased | {"erasedAt": None} == {
        "__typename": "ErasedSpeaker",
        "pseudonym": pseudonym,
        "mode": "PSEUDONYM",
        "meetingIds": [meeting["id"]],
        "segmentCount": 6,
        "erasedBy": "local",
        "erasedAt": None,
    }
    after = transcript(api, meeting)
    assert {number: node["speaker"] for number, node in after["segments"].items()} == {
        1: pseudonym, 2: pseudonym, 3: "Omar", 4: "Omar", 5: pseudonym, 6: "", 7: pseudonym,
    }  # fmt: skip
    assert {number: node["heard"]["speaker"] for number, node in after["segments"].items()} == {
        1: pseudonym, 2: pseudonym, 3: "Omar", 4: pseudonym, 5: "Omar", 6: "", 7: pseudonym,
    }  # fmt: skip
    assert after["speakerNames"] == sorted(
        [{"label": "B", "name": "Omar"}, {"label": pseudonym, "name": pseudonym}], key=lambda each: each["label"]
    )
    corrections = {number: node["correction"] for number, node in after["segments"].items() if node["correction"]}
    assert {number: (each["by"], each["speaker"], each["reason"]) for number, each in corrections.items()} == {
        3: ("anonymous", None, None),
        4: (pseudonym, "Omar", "It was me."),
        5: (pseudonym, pseudonym, "It was me."),
        6: ("anonymous", None, "A typo."),
        7: (pseudonym, None, "It was me."),
    }
    same = ("text", "startTime", "endTime", "createdAt", "isFinal", "confidence", "externalId", "words")
    for number, node in after["segments"].items():
        original = before["segments"][number]
        assert [node[name] for name in same] == [original[name] for name in same]
        assert node["heard"]["text"] == original["heard"]["text"]
        assert node["version"] == original["version"] + (number != 6)
    times = {each["speaker"]: each["speakingTime"] for each in before["speakers"]}
    times[pseudonym] = times.pop(NAME) + times.pop(NAME.swapcase())
    assert {each["speaker"]: each["speakingTime"] for each in after["speakers"]} == times


@pytest.mark.slow
def test_what_the_speaker_said_is_erased_too_if_that_is_asked_for(api: Api) -> None:
    meeting = full_meeting(api)
    before = transcript(api, meeting)
    pseudonym = erase(api, meeting, mode="TEXT")["pseudonym"]
    after = transcript(api, meeting)
    theirs = {1, 2, 5, 7}
    for number, node in after["segments"].items():
        original = before["segments"][number]
        if number in theirs:
            assert (node["speaker"], node["text"], node["words"]) == (pseudonym, "[…]", [])
            assert node["heard"]["text"] == "[…]"
        else:
            assert (node["text"], node["words"]) == (original["text"], original["words"])
        assert (node["startTime"], node["endTime"]) == (original["startTime"], original["endTime"])
    corrected = after["segments"][7]["correction"]
    assert (corrected["text"], corrected["reason"]) == ("[…]", None)
    assert corrected["at"] == before["segments"][7]["correction"]["at"]
    assert api.run("SearchSegments", query=WORDS, first=10)["totalCount"] == 0
    assert api.run("SearchSegments", query="ship", first=10)["totalCount"] == 1


@pytest.mark.slow
def test_the_history_adds_up_with_its_kinds_versions_and_times(api: Api) -> None:
    meeting = full_meeting(api)
    before = history(api, meeting)
    pseudonym = erase(api, meeting)["pseudonym"]
    *after, erasure = history(api, meeting)
    outline = ("id", "kind", "version", "createdAt")
    assert [[event[name] for name in outline] for event in after] == [
        [event[name] for name in outline] for event in before
    ]
    assert [(event["actor"], event["reason"]) for event in after] == [
        (pseudonym, None),
        ("anonymous", None),
        ("anonymous", None),
        ("anonymous", "It begins."),
    ]
    assert (erasure["kind"], erasure["actor"], erasure["version"]) == ("UPDATED", "erased", before[-1]["version"] + 1)
    state: dict[str, Any] = {}
    for event in [*after, erasure]:
        for change in event["changes"]:
            assert (change["before"] or None) == (state.get(change["field"]) or None)
            state[change["field"]] = change["after"]
    present = {each["label"]: each["name"] for each in transcript(api, meeting)["speakerNames"]}
    assert state["speakerNames"] == present == {"B": "Omar", pseudonym: pseudonym}
    assert state["title"] == "Weekly"
    assert erasure["version"] == transcript(api, meeting)["version"]


@pytest.mark.slow
def test_subscribers_get_the_segments_anew_and_the_meeting(api: Api) -> None:
    meeting = full_meeting(api)
    followed = """subscription ($id: ID!) { segmentUpdates(meetingId: $id) {
      cursor caughtUp deletedSegmentIds segments { segmentId speaker text } meeting { speakerNames { label name } }
    } }"""
    with event_stream(api.url, followed, id=meeting["id"]) as follower:
        picture: dict[int, Any] = {}
        names: Any = None
        pseudonym = None
        cursor = ""
        while True:
            updates = follower.next()
            cursor = updates["cursor"]
            picture |= {each["segmentId"]: each for each in updates["segments"]}
            names = updates["meeting"]["speakerNames"]
            if updates["caughtUp"] and pseudonym is None:
                pseudonym = erase(api, meeting, mode="TEXT")["pseudonym"]
                end = read(api, meeting)["updatesCursor"]
            elif pseudonym and cursor == end and {"label": pseudonym, "name": pseudonym} in names:
                break
    assert picture.keys() - {8} == set(range(1, 8))
    assert {number for number, each in picture.items() if each["text"] == "[…]"} == {1, 2, 5, 7}
    assert "Zanzibar" not in str(picture)


@pytest.mark.slow
@pytest.mark.parametrize("name", [NAME.upper(), f" {LABEL}", "speaker_01", "Ｚanzibar  Ｒeyes"])
def test_each_name_and_label_means_the_speaker_in_any_case_and_width(api: Api, name: str) -> None:
    meeting = full_meeting(api)
    erase(api, meeting, name=name)
    assert NAME not in str(transcript(api, meeting))
    assert LABEL not in str(transcript(api, meeting))


@pytest.mark.slow
def test_a_part_of_a_name_is_another_name(api: Api) -> None:
    meeting = full_meeting(api)
    before = transcript(api, meeting)
    result = erase(api, meeting, name="Zanzibar")
    assert (result["__typename"], result["id"]) == ("NotFound", "Zanzibar")
    assert transcript(api, meeting) == before


def test_a_name_of_the_unlabelled_is_replaced_and_the_label_stays_empty(api: Api) -> None:
    meeting = api.meeting()
    api.run("UpsertSegments", meetingId=meeting["id"], segments=[spoken(1, "", "Hm."), spoken(2, "Omar", "Hm.")])
    api.run("NameSpeakers", meetingId=meeting["id"], names=[{"label": "", "name": NAME}])
    pseudonym = erase(api, meeting)["pseudonym"]
    after = transcript(api, meeting)
    assert after["speakerNames"] == [{"label": "", "name": pseudonym}]
    assert (after["segments"][1]["speaker"], after["segments"][1]["heard"]["speaker"]) == (pseudonym, "")
    assert after["segments"][2]["speaker"] == "Omar"


@pytest.mark.slow
def test_a_name_has_one_pseudonym_in_all_meetings(api: Api) -> None:
    first, second, without = full_meeting(api), full_meeting(api), api.meeting(segments=1)
    everywhere = erase(api, first)["pseudonym"]
    erased = api.run("EraseSpeaker", name=NAME, mode="PSEUDONYM")
    assert erased["pseudonym"] == everywhere
    assert sorted(erased["meetingIds"]) == sorted([first["id"], second["id"]])
    assert erased["segmentCount"] == 6
    assert read(api, without)["version"] == without["version"]
    assert erase(api, first, name="Omar")["pseudonym"] != everywhere


@pytest.mark.slow
def test_erasing_again_changes_nothing(api: Api, database_url: str) -> None:
    meeting = full_meeting(api)
    erased = erase(api, meeting, mode="TEXT")
    before = rows(database_url)
    for mode in ("TEXT", "PSEUDONYM"):
        assert erase(api, meeting, mode=mode) == erased | {"segmentCount": 0}
    assert erase(api, meeting, mode="TEXT", name=erased["pseudonym"]) == erased | {"segmentCount": 0}
    assert rows(database_url) == before


@pytest.mark.slow
@pytest.mark.parametrize("by_pseudonym", [False, True])
def test_what_was_said_can_be_erased_after_the_names_and_what_came_since(api: Api, by_pseudonym: bool) -> None:
    meeting = full_meeting(api)
    pseudonym = erase(api, meeting)["pseudonym"]
    api.run(
        "UpsertSegments",
        meetingId=meeting["id"],
        segments=[spoken(9, pseudonym if by_pseudonym else NAME, f"{WORDS} 9")],
    )
    erased = erase(api, meeting, mode="TEXT", name=pseudonym.lower() if by_pseudonym else NAME)
    assert (erased["pseudonym"], erased["mode"], erased["segmentCount"]) == (pseudonym, "TEXT", 5)
    after = transcript(api, meeting)
    assert {number for number, node in after["segments"].items() if node["text"] == "[…]"} == {1, 2, 5, 7, 9}
    assert WORDS not in str(after)


@pytest.mark.slow
def test_two_speakers_are_erased_one_after_the_other(api: Api, database_url: str) -> None:
    meeting = full_meeting(api)
    first, second = erase(api, meeting, mode="TEXT"), erase(api, meeting, mode="TEXT", name="Omar")
    speakers = {node["speaker"] for node in transcript(api, meeting)["segments"].values()}
    assert speakers == {first["pseudonym"], second["pseudonym"], ""}
    names = [event["changes"] for event in history(api, meeting)]
    assert "Omar" not in str(names)
    api.run("EraseMeeting", id=meeting["id"])
    assert first["pseudonym"] not in str(history(api, meeting))


@pytest.mark.slow
def test_an_unknown_meeting_is_not_found_and_nothing_is_erased_in_the_others(api: Api) -> None:
    meeting, agent = full_meeting(api), api.agent()
    before = transcript(api, meeting)
    for id in (UNKNOWN_ID, agent["id"]):
        result = erase(api, meeting, {"id": id})
        assert (result["__typename"], result["id"]) == ("NotFound", id)
    assert transcript(api, meeting) == before


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"meetingIds": ["x"]}, "meetingIds.0"),
        ({"meetingIds": [UNKNOWN_ID] * (MAX_MEETINGS + 1)}, "meetingIds"),
    ],
)
def test_what_is_wrong_is_named(api: Api, variables: dict[str, Any], path: str) -> None:
    usual = {"name": NAME, "mode": "TEXT", "meetingIds": [UNKNOWN_ID]}
    result = api.run("EraseSpeaker", **usual | variables)
    assert result["__typename"] == "InvalidInput"
    assert [field["path"] for field in result["fields"]] == [path]


def test_the_log_has_the_reason_and_no_name(server: RunningServer, caplog: pytest.LogCaptureFixture) -> None:
    meeting = full_meeting(server.api)
    with caplog.at_level(logging.INFO):
        pseudonym = erase(server.api, meeting, reason="Ticket 2031")["pseudonym"]
    (line,) = (record.getMessage() for record in caplog.records if record.name == "rapporteur.erasures")
    assert line == f"erased {pseudonym} (PSEUDONYM) for local: Ticket 2031; in {meeting['id']}"
    assert "Zanzibar" not in caplog.text

"""Imports transcript files through the API."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.servers import Api, RunningServer, segment

SRT = "1\n00:00:01,000 --> 00:00:02,000\nIda: {}\n\n2\n00:00:03,000 -> 00:00:04,000\nOle: Go.\n"
RTTM = "SPEAKER x 1 0.0 2.5 <NA> <NA> SPEAKER_00 <NA> <NA>\nSPEAKER x 1 2.5 9.0 <NA> <NA> SPEAKER_01 <NA> <NA>\n"


@pytest.fixture
def content() -> str:
    return SRT.format(uuid4())


def imported(api: Api, **input: Any) -> Any:
    return api.run("ImportTranscript", input=input)


def texts(api: Api, id: str) -> list[tuple[str, str]]:
    edges = api.run("Transcript", id=id)["segments"]["edges"]
    return [(edge["node"]["speaker"], edge["node"]["text"]) for edge in edges]


def test_a_file_becomes_a_meeting_once(server: RunningServer, content: str) -> None:
    first = imported(server.api, content=content, fileName="weekly.srt", offset=10)
    assert (first["created"], first["updated"], first["unchanged"], first["dialect"]) == (2, 0, 0, "SubRip")
    assert (first["meeting"]["title"], first["meeting"]["state"]) == ("weekly", "COMPLETED")
    (note,) = first["notes"]
    assert note["line"] == 6
    assert "is not written as SubRip writes times" in note["message"]
    edges = server.api.run("Transcript", id=first["meeting"]["id"])["segments"]["edges"]
    assert [edge["node"]["startTime"] for edge in edges] == [11.0, 13.0]
    again = imported(server.api, content=content, title="Another")
    assert (again["created"], again["unchanged"], again["meeting"]) == (0, 2, first["meeting"])


def test_the_title_is_the_given_one_or_that_of_the_file(server: RunningServer, content: str) -> None:
    assert imported(server.api, content=content, title="Given")["meeting"]["title"] == "Given"
    vtt = f"WEBVTT - Of the file\n\n00:01.000 --> 00:02.000\n{uuid4()}\n"
    assert imported(server.api, content=vtt, fileName="x.vtt")["meeting"]["title"] == "Of the file"
    nameless = f"WEBVTT\n\n00:01.000 --> 00:02.000\n{uuid4()}\n"
    assert imported(server.api, content=nameless)["meeting"]["title"] == "Imported transcript"


def test_a_known_external_id_gives_the_meeting_of_the_same_file_only(server: RunningServer, content: str) -> None:
    id = uuid4().hex
    first = imported(server.api, content=content, externalId=id)
    assert first["meeting"]["externalId"] == id
    assert imported(server.api, content=content, externalId=id)["meeting"] == first["meeting"]
    refused = imported(server.api, content=SRT.format("other"), externalId=id)
    assert refused["__typename"] == "Conflict"
    assert len(texts(server.api, first["meeting"]["id"])) == 2


def test_into_adds_to_a_meeting_and_again_adds_nothing(server: RunningServer, content: str) -> None:
    meeting = server.api.meeting("There", segments=3)
    first = imported(server.api, content=content, into=meeting["id"])
    assert (first["created"], first["meeting"]["title"], first["meeting"]["state"]) == (2, "There", "CREATED")
    again = imported(server.api, content=content, into=meeting["id"])
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    assert len(texts(server.api, meeting["id"])) == 5


def test_rttm_names_the_speakers_of_a_meeting(server: RunningServer) -> None:
    meeting = server.api.meeting("There")
    segments = [segment(n, text=f"Text {n}", startTime=float(n), endTime=n + 1.0) for n in (1, 2, 20)]
    server.api.run("UpsertSegments", meetingId=meeting["id"], segments=segments)
    result = imported(server.api, content=RTTM, into=meeting["id"])
    assert (result["created"], result["updated"], result["unchanged"], result["dialect"]) == (0, 2, 1, "RTTM")
    before = segments[2].get("speaker", "")
    assert texts(server.api, meeting["id"]) == [("SPEAKER_00", "Text 1"), ("SPEAKER_00", "Text 2"), (before, "Text 20")]


def test_an_export_comes_back_with_its_corrections_names_and_ids(server: RunningServer) -> None:
    api = server.api
    meeting = api.meeting(f"Weekly {uuid4()}")
    given = [segment(n, text=f"Text {n}", speaker=f"SPEAKER_0{n}", externalId=f"x:{n}") for n in (1, 2, 3)]
    api.run("UpsertSegments", meetingId=meeting["id"], segments=given)
    api.run("NameSpeakers", meetingId=meeting["id"], names=[{"label": "SPEAKER_01", "name": "Ida"}])
    corrections = [{"segmentId": 2, "text": "Corrected."}, {"segmentId": 3, "speaker": "Ole"}]
    api.run("CorrectSegments", meetingId=meeting["id"], corrections=corrections[:1], reason="Misheard.")
    api.run("CorrectSegments", meetingId=meeting["id"], corrections=corrections[1:])

    def exported(id: str) -> str:
        return str(api.run("TranscriptFile", id=id, format="JSON")["transcript"])

    def corrected(file: str) -> list[dict[str, Any]]:
        return [each["correction"] for each in json.loads(file)["segments"] if "correction" in each]

    def without_corrections(file: str) -> list[dict[str, Any]]:
        return [{**each, "correction": None} for each in json.loads(file)["segments"]]

    first = exported(meeting["id"])
    again = imported(api, content=first)["meeting"]
    assert again["title"] == meeting["title"]
    assert again["id"] != meeting["id"]
    assert without_corrections(exported(again["id"])) == without_corrections(first)
    reasons = [
        f"{reason}[by {each['by']} at {each['at']}]"
        for reason, each in zip(["Misheard. ", ""], corrected(first), strict=True)
    ]
    found = corrected(exported(again["id"]))
    assert [(each["text"], each["speaker"]) for each in found] == [("Corrected.", None), (None, "Ole")]
    assert [each["reason"] for each in found] == reasons
    third = imported(api, content=exported(again["id"]))["meeting"]
    assert [each["reason"] for each in corrected(exported(third["id"]))] == reasons
    assert texts(api, again["id"]) == [("Ida", "Text 1"), ("SPEAKER_02", "Corrected."), ("Ole", "Text 3")]
    added = imported(api, content=first, into=api.meeting("Other")["id"])["meeting"]
    assert texts(api, added["id"]) == texts(api, again["id"])


def test_words_stay_when_speakers_are_named(server: RunningServer) -> None:
    word = {"word": "Hi.", "start": 1, "end": 2, "probability": 0.5}
    line = (
        f'{{"id": "{uuid4()}", "text": "Hi.", "start": 1, "end": 2, "words": [{str(word).replace(chr(39), chr(34))}]}}'
    )
    meeting = imported(server.api, content=f"[{line}]")["meeting"]
    imported(server.api, content=RTTM, into=meeting["id"])
    exported = server.api.run("TranscriptFile", id=meeting["id"], format="JSON")["transcript"]
    assert '"words":[{"text":"Hi.","startTime":1.0,"endTime":2.0,"confidence":0.5}]' in exported
    assert '"speaker":"SPEAKER_00"' in exported


def test_what_was_corrected_stays(server: RunningServer, content: str) -> None:
    id = imported(server.api, content=content)["meeting"]["id"]
    server.api.run("UpsertSegments", meetingId=id, segments=[segment(1, text="Corrected")])
    imported(server.api, content=content)
    assert texts(server.api, id)[0][1] == "Corrected"


@pytest.mark.parametrize(
    ("input", "path", "message"),
    [
        ({"content": "Buy milk."}, "input.content", "line 1 begins no transcript ("),
        ({"content": ""}, "input.content", "the file is empty"),
        ({"content": RTTM}, "input.content", "RTTM names speakers and has no words"),
        ({"content": SRT, "strict": True}, "input.content", "it cannot be read strictly: line 6"),
        ({"content": "WEBVTT\n\x00"}, "input.content", "must not contain the NUL character"),
        ({"content": SRT, "title": " "}, "input.title", "must not be empty"),
        ({"content": SRT, "offset": 1e9}, "input.offset", "must be a finite number from -36,000,000"),
        ({"content": SRT, "into": "x"}, "input.into", "must be a UUID"),
        ({"content": SRT, "into": str(uuid4()), "title": "a"}, "input.into", "must be left out where title"),
    ],
)
def test_bad_input_names_the_field(server: RunningServer, input: dict[str, Any], path: str, message: str) -> None:
    result = imported(server.api, **input)
    assert [field["path"] for field in result["fields"]] == [path]
    assert message in result["fields"][0]["message"]


def test_an_unknown_meeting_is_not_found(server: RunningServer) -> None:
    assert imported(server.api, content=SRT, into=str(uuid4()))["__typename"] == "NotFound"


def test_more_segments_than_one_write_has_go_in_together(server: RunningServer) -> None:
    lines = [f'{{"text": "{uuid4()}", "start": {n}, "end": {n + 1}}}' for n in range(2_500)]
    result = imported(server.api, content="\n".join(lines))
    assert (result["created"], server.api.run("Meeting", id=result["meeting"]["id"])["segmentCount"]) == (2_500, 2_500)

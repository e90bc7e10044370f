"""Exports as WebVTT are valid for the W3C's own validator, whatever was heard when, and by whom."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.ids import MeetingId, new_id
from domain.segments import Segment
from domain.times import MAX_TIME_SECONDS
from domain.transcripts import TranscriptFormat, write_transcript
from tests.harness.servers import Api, segment

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


def problems(*files: str) -> list[list[str]]:
    """Returns what the validator says of each file."""
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, "webvtt.mjs"], cwd=HERE, input=json.dumps(files), capture_output=True, text=True, timeout=60, check=True
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found


def exported(api: Api, meeting: Any, **options: Any) -> str:
    transcript: str = api.run("TranscriptFile", id=meeting["id"], format="VTT", **options)["transcript"]
    return transcript


@pytest.mark.usefixtures("node_modules")
class TestExports:
    def test_the_validator_sees_what_is_wrong(self) -> None:
        times = [("00:00:10.000", "00:00:12.000"), ("00:00:05.000", "00:00:05.000")]
        cues = "".join(f"\n{start} --> {end}\na\n" for start, end in times)
        (found,) = problems(f"WEBVTT\n{cues}")
        assert len(found) == 2

    def test_streams_that_finish_out_of_order(self, api: Api) -> None:
        meeting = api.meeting()
        said = [
            segment(1, text="Omar answers at ten.", speaker="Omar", startTime=10, endTime=12),
            segment(2, text="Dana asks at five.", speaker="Dana", startTime=5, endTime=9),
            segment(3, text="They speak at once.", speaker="Dana", startTime=11, endTime=11.5),
            segment(4, text="A click.", speaker="", startTime=11, endTime=11),
            segment(5, text="Perhaps & <maybe>", speaker="Mara <M>", startTime=1.0004, endTime=1.00041, isFinal=False),
        ]
        api.run("UpsertSegments", meetingId=meeting["id"], segments=said)
        files = [exported(api, meeting), exported(api, meeting, finalOnly=True)]
        assert problems(*files) == [[], []]
        texts = [line.partition(">")[2] or line for line in files[1].splitlines() if "." in line and "-->" not in line]
        assert texts == ["Dana asks at five.", "Omar answers at ten.", "They speak at once.", "A click."]
        assert "maybe" in files[0]

    def test_any_times_and_texts(self) -> None:
        words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
        times = st.floats(0, 100) | st.sampled_from([0.0, 0.0004, 0.0005, float(MAX_TIME_SECONDS)])
        contents = st.lists(st.tuples(words.filter(str.strip), words | st.just(""), times, times), max_size=8)
        files: list[str] = []

        @settings(
            max_examples=100,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(contents)
        def write(drawn: list[tuple[str, str, float, float]]) -> None:
            meeting = MeetingId(new_id())
            segments = [
                Segment(meeting, number, text, min(start, end), max(start, end), speaker)
                for number, (text, speaker, start, end) in enumerate(drawn)
            ]
            segments.sort(key=lambda each: (each.start_time, each.segment_id))
            files.append(write_transcript(segments, TranscriptFormat.VTT, title="Weekly"))

        write()
        found = dict(zip(files, problems(*files), strict=True))
        assert [(file, wrong) for file, wrong in found.items() if wrong] == []

"""Reads the timeline of a Zoom recording, which says who spoke when, without words: it names the speakers of a transcript."""

from itertools import pairwise

from domain.transcripts.cues import NotATranscript, Reading, check_size
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import objects_at, seconds_of, speaker_of
from domain.transcripts.source import Source
from domain.transcripts.speaker_turns import Turn


def _recognises(source: Source) -> bool:
    return any({"ts", "users"} <= moment.keys() for moment in objects_at(source.document, "timeline")[:20])


def _turns(source: Source) -> list[Turn]:
    """Returns the turns in the order of their starts: who speaks at a moment does so until the next. Raises NotATranscript."""
    moments: list[tuple[float, list[str]]] = []
    for index, moment in enumerate(objects_at(source.document, "timeline")):
        time = seconds_of(moment.get("ts"))
        if time is None:
            raise NotATranscript(f"timeline[{index}].ts: must be a time such as 00:00:01.000")
        names = [speaker_of(user.get("username")) or "" for user in objects_at(moment, "users")]
        moments.append((time, [name for name in names if name]))
    check_size(len(moments))
    moments.sort(key=lambda moment: moment[0])
    last = moments[-1][0] if moments else 0.0
    found = [
        Turn(start, end, name)
        for (start, names), (end, _) in pairwise([*moments, (last, list[str]())])
        for name in names
    ]
    if not found:
        raise NotATranscript("there is no turn of a speaker in the file")
    return found


def _read(source: Source) -> Reading:
    _turns(source)
    raise NotATranscript(
        "Zoom's timeline names speakers and has no words: import it into the meeting that has the words"
    )


DIALECT = Dialect(
    "Zoom timeline",
    'is JSON with a "timeline", and is read into a meeting that has the words',
    _recognises,
    _read,
    read_turns=_turns,
)

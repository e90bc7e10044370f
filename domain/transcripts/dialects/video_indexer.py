"""Reads the output of Azure AI Video Indexer: `insights` of videos, which have a transcript and the names of its speakers."""

from domain.transcripts.cues import Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, Path, SegmentReader, at, objects_at, speaker_of
from domain.transcripts.source import Source

_FIELDS = Fields()


def _paths(document: object) -> list[Path]:
    """Returns the places of the transcripts that have texts with instances."""
    videos: list[Path] = [("videos", index) for index in range(len(objects_at(document, "videos")))]
    paths: list[Path] = [(*video, "insights", "transcript") for video in videos]
    return [
        path
        for path in [*paths, ("insights", "transcript"), ("transcript",)]
        if any("instances" in item and "text" in item for item in objects_at(document, *path)[:3])
    ]


def _read(source: Source) -> Reading:
    """Returns the texts, with their times in the whole where a video is put together from several."""
    cues = []
    for path in _paths(source.document):
        insights = at(source.document, *path[:-1])
        names = {speaker_of(speaker.get("id")): speaker.get("name") for speaker in objects_at(insights, "speakers")}
        items: list[object] = []
        for item in objects_at(source.document, *path):
            instance = next(iter(objects_at(item, "instances")), {})
            times = {name: instance.get(f"adjusted{name.title()}", instance.get(name)) for name in ("start", "end")}
            speaker = speaker_of(item.get("speakerId"))
            items.append({**item, **times, "speaker": names.get(speaker) or speaker, "speakerId": None})
        cues += SegmentReader(source, path, _FIELDS).read(items)
    return Reading(cues)


DIALECT = Dialect(
    "Azure Video Indexer",
    'is JSON with "insights" that have a "transcript"',
    lambda source: bool(_paths(source.document)),
    _read,
    has_units=True,
)

"""Reads the results of Deepgram's API: of a recording, or the messages of a live stream as JSON Lines."""

from domain.transcripts.cues import Cue, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, SegmentReader, at, objects_at, words_of
from domain.transcripts.source import Source
from domain.transcripts.spoken_words import sentences

_FIELDS = Fields(text=("transcript", "text"), duration=("duration",))


def _path(document: object) -> tuple[str, ...]:
    """Returns the place of the results, which some of Deepgram's libraries wrap."""
    return ("result", "results") if at(document, "result", "results") is not None else ("results",)


def _recognises(source: Source) -> bool:
    document = source.document
    path = _path(document)
    return bool(
        objects_at(document, *path, "utterances")
        or objects_at(document, *path, "channels")
        or (isinstance(document, list) and any(_live_alternative(item) for item in document[:20]))
    )


def _read(source: Source) -> Reading:
    document = source.document
    if isinstance(document, list):
        return Reading(_live(source, document))
    path = _path(document)
    channels = objects_at(document, *path, "channels")
    utterances = at(document, *path, "utterances")
    if isinstance(utterances, list) and utterances:
        speaker = ("speaker", "channel") if len(channels) > 1 else ("speaker",)
        fields = Fields(text=("transcript",), speaker=speaker)
        return Reading(SegmentReader(source, (*path, "utterances"), fields).read(utterances))
    cues: list[Cue] = []
    for index, channel in enumerate(channels):
        place = f"results.channels[{index}].alternatives[0]"
        words, _ = words_of(objects_at(channel, "alternatives", 0, "words"), _FIELDS)
        found = sentences(words, f"{place}.words")
        for cue in found:
            cue.speaker = cue.speaker or (str(index) if len(channels) > 1 else "")
        cues += found
    if len(channels) > 1:
        cues.sort(key=lambda cue: cue.start_time or 0.0)
    return Reading(cues)


def _live_alternative(message: object) -> object:
    alternatives = at(message, "channel", "alternatives")
    return at(alternatives, 0)


def _live(source: Source, messages: list[object]) -> list[Cue]:
    """Returns the cues of the final results; messages of other kinds, and hypotheses, are not read."""
    cues: list[Cue] = []
    for index, message in enumerate(messages):
        alternative = _live_alternative(message)
        if isinstance(message, dict) and isinstance(alternative, dict) and message.get("is_final") is not False:
            item = {**alternative, "start": message.get("start"), "duration": message.get("duration")}
            reader = SegmentReader(source, (), _FIELDS)
            for cue in reader.read([item]):
                cue.place, cue.item = reader.place(index), index
                cues.append(cue)
    return cues


DIALECT = Dialect("Deepgram", 'is JSON with "results" that have "utterances" or "channels"', _recognises, _read)

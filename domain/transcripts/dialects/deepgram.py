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
        cues = SegmentReader(source, (*path, "utterances"), Fields(text=("transcript",))).read(utterances)
        if len(channels) > 1:
            numbers = [at(utterances, -1 if cue.item is None else cue.item, "channel") for cue in cues]
            _name_by_channel(
                [(str(0 if number is None else number), cue) for number, cue in zip(numbers, cues, strict=True)]
            )
        return Reading(cues)
    by_channel: list[tuple[str, Cue]] = []
    for index, channel in enumerate(channels):
        place = f"results.channels[{index}].alternatives[0]"
        words, _ = words_of(objects_at(channel, "alternatives", 0, "words"), _FIELDS)
        by_channel += [(str(index), cue) for cue in sentences(words, f"{place}.words")]
    if len(channels) > 1:
        _name_by_channel(by_channel)
        by_channel.sort(key=lambda found: found[1].start_time or 0.0)
    return Reading([cue for _, cue in by_channel])


def _name_by_channel(cues: list[tuple[str, Cue]]) -> None:
    """Calls the speakers by their channels, and by their numbers behind these where a channel has several.

    Deepgram counts the speakers of each channel from 0.
    """
    speakers: dict[str, set[str]] = {}
    for channel, cue in cues:
        speakers.setdefault(channel, set()).add(cue.speaker)
    for channel, cue in cues:
        is_alone = len(speakers[channel] - {""}) <= 1
        cue.speaker = channel if is_alone or not cue.speaker else f"{channel}-{cue.speaker}"


def _live_alternative(message: object) -> object:
    alternatives = at(message, "channel", "alternatives")
    return at(alternatives, 0)


def _live(source: Source, messages: list[object]) -> list[Cue]:
    """Returns the cues of the final results; messages of other kinds, and hypotheses, are not read."""
    found: list[tuple[str, Cue]] = []
    for index, message in enumerate(messages):
        alternative = _live_alternative(message)
        if isinstance(message, dict) and isinstance(alternative, dict) and message.get("is_final") is not False:
            item = {**alternative, "start": message.get("start"), "duration": message.get("duration")}
            reader = SegmentReader(source, (), _FIELDS)
            for cue in reader.read([item]):
                cue.place, cue.item = reader.place(index), index
                found.append((str(at(message, "channel_index", 0)), cue))
    if len({channel for channel, _ in found}) > 1:
        _name_by_channel(found)
    return [cue for _, cue in found]


DIALECT = Dialect("Deepgram", 'is JSON with "results" that have "utterances" or "channels"', _recognises, _read)

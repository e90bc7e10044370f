"""Reads the results of Google's Speech-to-Text, versions 1 and 2, also in the answer of an operation."""

from domain.transcripts.cues import Cue, CueWord, NotATranscript, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Path, at, confidence_of, objects_at, path_text, seconds_of, speaker_of
from domain.transcripts.source import Source, without_surrogates
from domain.transcripts.spoken_words import sentences, split_by_speaker

_STARTS = ("startTime", "startOffset", "start_time", "start_offset")
_ENDS = ("endTime", "endOffset", "end_time", "end_offset")
_RESULT_ENDS = ("resultEndTime", "resultEndOffset", "result_end_time", "result_end_offset")


def _path(document: object) -> Path:
    """Returns the place of the results. Raises NotATranscript for those of several recordings."""
    path: Path = ("response", "results") if at(document, "response", "results") is not None else ("results",)
    recordings = at(document, *path)
    if not isinstance(recordings, dict):
        return path
    if len(recordings) != 1:
        raise NotATranscript(f"{path_text(path)} has {len(recordings):,} recordings: import each in a file of its own")
    path = (*path, next(iter(recordings)))
    inline = at(document, *path, "inlineResult") is not None
    return (*path, *(("inlineResult",) if inline else ()), "transcript", "results")


def _recognises(source: Source) -> bool:
    document = source.document
    results = at(document, "response", "results") or at(document, "results")
    if isinstance(results, dict):
        return any({"transcript", "inlineResult"} & each.keys() for each in results.values() if isinstance(each, dict))
    alternatives = [at(result, "alternatives", 0) for result in objects_at(results)[:20]]
    return any(
        isinstance(each, dict) and "timestamps" not in each and ("transcript" in each or "words" in each)
        for each in alternatives
    )


def _read(source: Source) -> Reading:
    path = source.items_path = _path(source.document)
    results = objects_at(source.document, *path)
    has_channels = len({_channel(result) for result in results}) > 1
    ends: dict[str, float] = {}
    cues: list[Cue] = []
    for index, result in enumerate(results):
        alternative, channel = at(result, "alternatives", 0), _channel(result) if has_channels else ""
        words = [_word(word) for word in objects_at(alternative, "words")]
        words = [word for word in words if word.text]
        text = at(alternative, "transcript")
        if words and words[0].start_time is None and words[0].end_time is not None and not cues:
            words[0].start_time = 0.0  # which Google leaves out
        end = _time(result, _RESULT_ENDS)
        if not words and not (isinstance(text, str) and text.strip()):
            continue
        place = f"{path_text(path)}[{index}]"
        if words and _repeats_all(words, cues):
            return Reading(sentences(words, place))
        if not words and end is None:
            raise NotATranscript(f"{place} has no times: ask Google for the times of words (enableWordTimeOffsets)")
        if not words:
            source.notes.add(
                source.line_of_item(index), "has no times of words, and starts where the one before it ends"
            )
        cue = Cue("", words[0].start_time if words else ends.get(channel, 0.0), end, channel, place=place, words=words)
        cue.text = without_surrogates(text).strip() if isinstance(text, str) and text.strip() else ""
        cue.end_time = next((word.end_time for word in reversed(words) if word.end_time is not None), end)
        cue.confidence, cue.item = confidence_of(at(alternative, "confidence")) or None, index
        ends[channel] = cue.end_time or 0.0
        cues += split_by_speaker(cue) if cue.text else sentences(words, place)
    if has_channels:
        cues.sort(key=lambda cue: cue.start_time or 0.0)
    return Reading(cues)


def _repeats_all(words: list[CueWord], cues: list[Cue]) -> bool:
    """Returns whether these are all words once more, now with their speakers, as version 1 adds them at the end."""
    if not cues or not any(word.speaker for word in words) or any(word.speaker for cue in cues for word in cue.words):
        return False
    start = words[0].start_time
    return start is None or start < (cues[-1].end_time or 0.0)


def _channel(result: dict[str, object]) -> str:
    return speaker_of(result.get("channelTag", result.get("channel_tag"))) or ""


def _word(item: dict[str, object]) -> CueWord:
    text = item.get("word")
    speaker = speaker_of(item.get("speakerLabel") or item.get("speaker_label")) or ""
    if not speaker:
        speaker = speaker_of(item.get("speakerTag") or item.get("speaker_tag")) or ""
    confidence = confidence_of(item.get("confidence")) or None  # 0.0 says that there is none
    said = without_surrogates(text).strip() if isinstance(text, str) else ""
    return CueWord(said, _time(item, _STARTS), _time(item, _ENDS), confidence, speaker)


def _time(item: dict[str, object], names: tuple[str, ...]) -> float | None:
    """Returns a time: `1.400s`, or an object with seconds and nanos."""
    value = next((item[name] for name in names if item.get(name) is not None), None)
    if not isinstance(value, dict):
        return seconds_of(value)
    return (seconds_of(value.get("seconds", 0)) or 0.0) + (seconds_of(value.get("nanos", 0)) or 0.0) / 1e9


DIALECT = Dialect(
    "Google Speech-to-Text", 'is JSON whose "results" have "alternatives" with a "transcript"', _recognises, _read
)

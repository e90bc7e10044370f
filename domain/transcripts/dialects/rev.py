"""Reads the transcripts of Rev and Rev.ai: monologues of words and of the punctuation between them."""

from domain.transcripts.cues import Cue, CueWord, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import at, confidence_of, objects_at, seconds_of, speaker_of
from domain.transcripts.source import Source, without_surrogates
from domain.transcripts.spoken_words import attach, sentences


def _path(document: object) -> tuple[str, ...]:
    """Returns the place of the monologues; the results of a stream are objects of JSON Lines."""
    return () if isinstance(document, list) else ("monologues",)


def _recognises(source: Source) -> bool:
    document = source.document
    return any(isinstance(item.get("elements"), list) for item in objects_at(document, *_path(document))[:20])


def _read(source: Source) -> Reading:
    document = source.document
    source.items_path = _path(document)
    names = {speaker_of(each.get("id")): speaker_of(each.get("name")) for each in objects_at(document, "speakers")}
    cues: list[Cue] = []
    for index, monologue in enumerate(objects_at(document, *_path(document))):
        if monologue.get("type") == "partial":
            continue
        label = speaker_of(monologue.get("speaker")) or ""
        named = at(monologue, "speaker_info", "display_name")
        speaker = (speaker_of(named) if named else names.get(label)) or label
        for cue in sentences(_words(monologue), f"monologues[{index}]"):
            cue.speaker, cue.item = speaker, index
            cues.append(cue)
    return Reading(cues)


def _words(monologue: dict[str, object]) -> list[CueWord]:
    """Returns the words, each with the punctuation that follows it."""
    words: list[CueWord] = []
    for element in objects_at(monologue, "elements"):
        value = element.get("value")
        if not isinstance(value, str) or not value:
            continue
        if element.get("type") != "punct":
            start, end = seconds_of(element.get("ts")), seconds_of(element.get("end_ts"))
            words.append(CueWord(without_surrogates(value), start, end, confidence_of(element.get("confidence"))))
        elif value.strip() and not attach(words, without_surrogates(value.rstrip())):
            words.append(CueWord(without_surrogates(value.strip())))
    return words


DIALECT = Dialect("Rev", 'is JSON whose "monologues" have "elements"', _recognises, _read)

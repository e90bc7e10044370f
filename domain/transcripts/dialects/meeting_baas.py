"""Reads the transcripts of Meeting BaaS: turns of a speaker, each a list of words."""

from domain.transcripts.cues import Cue, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import Fields, Path, objects_at, path_text, speaker_of, words_of
from domain.transcripts.source import Source
from domain.transcripts.spoken_words import cues_of_turn

_PATHS: tuple[Path, ...] = (
    ("bot_data", "transcripts"),
    ("data", "transcript"),
    ("data", "transcripts"),
    ("transcripts",),
    ("transcript",),
    (),
)
_FIELDS = Fields()


def _path(document: object) -> Path | None:
    return next((path for path in _PATHS if any(map(_is_turn, objects_at(document, *path)[:20]))), None)


def _is_turn(item: dict[str, object]) -> bool:
    """Returns whether the object has a speaker and words with times, and no text of its own."""
    words = objects_at(item, "words")
    is_timed = any({*_FIELDS.start} & word.keys() for word in words[:3])
    return "speaker" in item and is_timed and not {"text", "transcript", "start_timestamp"} & item.keys()


def _read(source: Source) -> Reading:
    path = _path(source.document)
    assert path is not None  # as the dialect recognised the file
    source.items_path = path
    cues: list[Cue] = []
    for index, turn in enumerate(objects_at(source.document, *path)):
        words, _ = words_of(objects_at(turn, "words"), _FIELDS)
        for cue in cues_of_turn(words, speaker_of(turn.get("speaker")) or "", f"{path_text(path)}[{index}]"):
            cue.item = index
            cues.append(cue)
    return Reading(cues)


DIALECT = Dialect(
    "Meeting BaaS",
    'is JSON with turns that have a "speaker" and "words"',
    lambda source: _path(source.document) is not None,
    _read,
)

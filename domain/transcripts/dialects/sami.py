"""Reads SAMI (SMI), the captions of Windows Media: `<SYNC Start=1000><P Class=ENCC>text`, with times in milliseconds."""

import re

from domain.transcripts.captions import Caption, cues_of
from domain.transcripts.cues import NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_SYNC = re.compile(r"<sync\b([^<>]*+)>", re.IGNORECASE)
_START = re.compile(r"\bstart[ \t]*=[ \t]*[\"']?(-?[0-9]{1,12})\b", re.IGNORECASE)
_PARAGRAPH = re.compile(r"<p\b([^<>]*+)>", re.IGNORECASE)
_CLASS = re.compile(r"\bclass[ \t]*=[ \t]*[\"']?([\w-]+)", re.IGNORECASE)
_BREAK = re.compile(r"<br[ \t]*+/?>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(?:[^-]++|-(?!->))*+(?:-->|$)")
_TAG = re.compile(r"</?[a-z][^<>]*+>", re.IGNORECASE)
_TITLE = re.compile(r"<title>([^<]*+)", re.IGNORECASE)


def _read(source: Source) -> Reading:
    """Returns the captions, each until the next one; one without words only ends the one before.

    Of several languages, each a class, only the first one is read, with a note.
    """
    text = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), source.text)
    marks = list(_SYNC.finditer(text))
    check_size(len(marks))
    captions: list[Caption] = []
    language: str | None = None
    line, counted = 1, 0
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(text)
        line, counted = line + text.count("\n", counted, mark.start()), mark.start()
        start = _START.search(mark[1])
        if start is None:
            raise NotATranscript(f"line {line:,} has a time that cannot be read (<SYNC Start=1000>): {quoted(mark[0])}")
        begins = int(start[1]) / 1000
        _, *pieces = _PARAGRAPH.split(text[mark.end() : end])
        said = [(found[1].upper() if (found := _CLASS.search(head)) else "", body) for head, body in _pairs(pieces)]
        if not pieces:
            said = [("", text[mark.end() : end])]
        if language is None:
            language = said[0][0]
        if captions and any(name == language for name, _ in said):
            captions[-1] = captions[-1]._replace(end=begins)
        if any(name != language and _shown(body) for name, body in said):
            source.notes.add(line, "has another language, too, which is left out")
        words = "\n".join(shown for name, body in said if name == language and (shown := _shown(body)))
        if any(name == language for name, _ in said):
            captions.append(Caption(len(captions) + 1, line, begins, begins, "", words))
    title = _TITLE.search(text)
    return Reading(cues_of(captions, source.notes), " ".join(title[1].split()) if title else "")


def _pairs(pieces: list[str]) -> list[tuple[str, str]]:
    return list(zip(pieces[0::2], pieces[1::2], strict=True))


def _shown(body: str) -> str:
    """Returns the text of a paragraph as a payload: without tags, with its references, and with a line for each `<br>`."""
    lines = _BREAK.sub("\n", " ".join(body.split())).replace("&nbsp;", " ")
    return "\n".join(line for each in _TAG.sub("", lines).split("\n") if (line := each.strip()))


DIALECT = Dialect(
    "SAMI",
    "begins with <SAMI>",
    lambda source: source.first[:5].lower() == "<sami",
    _read,
    ("smi", "sami"),
    has_units=True,
)

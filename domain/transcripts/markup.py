"""Reads the markup in the texts of cues: tags, voices, inline times and character references."""

import html
import re
from typing import NamedTuple

from domain.transcripts.cues import CueWord

VERBATIM = "\u2060"
"""WORD JOINER, which nobody sees. The SubRip writer puts it before a line that no label begins, and between a label and its
colon, where a reader could not tell; SubRip has no other way to say so."""

# Only the tags of WebVTT and SubRip are tags: `a <b and c> d` loses nothing. Every repetition is possessive and stops at the
# next `<`, so that a search takes linear time.
_CLASSES = r"(?:\.[^\s<>.]*+)*+"
_ANNOTATION = r"(?:[ \t]++[^<>\n]*+)?+"
TAG = re.compile(
    rf"<(?:/?(?:c|rt|ruby|(?i:[biu])){_CLASSES}[ \t]*+"
    rf"|/(?:v|lang|(?i:font)){_CLASSES}[ \t]*+"
    rf"|(?:v|lang|(?i:font)){_CLASSES}{_ANNOTATION}"
    r"|(?:[0-9]{1,10}:)?[0-9]{2}:[0-9]{2}\.[0-9]{3}"
    r")>"
)
BREAK = re.compile(r"<br[ \t]*+/?>", re.IGNORECASE)
OVERRIDE = re.compile(r"\{\\[^{}\n]*+\}")
"""An override tag of Advanced SubStation Alpha, such as `{\\an8}`, which many SubRip files have."""
_VOICE = re.compile(rf"<v{_CLASSES}(?:[ \t]++([^<>\n]*+))?+>|</v{_CLASSES}[ \t]*+>")
_DASH_AT_END = re.compile(r"\n[-\u2013\u2014][ \t]*$")
_INLINE_TIME = re.compile(r"<((?:[0-9]{1,10}:)?[0-9]{2}:[0-9]{2}\.[0-9]{3})>")
# html.unescape passes the number to int(), which raises ValueError for one of this length.
_ENDLESS_REFERENCE = re.compile(r"&#[0-9]{600,}+;?")


class Voice(NamedTuple):
    """A part of a cue's text and the name of its voice, which is empty for text that stands in none."""

    name: str
    payload: str
    text: str
    """The payload without its tags, but with its character references."""


def unescape(marked: str) -> str:
    """Returns the text with its character references resolved, as HTML and WebVTT define them. Never raises."""
    if "&" not in marked:
        return marked
    return html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", marked))


def without_tags(payload: str) -> str:
    """Returns the payload without its tags, with a line break for each `<br>`. Character references stay."""
    if "<" in payload:
        payload = TAG.sub("", BREAK.sub("\n", payload))
    if "{\\" in payload:
        payload = OVERRIDE.sub("", payload)
    return payload.strip()


def one_line(text: str) -> str:
    """Returns the text with spaces for its line breaks, and without surrounding white space."""
    return re.sub(r"\r\n|\r|\n", " ", text).strip()


def voices(payload: str) -> list[Voice]:
    """Returns the parts of a payload by voice, in its order; none if no voice is named.

    A part without letters and digits belongs to the part before it or, at the start, to none and is dropped if it is only a
    dash, as captions put before each speaker.
    """
    if "<v" not in payload:
        return []
    parts: list[tuple[str, list[str]]] = []
    name, start = "", 0
    for tag in _VOICE.finditer(payload):
        _add_voice(parts, name, payload[start : tag.start()])
        name = one_line(unescape(tag[1])) if tag[1] else ""
        start = tag.end()
    _add_voice(parts, name, payload[start:])
    if not any(name for name, _ in parts):
        return []
    return [Voice(name, payload := "".join(pieces), without_tags(payload)) for name, pieces in parts]


def _add_voice(parts: list[tuple[str, list[str]]], name: str, payload: str) -> None:
    payload = _DASH_AT_END.sub("", payload)
    text = without_tags(payload)
    if not text or (not name and not text.strip("-\u2013\u2014 \n")):
        return
    spoken = any(map(str.isalnum, text))
    if parts and (parts[-1][0] == name or not (name or spoken)):
        parts[-1][1].append(payload)
    else:
        parts.append((name, [payload]))


def has_inline_times(payload: str) -> bool:
    return "<" in payload and _INLINE_TIME.search(payload) is not None


def timed_words(payload: str, start: float, end: float) -> list[CueWord]:
    """Returns the words of a payload that has inline times (`so<00:00:01.200><c> be it</c>`), or no words.

    The text between two times is one word if it has no white space, or else its words share the time.
    """
    pieces = _INLINE_TIME.split(payload)
    if len(pieces) == 1:
        return []
    first = next((piece.rpartition("\n")[2] for piece in pieces[:1]), "")
    times = [start, *map(_inline_seconds, pieces[1::2]), end]
    texts = [first, *pieces[2::2]]
    return [
        CueWord(text, begin, max(begin, until))
        for piece, begin, until in zip(texts, times[:-1], times[1:], strict=True)
        for text in unescape(_inline_text(piece)).split()
    ]


def _inline_seconds(time: str) -> float:
    clock, _, fraction = time.partition(".")
    hours, minutes, whole = ("0", *clock.split(":"))[-3:]
    return float(f"{int(hours) * 3600 + int(minutes) * 60 + int(whole)}.{fraction}")


def _inline_text(piece: str) -> str:
    inner = piece[3:-4]
    return inner if piece.startswith("<c>") and piece.endswith("</c>") and "<" not in inner else without_tags(piece)

"""Reads the markup in the texts of cues: tags, voices, inline times and character references."""

import html
import re
from functools import lru_cache
from typing import NamedTuple

from domain.transcripts.cues import CueWord

VERBATIM = "\u2060"
"""WORD JOINER, which nobody sees. The writers put it before a text that repeats no other, and the SubRip writer before a line
that no label begins and between a label and its colon, where a reader could not tell; there is no other way to say so."""

NOBODY = "-"
"""The voice in which Rev puts a cue whose speaker has changed and is not known."""

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
_NAME_IN_VOICE = re.compile(r"<v>[ \t]*+([^<>:\n]{1,100}+):[ \t]*+</v>[ \t]*+")
_DASH_AT_END = re.compile(r"\n[-\u2013\u2014][ \t]*$")
_INLINE_TIME = re.compile(r"<((?:[0-9]{1,10}:)?[0-9]{2}:)([0-9]{2})\.([0-9]{3})>")
_USUAL_REFERENCES = {"&lt;": "<", "&gt;": ">", "&nbsp;": "\u00a0", "&quot;": '"', "&amp;": "&"}
"""References in the order in which they can be replaced one after the other: what `&amp;` gives is not read again."""
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
    usual = sum(map(marked.count, _USUAL_REFERENCES))
    if usual == marked.count("&"):  # a fifth of the time
        for reference, character in _USUAL_REFERENCES.items():
            marked = marked.replace(reference, character)
        return marked
    return html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", marked))


def without_tags(payload: str) -> str:
    """Returns the payload without its tags, with a line break for each `<br>`. Character references stay."""
    if "<" in payload:
        if "<b" in payload or "<B" in payload:
            payload = BREAK.sub("\n", payload)
        payload = TAG.sub("", payload)
    if "{\\" in payload:
        payload = OVERRIDE.sub("", payload)
    return payload.strip()


def with_named_voices(payload: str) -> str:
    """Returns the payload with each name that Daily puts into a voice of nobody (`<v>Dana Reyes:</v>`) as that of the voice."""
    return _NAME_IN_VOICE.sub(r"<v \1>", payload)


def one_line(text: str) -> str:
    """Returns the text with spaces for its line breaks, and without surrounding white space."""
    return re.sub(r"\r\n|\r|\n", " ", text).strip()


def voices(payload: str, shown: str) -> list[Voice]:
    """Returns the parts of a payload by voice, in its order; none if no voice is named. `shown` is it without its tags.

    A part without letters and digits belongs to the part before it or, at the start, to none and is dropped if it is only a
    dash, as captions put before each speaker.
    """
    if "<v" not in payload:
        return []
    first = _VOICE.match(payload)
    if first and first[1] and first[1].strip() != NOBODY and shown:
        words = payload[first.end() :].removesuffix("</v>")
        if "<v" not in words and "</v" not in words and (name := one_line(unescape(first[1]))):
            return [Voice(name, words, shown)]  # the usual case
    parts: list[tuple[str, list[str]]] = []
    name, start = "", 0
    for tag in _VOICE.finditer(payload):
        said = payload[start : tag.start()]
        _add_voice(parts, name, _DASH_AT_END.sub("", said) if tag[1] else said)
        name = one_line(unescape(tag[1])) if tag[1] and tag[1].strip() != NOBODY else ""
        start = tag.end()
    _add_voice(parts, name, payload[start:])
    if not any(name for name, _ in parts):
        return []
    return [Voice(name, payload := "".join(pieces), without_tags(payload)) for name, pieces in parts]


def _add_voice(parts: list[tuple[str, list[str]]], name: str, payload: str) -> None:
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
    if "<c>" in payload:
        payload = payload.replace("<c>", "").replace("</c>", "")
    before, *pieces = _INLINE_TIME.split(payload)
    if not pieces:
        return []
    times = [
        (_minutes(minutes) * 60_000 + int(whole) * 1000 + int(fraction)) / 1000
        for minutes, whole, fraction in zip(pieces[0::4], pieces[1::4], pieces[2::4], strict=True)
    ]
    words: list[CueWord] = []
    pieces = [before.rpartition("\n")[2], *pieces[3::4]]
    for marked, begin, until in zip(pieces, [start, *times], [*times, end], strict=True):
        text = without_tags(marked) if "<" in marked else marked
        last = until if until > begin else begin
        words += [CueWord(word, begin, last) for word in (unescape(text) if "&" in text else text).split()]
    return words


@lru_cache
def _minutes(clock: str) -> int:
    """Returns the minutes of a clock such as `01:02:` or `02:`."""
    hours, minutes = ("0", *clock[:-1].split(":"))[-2:]
    return int(hours) * 60 + int(minutes)

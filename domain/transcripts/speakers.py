"""Finds the speaker and the text in the payload of a cue.

A payload is the text of a cue as it stands in the file: with tags, character references (`&amp;`), and the speaker either
in a voice tag (`<v Alice>Hello`) or as a label (`Alice: Hello`).
"""

import html
import re
from collections.abc import Sequence

MAX_LABEL_CHARS = 100
"""The length limit of a label in a file that labels nearly every cue."""
MAX_NAME_CHARS = 60
MAX_NAME_WORDS = 5
"""The limits of a label that looks like a name: in other files no other label is accepted."""

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
_VOICE = re.compile(rf"<v{_CLASSES}[ \t]++([^<>\n]*+)>")
_COLON = re.compile(r":(?=\s)")
# html.unescape passes the number to int(), which raises ValueError for one of this length.
_ENDLESS_REFERENCE = re.compile(r"&#[0-9]{600,}+;?")
_ABBREVIATION = re.compile(
    r"(?:\w\.)+|(?:Dr|Mr|Mrs|Ms|Mx|Prof|St|Sr|Jr|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Gov|Sen|Rep|Pres)\."
)


def spoken(payloads: Sequence[str]) -> list[tuple[str, str]]:
    """Returns the speaker (empty if none is named) and the text of each cue of a file, which are in the order of the file.

    The first voice of a cue is its speaker, and a cue with a voice is never searched for a label. If at least 80 % of the
    other cues begin with a label, every label is a speaker, or else only a label that looks like a name. Both parts are
    without tags and surrounding white space, and their character references are resolved. The text may be empty.
    """
    voices = [_voice(payload) for payload in payloads]
    marked = [TAG.sub("", payload).strip() for payload in payloads]
    texts = [unescape(text).strip() for text in marked]
    labels = [None if voice else _label(text) for voice, text in zip(voices, marked, strict=True)]
    unvoiced = sum(1 for voice, text in zip(voices, texts, strict=True) if text and not voice)
    labelled = sum(1 for label in labels if label)
    all_labelled = labelled * 5 >= unvoiced * 4
    return [
        label if label and (all_labelled or _looks_like_name(label[0])) else (voice, text)
        for voice, text, label in zip(voices, texts, labels, strict=True)
    ]


def unescape(marked: str) -> str:
    """Returns the text with its character references resolved, as HTML and WebVTT define them. Never raises."""
    return html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", marked))


def hide_labels(marked: str) -> str:
    """Returns a payload that shows the same text without a label for `spoken`: colons that could end a label are escaped."""
    first, line_break, rest = marked.partition("\n")
    return re.sub(r":(?=\s|$)", "&#58;", first) + line_break + rest


def one_line(text: str) -> str:
    """Returns the text with spaces for its line breaks, and without surrounding white space."""
    return re.sub(r"\r\n|\r|\n", " ", text).strip()


def _voice(payload: str) -> str:
    return next((name for found in _VOICE.finditer(payload) if (name := one_line(unescape(found[1])))), "")


def _label(marked: str) -> tuple[str, str] | None:
    """Returns the label and the words after it, or None.

    The payload is without tags, but with its character references: an escaped colon does not end a label.
    """
    colon = _COLON.search(marked)
    if not colon:
        return None
    before = unescape(marked[: colon.start()])
    label, text = before.strip(), unescape(marked[colon.end() :]).strip()
    if not text or not 1 <= len(label) <= MAX_LABEL_CHARS or "\n" in before or "\r" in before:
        return None
    return label, text


def _looks_like_name(label: str) -> bool:
    words = label.split()
    if len(label) > MAX_NAME_CHARS or len(words) > MAX_NAME_WORDS or not any(map(str.isalpha, label)):
        return False
    if any(word[-1] in ".?!" and not _ABBREVIATION.fullmatch(word) for word in words[:-1]):
        return False  # the end of a sentence, and the start of another
    return len(words) == 1 or all(word[0].isupper() or word[0].isdigit() or word[0] == "(" for word in words)

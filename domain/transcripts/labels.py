"""Finds the speakers that captions name by labels: `Alice: Hello`, `[SPEAKER_00]: Hello`, `佐藤：はい`.

Most files with labels have one in every cue, or one wherever the speaker changes. Most files without speakers have a few
lines that begin in the same way: `Warning: do not delete`. So a label counts or not by what the whole file shows.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from domain.transcripts.cues import Notes, quoted
from domain.transcripts.headings import ENUMERATIONS, HEADINGS, PARTICLES
from domain.transcripts.markup import VERBATIM, unescape

MAX_LABEL_CHARS = 100
"""The length limit of a label in a file that labels nearly every cue."""
MAX_NAME_CHARS = 60
MAX_NAME_WORDS = 5
"""The limits of a label that looks like a name: in other files no other label is accepted."""

_TELLING_PAIRS = 8
"""The number of pairs of cues that both name a speaker, after which it is no chance that the two always differ."""
_MAX_MARKED_LABEL_CHARS = 2_000
"""The length limit of a label with its character references."""
_COLON = re.compile(r":(?=\s|\*)|[\uff1a\ufe55]")
_BRACKETED = re.compile(
    r"[-\u2013\u2014>\s]*+(?:\[([^\[\]\n]{1,100})\]|\u3010([^\u3010\u3011\n]{1,100})\u3011)"
    r"\s*+(:(?=\s|$)|\uff1a)?+"
)
_COLONS = (":", "\uff1a")
_NUMBERED_START = re.compile(r"((?:speaker|spk)[ _-]?[0-9]{1,3})[ \t\n]+(?=[^\s:])", re.IGNORECASE)
_IN_OTHER_BRACKETS = re.compile(r"(?:\(([^()\n]{1,40})\)|<([^<>\n]{1,40})>|\{([^{}\n]{1,40})\})\s*+:?+\s*+")
_NAME_LINE = re.compile(r"(?:^-[ \t]*\n(?:[ \t]*\n)*)?^\(([^()\n]{1,60})\)[ \t]*\n", re.MULTILINE)
"""Matches a line that has only a name in parentheses, and the dash that captions put above it."""
_LEAD = re.compile(r"(?:[-\u2013\u2014]\s++|(?:>|&gt;){2,}+\s*+)?+")
_CHANGE = re.compile(r"(?:>|&gt;){2}")
"""Matches the mark of captions for another speaker, whether or not a name follows."""
_DASHES = "-\u2013\u2014"
_CLOCK_TIME = re.compile(r"[0-9]:[0-9]{2}")
_ABBREVIATION = re.compile(
    r"(?:\w\.)+|(?:Dr|Mr|Mrs|Ms|Mx|Prof|St|Sr|Jr|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Gov|Sen|Rep|Pres)\."
)
_NUMBERED_SPEAKER = re.compile(
    r"(?:speaker|spk|sprecher(?:in)?|locuteur|intervenant|hablante|orador|falante|participant|channel)[ _-]?[0-9a-z]{1,3}"
    r"|(?:спикер|говорящий|участник|спікер|мовець|mówca|spreker|talare|taler|puhuja|konuşmacı)[ _]?[\u2116#]?[0-9]{1,3}"
    r"|(?:话者|說話人|说话人|発言者|話者|화자)[ _]?[0-9a-z]{1,3}",
    re.IGNORECASE,
)


class LabelledText(NamedTuple):
    """A text without markup and the speaker that a label or a voice names for it; empty if none does."""

    speaker: str
    text: str


class _Label(NamedTuple):
    name: str
    text: str
    is_certain: bool
    """Tells whether the form alone says that this is a speaker."""


class _Labels:
    """Decides which labels of a file name speakers."""

    def __init__(self, labels: Sequence[_Label | None], worded: Sequence[bool]) -> None:
        found = [label for label in labels if label]
        counts = Counter(label.name for label in found)
        headings = {name for name in counts if _is_heading(name)}
        likely = [label for label in found if label.is_certain or label.name not in headings]
        # Headings that come again and again in a file of labels only (`Question:`, `Answer:`) stand for speakers after all.
        recur = 2 * len(counts) <= len(found) and len(likely) * 2 < len(found)
        self.nearly_all = len(found if recur else likely) * 5 >= sum(worded) * 4
        first = next((label for label, is_worded in zip(labels, worded, strict=True) if is_worded), None)
        first_is_named = first is not None and (first.is_certain or may_be_name(first.name))
        self.speakers = {label.name for label in found if label.is_certain} | {
            name
            for name, count in counts.items()
            if (self.nearly_all and (recur or name not in headings))
            or ((first_is_named or count > 1) and may_be_name(name))
        }

    def accepts(self, label: _Label | None) -> bool:
        return label is not None and (label.is_certain or label.name in self.speakers)

    def accepts_inside(self, label: _Label | None, *, has_dash: bool) -> bool:
        """Returns whether a label of a later line of a cue names a second speaker. A dash stands before each of several."""
        if label is None or label.is_certain or label.name in self.speakers:
            return label is not None
        return bool(self.speakers) and (has_dash or len(label.name.split()) > 1) and may_be_name(label.name)


def labelled_texts(payloads: Sequence[str], lines: Sequence[int | None], notes: Notes) -> list[list[LabelledText]]:
    """Returns the texts of each cue of a file with their speakers; several if a cue has several speakers.

    The payloads are in the order of the file and without tags, but with their character references: an escaped colon ends no
    label. Where a file names a speaker only when the speaker changes, or in a cue alone, the name goes on until the next one,
    with a note.
    """
    payloads = _with_names_in_lines(_with_colons(payloads))
    labels = [_label(payload) for payload in payloads]
    worded = [bool(payload) and not payload.startswith(VERBATIM) for payload in payloads]
    file = _Labels(labels, worded)
    payloads, silent = _without_names_only(payloads, file, lines, notes)
    if not file.speakers and not any(silent) and not any("\n" in payload for payload in payloads):
        return [[LabelledText("", _shown(payload))] if payload else [] for payload in payloads]
    first_labels = [label if file.accepts(label) else None for label in labels]
    goes_on = _names_changes_only(first_labels, [said and not name for said, name in zip(worded, silent, strict=True)])
    texts: list[list[LabelledText]] = []
    current, was_alone = "", False
    for payload, label, name, line in zip(payloads, first_labels, silent, lines, strict=True):
        was_alone = bool(name) or (was_alone and not label)
        unnamed = (goes_on or was_alone) and not label and bool(payload) and not payload.startswith(VERBATIM)
        unnamed = unnamed and not _CHANGE.match(payload)
        if unnamed and current:
            notes.add(line, "names no speaker: the one who was named last goes on")
        parts = _parts(payload, label, current if unnamed else "", file)
        if parts and parts[-1].speaker:
            current = parts[-1].speaker
        elif payload or name:
            current = name
        texts.append(parts)
    return texts


def hide_labels(marked: str) -> str:
    """Returns a payload that shows the same text, in which nothing is taken for a label: what would make it one is escaped."""
    if _NUMBERED_START.match(marked):
        marked = f"&#{ord(marked[0])};{marked[1:]}"
    if ":" in marked:
        marked = re.sub(r":(?=\s|\*|$)", "&#58;", marked)
    if not marked.isascii():
        marked = re.sub("[\uff1a\ufe55\u3010]", lambda found: f"&#{ord(found[0])};", marked)
    marked = re.sub(r"^[({]", lambda found: f"&#{ord(found[0])};", marked, flags=re.MULTILINE)
    return marked.replace("[", "&#91;")


def _with_names_in_lines(payloads: Sequence[str]) -> Sequence[str]:
    """Returns the payloads with a label in place of each line `(Name)`, if nearly all begin with one and names come again.

    In other files, what stands in parentheses is a sound.
    """
    found = [_NAME_LINE.match(payload) for payload in payloads]
    names = [match[1].strip() for match in found if match]
    worded = sum(map(bool, payloads))
    if not names or len(names) * 5 < worded * 4 or len(set(names)) == len(names) or not all(map(may_be_name, names)):
        return payloads
    return [_NAME_LINE.sub(lambda match: f"{match[1].strip()}: ", payload) for payload in payloads]


def _with_colons(payloads: Sequence[str]) -> Sequence[str]:
    """Returns the payloads with a colon behind each `Speaker 1`, if nearly all begin so, with two numbers, and none has one."""
    found = [_NUMBERED_START.match(payload) for payload in payloads]
    names = [match[1] for match in found if match]
    if len(set(names)) < 2 or len(names) * 5 < sum(map(bool, payloads)) * 4:
        return payloads
    return [
        f"{match[1]}: {payload[match.end() :]}" if match else payload
        for payload, match in zip(payloads, found, strict=True)
    ]


def _without_names_only(
    payloads: Sequence[str], file: _Labels, lines: Sequence[int | None], notes: Notes
) -> tuple[Sequence[str], Sequence[str]]:
    """Returns the payloads without those that are only a label (`Dana Reyes:`), and the names of these.

    Zoom writes so where nothing was understood. In a file of labels, a name of several words is one, too, that says nothing
    anywhere; this is noted.
    """
    names: list[str] = []
    for payload, line in zip(payloads, lines, strict=True):
        name = unescape(payload[:-1]).strip() if payload[-1:] in _COLONS and len(payload) <= MAX_LABEL_CHARS else ""
        if name not in file.speakers and not is_numbered_speaker(name):
            is_new = bool(name) and file.nearly_all and bool(file.speakers) and " " in name and may_be_name(name)
            if is_new:
                notes.add(line, "has only the name of a speaker, and is left out", f": {quoted(payload)}")
            name = name if is_new else ""
        names.append(name)
    if not any(names):
        return payloads, names
    return ["" if name else payload for payload, name in zip(payloads, names, strict=True)], names


def is_numbered_speaker(name: str) -> bool:
    """Returns whether the name says itself that it is a speaker's, such as `SPEAKER_00`."""
    return _NUMBERED_SPEAKER.fullmatch(name) is not None


def _names_changes_only(labels: Sequence[_Label | None], worded: Sequence[bool]) -> bool:
    """Returns whether the file names a speaker only where the speaker changes.

    Such a file names at least two, and never the same one in two cues that follow each other; and a name comes after cues
    that name nobody. In a short file this could be chance, so a fourth of its cues must name nobody.
    """
    names = [label.name if label else "" for label, is_worded in zip(labels, worded, strict=True) if is_worded]
    while names and not names[-1]:
        names.pop()
    if "" not in names or len(set(names)) < 3:
        return False
    pairs = [name == after for name, after in pairwise(names) if name and after]
    return not any(pairs) and (len(pairs) >= _TELLING_PAIRS or names.count("") * 4 >= len(names))


def _parts(payload: str, label: _Label | None, speaker: str, file: _Labels) -> list[LabelledText]:
    """Returns the texts of a cue, whose first line has this label, or else belongs to this speaker."""
    if not payload:
        return []
    if label:
        speaker, payload = label.name, label.text
    if "\n" not in payload or not (file.speakers):
        return [LabelledText(speaker, _shown(payload))]
    parts: list[LabelledText] = []
    said: list[str] = []
    for index, line in enumerate(payload.split("\n")):
        inside = _label(line) if index else None
        if inside and file.accepts_inside(inside, has_dash=line[0] in _DASHES):
            parts.append(LabelledText(speaker, _shown("\n".join(said))))
            speaker, said = inside.name, [inside.text]
        elif index and speaker and _CHANGE.match(line):
            parts.append(LabelledText(speaker, _shown("\n".join(said))))
            speaker, said = "", [line]
        else:
            said.append(line)
    parts.append(LabelledText(speaker, _shown("\n".join(said))))
    return [part for part in parts if part.text]


def _shown(marked: str) -> str:
    if VERBATIM in marked:
        marked = re.sub(f"^{VERBATIM}", "", marked, flags=re.MULTILINE)
    return unescape(marked).strip()


def _label(marked: str) -> _Label | None:
    """Returns the label at the start of a payload and the words after it, or None."""
    if not marked or marked[0] == VERBATIM:
        return None
    first = marked[0]
    if first in "[\u3010->\u2013\u2014" and (bracketed := _BRACKETED.match(marked)):
        name, text = unescape(bracketed[1] or bracketed[2]).strip(), marked[bracketed.end() :].strip()
        certain = is_numbered_speaker(name)
        if name and text and (bracketed[3] or bracketed[2] or certain):
            return _Label(name, text, certain)
        return None
    if first in "(<{" and (enclosed := _IN_OTHER_BRACKETS.match(marked)):
        name, text = (enclosed[1] or enclosed[2] or enclosed[3]).strip(), marked[enclosed.end() :].strip()
        if text and is_numbered_speaker(name):
            return _Label(name, text, is_certain=True)
    colon = _COLON.search(marked, 0, _MAX_MARKED_LABEL_CHARS)
    if not colon or colon.end() == len(marked):
        return None
    if marked[colon.start() - 1] == VERBATIM:
        return _Label(unescape(marked[: colon.start() - 1]), marked[colon.end() :].strip(), is_certain=True)
    lead = _LEAD.match(marked)
    before = unescape(marked[lead.end() if lead else 0 : colon.start()])
    name, text = before.strip().strip("*").strip(), marked[colon.end() :].strip().removeprefix("**").strip()
    if len(name) > 2 and name[0] + name[-1] in ("()", "\uff08\uff09"):
        name = name[1:-1].strip()
    if not text or not 1 <= len(name) <= MAX_LABEL_CHARS or "\n" in before or "\r" in before:
        return None
    if _CLOCK_TIME.search(name) or "://" in name:
        return None
    return _Label(name, text, is_certain=is_numbered_speaker(name))


def _is_heading(name: str) -> bool:
    """Returns whether the label heads a statement (`Warning`, `Step 2`, `Action Items`) rather than names somebody."""
    words = name.lower().split()
    if len(words) > 1 and words[0] in ENUMERATIONS:
        return len(words) == 2
    named = [word for word in words if any(map(str.isalpha, word))]
    return bool(named) and all(word.strip("#.()") in HEADINGS for word in named)


def may_be_name(name: str) -> bool:
    """Returns whether the words look like somebody's name, and do not head a statement."""
    return _looks_like_name(name) and not _is_heading(name)


def _looks_like_name(label: str) -> bool:
    words = label.split()
    if len(label) > MAX_NAME_CHARS or len(words) > MAX_NAME_WORDS or not any(map(str.isalpha, label)):
        return False
    if any(word[-1] in ".?!" and not _ABBREVIATION.fullmatch(word) for word in words[:-1]):
        return False  # the end of a sentence, and the start of another
    if len(words) == 1:
        return not any(mark in label for mark in '\u3002\uff0c\u3001\uff01\uff1f,;!?"')
    # Many scripts have no capitals: their letters are neither lower nor upper case.
    return all(
        (not word[0].islower() and (word[0].isalnum() or word[0] in "(#\u2116")) or word in PARTICLES for word in words
    )

"""Reads plain text with times: headers with a speaker's name (Teams, Otter, Rev), or a time at the start of each line or
paragraph (Google Meet, our own export as text, Whisper's output on a terminal).

A file is written in one of these ways throughout. A cue that has no end of its own ends where the next one begins.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from domain.transcripts.clocks import CLOCK, seconds
from domain.transcripts.cues import Cue, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.labels import labelled_texts, may_be_name
from domain.transcripts.source import Source

_CLOCK = (
    r"(?:[0-9]{1,3}:)?[0-9]{1,3}:[0-9]{2}(?:[.,][0-9]{1,3})?"
    r"(?:[ \t\u00a0\u202f]?(?:[AP]M\b|[ap]\.m\.|[ap]m(?=[\])])))?"
)
_SPELLED = (
    r"(?:[0-9]{1,3} hours?,? )?(?:[0-9]{1,2} minutes? [0-9]{1,2} seconds?|(?<=[rs] )[0-9]{1,2} (?:minute|second)s?)"
)
"""Matches a time as Teams has it read to the blind: `1 hour 2 minutes 3 seconds`. One unit alone is said by people, too."""
_MARK = "[-\u2013\u2014|\u00b7\u2022]"
"""Stands between a name and a time."""
_BRACKETED = rf"[\[(]?(?P<start>{_CLOCK})(?:[ \t]*+(?:-->|-)[ \t]*+(?P<end>{_CLOCK}))?[\])]?"
_NAME = r"(?P<name>[^\s\[(:][^\n:]{0,79}?)"
_FORMS = (
    # White space is taken as a whole, never to be tried again in parts: so a line takes linear time.
    re.compile(rf"[ \t]*+{_BRACKETED}[ \t]*+"),  # 00:05:00
    re.compile(rf"{_NAME}(?:[ \t]++(?:{_MARK}[ \t]*+)?+|,[ \t]++)\(?{_BRACKETED}\)?:?[ \t]*+"),  # Dana Reyes   0:03
    re.compile(rf"\[(?P<name>[^\[\]\n:]{{1,80}})\][ \t]++(?P<start>{_CLOCK})[ \t]*+"),  # [Dana Reyes] 10:00:03
    # Speaker 1: (00:03)
    re.compile(rf"{_NAME}:[ \t]*+[\[(](?P<start>{_CLOCK})[\])](?:[ \t]*+|[ \t]++(?P<text>\S.*))"),
    # Speaker 1    00:00:03    So
    re.compile(rf"{_NAME}(?: [ \t]++|\t[ \t]*+)(?P<start>{_CLOCK})(?: [ \t]++|\t[ \t]*+)(?P<text>\S.*)"),
    re.compile(rf"[ \t]*+(?P<start>{_SPELLED})[ \t]*+"),
    re.compile(rf"{_NAME}[ \t]++(?P<start>{_SPELLED})[ \t]*+"),  # Dana Reyes 0 minutes 3 seconds
    re.compile(rf"{_NAME}[ \t]*+[\[(](?P<start>{_CLOCK})[\])][ \t]*+:[ \t]*+(?P<text>\S.*)"),  # Dana Reyes (0:03): So
    # [00:00:03] Dana Reyes: So
    re.compile(rf"[ \t]*+@?{_BRACKETED}(?:[ \t]*+(?P<mark>{_MARK})[ \t]++|[ \t]++)(?P<text>\S.*)"),
)
_SPELLED_FORMS = _FORMS[5:7]
_TIMES_ALONE = (_FORMS[0], _SPELLED_FORMS[0])
_SPELLED_TWICE = re.compile(rf"{_SPELLED}[0-9:]{{4,9}}")
"""Matches the time that Teams writes above its header where a transcript is copied from its page."""
_ITEM = re.compile(r"^[-*+][ \t]++(?=\*\*|[\[(]?[0-9]{1,3}:[0-9]{2})")
_BOLD = re.compile(r"[ \t]*+\*\*([^*\n]{1,100})\*\*")
_DATE = re.compile(
    r"(?:.*[^0-9])?[0-9]{1,2}(?:st|nd|rd|th|\.)?[ ,/.-](?:.*[^0-9])?(?:19|20)[0-9]{2}|[0-9]{4}[-/.][0-9-/.]{3,6}"
)
"""Matches a date: what stands before the time of a meeting is no name."""
_OWN_PARAGRAPH = re.compile(r"\[[0-9]{2,3}:[0-9]{2}:[0-9]{2}\] \S")
"""Matches a paragraph of our own export as text, above whose first one the title stands."""
_MAX_NAME_CHARS = 80
_SET_APART = re.compile(rf"(?:[ \t]{{2}}|\t|[\[(]){_CLOCK}|^[\[(]|[0-9]:[0-9]{{2}}:[0-9]{{2}}")
"""Tells a time that stands apart from the words before it, so that one is enough."""
_HALF_DAY_SECONDS = 12 * 3600
_FIRST_LINES = 30
"""The number of lines, of those that are not blank, among which the first time of a file stands."""
_LINES_OF_PROGRAMS = re.compile(
    r"Transcribed by https?://\S+|(?:Meeting|Transcription) ended after .*|This editable transcript was computer generated.*"
    r"|Attendees|Transcript|.{1,80} (?:started|stopped) transcription",
    re.IGNORECASE,
)


class _Paragraph(NamedTuple):
    """A paragraph: its first line, its times, the name in its header, and its lines."""

    line: int
    start: float
    end: float | None
    name: str
    lines: list[str]
    has_mark: bool
    """Tells whether a dash or the like stands between the time and the text."""


def _lines(source: Source, first: int = 0, last: int | None = None) -> list[str]:
    """Returns the lines, of which none begins with a part in bold type or, before that or a time, as a list (of Markdown)."""
    lines = (_ITEM.sub("", line) if line[:1] in "-*+" else line for line in source.lines[first:last])
    return [_BOLD.sub(r"\1", line, count=1) if "**" in line[:9] else line for line in lines]


def _header(form: re.Pattern[str], line: str) -> re.Match[str] | None:
    """Returns the match of a line that is of this form, and of which the time is not that of a date."""
    found = form.fullmatch(line) if len(line) <= 20_000 else None
    if found and "name" in form.groupindex and _DATE.fullmatch(found["name"]):
        return None
    return found


def _form(source: Source) -> re.Pattern[str] | None:
    """Returns the form of the first line that has a time, if it comes again or begins the file with a text after it."""
    written = [line for line in _lines(source, source.first_line, source.first_line + 200) if line.strip()]
    for index, line in enumerate(written[:_FIRST_LINES]):
        for form in _FORMS:
            if _header(form, line):
                others = sum(1 for other in written[index + 1 :] if _header(form, other))
                has_text = len(written) > 1 or "text" in form.groupindex
                begins = index == 0 or (index == 1 and _OWN_PARAGRAPH.match(line))
                if others or (begins and has_text and _SET_APART.search(line)):
                    return form
    return None


def _read(source: Source) -> Reading:
    form = _form(source)
    assert form  # as the dialect recognised the file
    paragraphs, strays = _paragraphs(source, form)
    if form in _TIMES_ALONE and (names := _names_above(source, paragraphs)):
        paragraphs = [
            paragraph._replace(name=name, lines=paragraph.lines[: -1 if index < len(names) - 1 else None])
            for index, (paragraph, name) in enumerate(zip(paragraphs, names, strict=True))
        ]
        strays = [number for number in strays if number != paragraphs[0].line - 1]
        texts = [(paragraph, paragraph.name, "\n".join(paragraph.lines)) for paragraph in paragraphs]
    elif "name" in form.groupindex:
        texts = [(paragraph, paragraph.name, "\n".join(paragraph.lines)) for paragraph in paragraphs]
    elif "text" in form.groupindex and _begin_with_names(paragraphs):
        texts = [
            (paragraph, paragraph.lines[0].rstrip(":").strip(), "\n".join(paragraph.lines[1:]))
            for paragraph in paragraphs
        ]
    else:
        # With a time alone above them, each line is a speech of its own.
        has_text = "text" in form.groupindex
        pieces = [
            (paragraph, piece)
            for paragraph in paragraphs
            for piece in (["\n".join(paragraph.lines)] if has_text else paragraph.lines)
        ]
        labelled = labelled_texts(
            [piece for _, piece in pieces], [paragraph.line for paragraph, _ in pieces], source.notes
        )
        texts = [
            (paragraph, speaker, text)
            for (paragraph, _), parts in zip(pieces, labelled, strict=True)
            for speaker, text in parts
        ]
    title = ""
    if len(strays) == 1 and _is_title(source, strays[0], paragraphs[0]):
        title = source.lines[strays.pop() - 1].strip()
    for number in strays:
        source.notes.add(number, "belongs to no cue, and is left out", f": {quoted(source.lines[number - 1])}")
    cues = [
        Cue(text, paragraph.start, paragraph.end, name, paragraph.line, place=f"line {paragraph.line:,}")
        for paragraph, name, text in texts
        if text
    ]
    return Reading(cues, title, has_ends=False)


def _is_title(source: Source, number: int, first: _Paragraph) -> bool:
    """Returns whether the line of this number is a title as our own export has it: with a blank line below."""
    is_above = number == first.line - 2 and not source.lines[number].strip()
    return is_above and _OWN_PARAGRAPH.match(source.lines[first.line - 1]) is not None


def _begin_with_names(paragraphs: Sequence[_Paragraph]) -> bool:
    """Returns whether a name stands behind each time, and what was said below it: `0:03 - Dana Reyes`.

    Without a mark between them, some names must come again, or all have several words: else these may be the first words.
    """
    names = [paragraph.lines[0].rstrip(":").strip() for paragraph in paragraphs]
    are_names = all(len(paragraph.lines) > 1 for paragraph in paragraphs) and all(map(may_be_name, names))
    have_marks = all(paragraph.has_mark for paragraph in paragraphs)
    return are_names and (have_marks or len(set(names)) * 2 <= len(names) or all(" " in name for name in names))


def _names_above(source: Source, paragraphs: list[_Paragraph]) -> list[str]:
    """Returns the lines right above the times if they are names: each stands apart from what was said before."""
    names: list[str] = []
    for paragraph in paragraphs:
        above, before = paragraph.line - 2, paragraph.line - 3
        name = source.lines[above].strip() if above >= source.first_line else ""
        if not name or len(name) > _MAX_NAME_CHARS or ":" in name or (before >= 0 and source.lines[before].strip()):
            return []
        names.append(name)
    return names


def _paragraphs(source: Source, form: re.Pattern[str]) -> tuple[list[_Paragraph], list[int]]:
    """Returns the paragraphs, and the numbers of the lines that belong to none."""
    paragraphs: list[_Paragraph] = []
    strays: list[int] = []
    lines = _lines(source)
    is_spelled = form in _SPELLED_FORMS
    for number, line in enumerate(lines, 1):
        if is_spelled and _SPELLED_TWICE.fullmatch(line.strip()):
            following = _header(form, lines[number]) if number < len(lines) else None
            if following and paragraphs and paragraphs[-1].lines[-1:] == [following["name"]]:
                paragraphs[-1].lines.pop()
            continue
        header = _header(form, line) if ":" in line or is_spelled else None
        if header and (start := _seconds(header["start"])) is not None:
            groups = header.groupdict()
            end = _seconds(groups["end"]) if groups.get("end") else None
            text = (groups.get("text") or "").strip()
            name = " ".join((groups.get("name") or "").split())
            check_size(len(paragraphs))
            paragraphs.append(
                _Paragraph(number, start, end, name, [text] if text else [], has_mark=bool(groups.get("mark")))
            )
        elif line.strip():
            if not paragraphs or _LINES_OF_PROGRAMS.fullmatch(line.strip()):
                strays.append(number)
            else:
                paragraphs[-1].lines.append(line.strip())
    return paragraphs, strays


def _seconds(clock: str) -> float | None:
    """Returns the seconds of a time such as `1:02`, or those since midnight of a time of day such as `1:02 PM`; or None."""
    if clock.endswith(("s", "d", "e")):
        units = {name[0]: int(count) for count, name in re.findall(r"([0-9]+) (\w)", clock)}
        return float(units.get("h", 0) * 3600 + units.get("m", 0) * 60 + units.get("s", 0))
    time = clock.rstrip("AaPpMm.\u00a0\u202f \t")
    half = clock[len(time) :].strip()[:1].upper()
    if half and time.count(":") == 1:
        time += ":00"
    found = CLOCK.fullmatch(time)
    if not found:
        return None
    if not half:
        return seconds(found)
    return seconds(found) % _HALF_DAY_SECONDS + (_HALF_DAY_SECONDS if half == "P" else 0)


DIALECT = Dialect(
    "Plain text",
    'has headers such as "Dana Reyes   0:03", or lines such as "[00:00:03] Dana Reyes: Hello"',
    lambda source: _form(source) is not None,
    _read,
    ("txt", "text", "md"),
    generality=3,
    has_units=True,
)

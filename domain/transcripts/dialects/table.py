"""Reads tables (CSV, TSV) whose first row names the columns, as Otter, Fireflies, Grain, Descript and others export them."""

import csv
import re
from collections.abc import Iterator, Sequence

from domain.transcripts.captions import as_payload
from domain.transcripts.clocks import frame_rate
from domain.transcripts.cues import Cue, NotATranscript, Reading, check_size, quoted
from domain.transcripts.dialect import Dialect
from domain.transcripts.json_segments import confidence_of, seconds_of
from domain.transcripts.labels import LabelledText, labelled_texts
from domain.transcripts.source import Source

_DIVIDERS = ",;\t|"
_NAMES = {
    "text": "text|transcript|sentence|content|utterance|transcription|speech|caption|dialogue|words|body|spoken text"
    "|texte|texto|testo|transkript",
    "speaker": "speaker|speaker name|speaker label|name|participant|participant name|user name|who|speaker id"
    "|sprecher|sprecherin|intervenant|locuteur|orador|hablante|falante|parlante|spreker",
    "start": "start|start time|timestamp|time|begin|begin time|from|in|time in|in point|timecode|timecode in|start timecode"
    "|beginn|anfang|début|inicio|início|inizio",
    "end": "end|end time|to|out|time out|out point|timecode out|end timecode|stop|stop time|finish|ende|fin|fim|fine",
    "duration": "duration|length",
    "confidence": "confidence",
}
"""The names of the columns that are read, in lower case; the first that is there counts."""
_UNIT = re.compile(r"(.*?)[ (]*\b(milliseconds|millis|ms|seconds|secs|sec|s|hh:mm:ss(?:[.,:]\w+)?|mm:ss)\)?")
_DECIMAL_COMMA = re.compile(r"[0-9]{1,9},[0-9]{1,9}")
_FRAMES = re.compile(r"([0-9]{1,3}):([0-9]{2}):([0-9]{2})[:;]([0-9]{2})")


class _Columns:
    """The columns of a table by what they hold."""

    def __init__(self, header: Sequence[str]) -> None:
        self._columns: dict[str, int] = {}
        self.in_milliseconds = False
        names, units = [], []
        for name in header:
            plain = re.sub(r"([a-z])([A-Z])", r"\1 \2", name.strip().removeprefix("\ufeff")).lower().replace("_", " ")
            unit = _UNIT.fullmatch(plain)
            names.append(" ".join((unit[1] if unit and unit[1].strip() else plain).split()))
            units.append(unit[2] if unit else "")
        for kind, known in _NAMES.items():
            for name in known.split("|"):
                if name in names and names.index(name) not in self._columns.values():
                    self._columns[kind] = names.index(name)
                    break
        start = self._columns.get("start")
        self.in_milliseconds = start is not None and units[start] in ("milliseconds", "millis", "ms")
        self.are_named = {"text", "start"} <= self._columns.keys()
        self.unread = [
            name
            for name in header
            if "speaker" not in self
            and re.search("speaker|participant|sprecher|interven|locut|orador|hablante|falante", name, re.I)
        ]

    def __contains__(self, kind: str) -> bool:
        return kind in self._columns

    def of(self, row: Sequence[str], kind: str) -> str:
        """Returns the value of a column, without surrounding white space; empty if the table has no such column."""
        return row[self._columns[kind]].strip() if kind in self._columns else ""


def _divider(line: str) -> str | None:
    """Returns the character that divides the columns of a header, or None if this is none with a text and a start."""
    for divider in sorted(_DIVIDERS, key=line.count, reverse=True):
        if divider in line and _Columns(next(csv.reader([line], delimiter=divider), [])).are_named:
            return divider
    return None


def _header(source: Source) -> tuple[int, str | None]:
    """Returns the index of the line with the names of the columns, and what divides them. Excel writes `sep=;` above it."""
    index = source.first_line
    if re.fullmatch(r'"?sep=.?"?', source.first, re.IGNORECASE) and index + 1 < len(source.lines):
        index += 1
    line = source.lines[index]
    return index, _divider(line) if len(line) <= 2_000 else None


def _rows(source: Source, first: int, divider: str) -> Iterator[tuple[int, list[str]]]:
    """Yields each row that is not blank with the number of its first line. Raises NotATranscript."""
    lines = (f"{line}\n" for line in source.lines[first:])
    reader = csv.reader(lines, delimiter=divider, strict=True)
    before = first
    try:
        for row in reader:
            if any(map(str.strip, row)):
                yield before + 1, row
            before = first + reader.line_num
    except csv.Error as error:
        raise NotATranscript(f"line {before + 1:,} is no row of the table: {error}") from None


def _read(source: Source) -> Reading:
    first, divider = _header(source)
    assert divider  # as the dialect recognised the file
    rows: list[tuple[int, list[str]]] = []
    for each in _rows(source, first, divider):
        check_size(len(rows) - 1)
        rows.append(each)
    header = rows.pop(0)[1]
    columns = _Columns(header)
    for name in columns.unread:
        source.notes.add(first + 1, f"the column {name[:60]!r} is not read: it may name speakers")
    for line, row in rows:
        if len(row) < len(header) or any(map(str.strip, row[len(header) :])):
            raise NotATranscript(
                f"line {line:,} has {len(row):,} columns, and the header has {len(header):,}: {quoted(divider.join(row))}"
            )
    rows = [(line, row) for line, row in rows if columns.of(row, "text")]
    times = _Times(source, columns, rows)
    speakers = [[LabelledText(columns.of(row, "speaker"), columns.of(row, "text"))] for _, row in rows]
    if "speaker" not in columns:
        payloads = [as_payload(columns.of(row, "text"), "") for _, row in rows]
        speakers = labelled_texts(payloads, [line for line, _ in rows], source.notes)
    cues: list[Cue] = []
    for (line, row), parts in zip(rows, speakers, strict=True):
        start, end = times.of(row, line)
        for speaker, text in parts:
            cue = Cue(text, start, end, speaker, line, place=f"line {line:,}")
            cue.confidence = confidence_of(columns.of(row, "confidence"))
            cues.append(cue)
    return Reading(cues, has_ends=times.has_ends, in_milliseconds=columns.in_milliseconds)


class _Times:
    """Reads the times of the rows: clocks, numbers, and clocks that end with frames (`00:00:01:12`)."""

    def __init__(self, source: Source, columns: _Columns, rows: Sequence[tuple[int, list[str]]]) -> None:
        self._columns = columns
        self._seconds_per_unit = 0.001 if columns.in_milliseconds else 1.0
        self.has_ends = "end" in columns or "duration" in columns
        values = (columns.of(row, kind) for _, row in rows for kind in ("start", "end"))
        most = max((int(frames[4]) for value in values if (frames := _FRAMES.fullmatch(value))), default=None)
        if most is not None:
            self._frame_rate = frame_rate(most)
            source.notes.add(None, f"the times end with frames: read as {self._frame_rate} a second")

    def of(self, row: Sequence[str], line: int) -> tuple[float | None, float | None]:
        """Returns the start and the end in seconds; None where the row has none. Raises NotATranscript."""
        start, end = (self._seconds(self._columns.of(row, kind), line) for kind in ("start", "end"))
        if start is not None and end is None:
            duration = self._seconds(self._columns.of(row, "duration"), line)
            end = None if duration is None else start + duration
        return start, end

    def _seconds(self, value: str, line: int) -> float | None:
        if not value:
            return None
        if frames := _FRAMES.fullmatch(value):
            hours, minutes, whole, count = map(int, frames.groups())
            return hours * 3600 + minutes * 60 + whole + count / self._frame_rate
        time = seconds_of(value.replace(",", ".") if _DECIMAL_COMMA.fullmatch(value) else value, self._seconds_per_unit)
        if time is None:
            raise NotATranscript(
                f"line {line:,} has a time that cannot be read (00:00:01.5, or seconds): {quoted(value)}"
            )
        return time


DIALECT = Dialect(
    "Table",
    "has a first row with the names of the columns, such as Speaker,Start,End,Text",
    lambda source: _header(source)[1] is not None,
    _read,
    ("csv", "tsv"),
    generality=1,
)

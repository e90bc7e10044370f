"""Holds a transcript file as the dialects see it: its text, its lines, and the document if it is JSON."""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property

import orjson

from domain.transcripts.cues import Cue, NotATranscript, Notes, quoted


class _NotJson:
    """Stands for the document of a file that is not JSON."""


NOT_JSON = _NotJson()
FENCE = "```"
_JSON_START = re.compile(r'\{\s*(?:["}]|$)|\[\s*(?:[{\["\]]|$|-?[0-9.]+\s*(?:,|\](?![ \t]*\[)))')
_JSON_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|\n', re.DOTALL)
_WHITE_SPACE = re.compile(r"\s*+")
_JSON_LINES = ("jsonl", "ndjson")
"""The extensions of files of JSON Lines, which may have one line only."""
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass
class Source:
    """A transcript file, decoded. Lines end with `\\n` only, and count from 1."""

    text: str
    name: str
    """The name of the file, which may be empty: it decides only where the content does not."""
    notes: Notes = field(default_factory=Notes)
    item_lines: list[int] = field(default_factory=list)
    """The line of each item of the document, in a file of JSON Lines; otherwise empty."""
    items_path: tuple[str | int, ...] = ()
    """The place of the list of segments in the document."""

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def first_line(self) -> int:
        """The index of the first line that is not blank."""
        start = len(self.text) - len(self.text.lstrip())
        return self.text.count("\n", 0, start)

    @cached_property
    def first(self) -> str:
        """The first line that is not blank, without surrounding white space."""
        return self.text.lstrip()[:2_000].partition("\n")[0].strip()

    @property
    def extension(self) -> str:
        return self.name.lower().rpartition(".")[2] if "." in self.name else ""

    @property
    def looks_like_json(self) -> bool:
        return bool(_JSON_START.match(self.text.lstrip()[:2_000]))

    @cached_property
    def document(self) -> object:
        """The JSON document, or a list of those of a file of JSON Lines; `NOT_JSON` if the file is no JSON.

        Raises NotATranscript if the file looks like JSON and is invalid.
        """
        if not self.looks_like_json:
            return NOT_JSON
        try:
            document = orjson.loads(self.text)
        except orjson.JSONDecodeError as error:
            problem = str(error)
        else:
            is_line = self.extension in _JSON_LINES and isinstance(document, dict) and not _has_list(document)
            return self._json_lines() if is_line else document
        documents = self._json_lines() or self._following_documents()
        if documents is not None:
            return documents
        return self._lenient_json(problem)

    def note(self, cue: Cue, message: str, detail: str = "") -> None:
        """Adds a note on a cue. `detail` follows the cue's place."""
        line = cue.line if cue.item is None else self.line_of_item(cue.item)
        self.notes.add(line, message, f" ({cue.place}{detail})")

    def line_of_item(self, index: int) -> int | None:
        """Returns the line where an item of the list of segments begins, or None if it is not known."""
        return self._lines_of_items[index] if index < len(self._lines_of_items) else None

    @cached_property
    def _lines_of_items(self) -> list[int]:
        if not self.looks_like_json:
            return []
        if self.item_lines and not self.items_path:
            return self.item_lines
        return _lines_of_items(self.text, list(self.items_path))

    def _json_lines(self) -> list[object] | None:
        """Returns the documents of the lines, if each line that is not blank is an object or a list."""
        documents: list[object] = []
        numbers: list[int] = []
        repaired: list[int] = []
        for number, line in enumerate(self.lines, 1):
            if line.strip():
                try:
                    document = orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    document = _parse_leniently(line)
                    if document is NOT_JSON and not documents:
                        return None
                    if document is NOT_JSON:
                        raise NotATranscript(
                            f"line {number:,} is no valid JSON: {error.msg}, column {error.colno}"
                        ) from None
                    repaired.append(number)
                documents.append(document)
                numbers.append(number)
        if len(documents) < 2 and self.extension not in _JSON_LINES:
            return None
        for number in repaired:
            self.notes.add(number, "has NaN, Infinity or half a character, which JSON does not allow: read as null")
        self.item_lines = numbers
        return documents

    def _following_documents(self) -> list[object] | None:
        """Returns the objects of a text that is several, of any number of lines, as Vosk's tools print them; or None."""
        decoder, position, line = json.JSONDecoder(parse_float=_finite), 0, 1
        documents: list[object] = []
        numbers: list[int] = []
        while (found := _WHITE_SPACE.match(self.text, position)) and found.end() < len(self.text):
            line += found[0].count("\n")
            try:
                document, position = decoder.raw_decode(self.text, found.end())
            except (ValueError, RecursionError):
                return None
            if not isinstance(document, dict):
                return None
            documents.append(document)
            numbers.append(line)
            line += self.text.count("\n", found.end(), position)
        if len(documents) < 2:
            return None
        self.item_lines = numbers
        return documents

    def _lenient_json(self, problem: str) -> object:
        document = _parse_leniently(self.text)
        if document is NOT_JSON:
            raise NotATranscript(f"this is no valid JSON: {problem}") from None
        self.notes.add(None, "the JSON has NaN, Infinity or half a character, which JSON does not allow: read as null")
        return document


def _has_list(document: dict[str, object]) -> bool:
    """Returns whether the document has a list of objects, as one with all segments has."""
    return any(isinstance(value, list) and value and isinstance(value[0], dict) for value in document.values())


def _lines_of_items(text: str, path: list[str | int]) -> list[int]:
    """Returns the lines where the items of a list of a valid JSON text begin. Takes one pass over the text."""
    line, lines = 1, []
    keys: list[str | int] = []  # the place of the value that comes next
    last_string = ""
    for token in _JSON_TOKEN.finditer(text):
        kind = token[0]
        if kind == "\n":
            line += 1
        elif kind[0] == '"':
            last_string = kind
            line += kind.count("\n")
        elif kind in "{[":
            if keys[:-1] == path and isinstance(keys[-1] if keys else None, int):
                lines.append(line)
            keys.append(0 if kind == "[" else "")
        elif kind in "}]":
            keys.pop()
        elif kind == ":":
            keys[-1] = orjson.loads(last_string)
        elif isinstance(keys[-1], int):
            keys[-1] += 1
    return lines


def _parse_leniently(text: str) -> object:
    """Returns the document, in which NaN and Infinity may stand, as null, and halves of characters."""
    try:
        document = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return NOT_JSON
    return document


def _finite(number: str) -> float | None:
    value = float(number)
    return value if value - value == 0 else None


def without_surrogates(text: str) -> str:
    """Returns the text with U+FFFD in place of each half of a UTF-16 pair."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def without_fence(source: Source) -> list[str]:
    """Returns the lines without those that fence a block of code in Markdown, as language models write it."""
    lines = list(source.lines)
    for index in (source.first_line, *range(len(lines) - 1, max(len(lines) - 6, 0), -1)):
        if lines[index].startswith(FENCE):
            source.notes.add(index + 1, "belongs to no cue, and is left out", f": {quoted(lines[index])}")
            lines[index] = ""
    return lines

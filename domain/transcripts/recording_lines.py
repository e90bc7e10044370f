"""Reads the lines of NIST's formats, CTM and STM, which name the recording first and have comments behind `;;`."""

import re
from collections.abc import Iterator

from domain.transcripts.cues import NotATranscript, quoted
from domain.transcripts.source import Source


def is_comment(line: str) -> bool:
    """Returns whether a line says nothing: it is blank or a comment."""
    return not line.strip() or line.startswith(";;")


def recording_lines(source: Source, pattern: re.Pattern[str], expected: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Yields the number and the match of each line that is no comment. The first group is the name of the recording.

    `expected` says what a line is, with an example. Raises NotATranscript for a line that is not so, or of another recording.
    """
    recording = None
    for number, line in enumerate(source.lines, 1):
        if is_comment(line):
            continue
        found = pattern.fullmatch(line)
        if found is None:
            raise NotATranscript(f"line {number:,} cannot be read as {expected}: {quoted(line)}")
        if recording not in (None, found[1]):
            raise NotATranscript(f"line {number:,} is of another recording: import each in a file of its own")
        recording = found[1]
        yield number, found

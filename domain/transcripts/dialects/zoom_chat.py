"""Recognises the chat of a Zoom meeting, to refuse it: nobody said it, and it is often saved beside the transcript."""

import re

from domain.transcripts.cues import NotATranscript, Reading
from domain.transcripts.dialect import Dialect
from domain.transcripts.source import Source

_MESSAGE = re.compile(
    r"(?:[0-9-]+ )?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\s+From\s.{1,200}?(?:\sTo\s|\sto\s|:)|\t[^\t]{1,200}:\t)"
)


def _read(_: Source) -> Reading:
    raise NotATranscript("this is the chat of a meeting, which was written and not spoken: it is not imported")


DIALECT = Dialect("Zoom chat", "", lambda source: bool(_MESSAGE.match(source.first)), _read, ("txt",), has_units=True)

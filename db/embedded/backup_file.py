"""The file of a backup: SQL in gzip, which psql can load, too. Its first line is a comment that says what is in it."""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import BinaryIO, Self

import orjson

from db.embedded.dumps import CHUNK_BYTES
from domain.errors import RapporteurError

_HEADING = b"-- Rapporteur backup "
MAX_HEADING_BYTES = 64 * 1024
COMPRESSION_LEVEL = 6
"""The level of gzip, from 1 to 9; this is also what pg_dump takes by default."""


@dataclass(frozen=True)
class BackupHeading:
    """Says what is in a backup."""

    rapporteur: str
    """The version of Rapporteur that wrote it."""
    revision: str
    """The revision of the schema."""
    taken_at: str
    """The time as of which everything in it is, in ISO 8601."""
    rows: Mapping[str, int]
    """The number of rows of each table."""

    @classmethod
    def parse(cls, line: bytes, name: str) -> Self:
        """Raises RapporteurError for a line that is no heading of a backup. `name` is that of the file."""
        try:
            return cls(**orjson.loads(line.removeprefix(_HEADING)))
        except (ValueError, TypeError):
            raise RapporteurError(f"{name} is no backup that rapporteur backup has written") from None

    def line(self) -> bytes:
        return _HEADING + orjson.dumps(asdict(self)) + b"\n"


def write_backup(file: BinaryIO, heading: BackupHeading, dump: Iterable[bytes]) -> None:
    """Writes a backup. What the dump or the file raises comes through, and then what was written is of no use."""
    with gzip.GzipFile("", "wb", COMPRESSION_LEVEL, file, mtime=0) as packed:
        packed.write(heading.line())
        for chunk in dump:
            packed.write(chunk)


@contextmanager
def opened_backup(file: BinaryIO, name: str) -> Iterator[tuple[BackupHeading, Iterator[bytes]]]:
    """Gives the heading of a backup, and its SQL in parts. The last part comes only if the whole file is as it was written.

    `name` is that of the file, for errors. Raises RapporteurError if it is no backup, or damaged, also in place of an error in
    the block that comes from it: what damage makes of a dump may be no SQL.
    """
    with gzip.GzipFile(fileobj=file, mode="rb") as packed:
        try:
            line = packed.readline(MAX_HEADING_BYTES)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            line = b""
        except OSError as error:
            raise RapporteurError(f"{name} cannot be read: {error.strerror}") from None
        heading, parts = BackupHeading.parse(line, name), _parts(packed, name)
        try:
            yield heading, parts
        except RapporteurError:
            for _ in parts:
                pass
            raise


def _parts(packed: gzip.GzipFile, name: str) -> Iterator[bytes]:
    try:
        while part := packed.read(CHUNK_BYTES):
            yield part
    except EOFError:
        raise RapporteurError(f"{name} is cut short: its end is missing") from None
    except (zlib.error, gzip.BadGzipFile):
        raise RapporteurError(f"{name} is damaged: it is not as it was written") from None
    except OSError as error:
        raise RapporteurError(f"{name} cannot be read: {error.strerror}") from None

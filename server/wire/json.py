"""Reads and writes JSON."""

import json
from typing import Any

import orjson

MAX_VALUES = 250_000
"""The number of values that JSON of a client can have: each takes some 70 to 150 bytes, whatever few bytes it was sent as."""


class TooManyValues(ValueError):
    """The JSON has more than `MAX_VALUES` values."""

    def __init__(self) -> None:
        super().__init__(f"must have at most {MAX_VALUES:,} values")


def decode_json(data: str | bytes | bytearray) -> Any:
    """Returns the value of JSON in UTF-8.

    Raises ValueError, TooManyValues before anything is made of the values, and RecursionError for values nested too deeply.
    It also accepts what orjson refuses and Python reads (NaN, a lone surrogate): a later check then names the field.
    """
    if len(data) > MAX_VALUES:
        _check_value_count(data.encode(errors="replace") if isinstance(data, str) else data)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # Python would also take bytes in UTF-16 and UTF-32.
        return json.loads(data if isinstance(data, str) else data.decode())


def _check_value_count(data: bytes | bytearray) -> None:
    """Raises TooManyValues. It looks for what comes before a value, first in all of the text and then outside of strings."""
    if _openings(data) <= MAX_VALUES:
        return
    without_escapes = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    if without_escapes.count(b'"') > 4 * MAX_VALUES:  # two for each string, and a value has a key as well
        raise TooManyValues
    if _openings(b"".join(without_escapes.split(b'"')[::2])) > MAX_VALUES:
        raise TooManyValues


def _openings(data: bytes | bytearray) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def encode_json(data: object) -> bytes:
    """Returns JSON in UTF-8. A lone surrogate, which UTF-8 cannot hold and an error may quote, is written as an escape."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data).encode()

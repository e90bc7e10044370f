"""Reads and writes JSON."""

import json
from typing import Any

import orjson

from resolvers.worker_threads import run_in_worker

MAX_VALUES = 250_000
"""The number of values that JSON of a client can have: each takes some 70 to 150 bytes, whatever few bytes it was sent as."""


COUNTED_PART_BYTES = 256 * 1024
MAX_INLINE_BYTES = 256 * 1024
"""The size up to which JSON is read in the event loop, which takes some milliseconds."""


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


async def decode_client_json(data: str | bytes | bytearray) -> Any:
    """Returns what `decode_json` does. No other client waits for what is large."""
    return decode_json(data) if len(data) <= MAX_INLINE_BYTES else await run_in_worker(decode_json, data)


def _check_value_count(data: bytes | bytearray) -> None:
    """Raises TooManyValues. It counts what comes before a value outside of strings, in parts that take a millisecond."""
    count, start, is_in_string = 0, 0, False
    while start < len(data):
        end = start + COUNTED_PART_BYTES
        while data[end - 1 : end] == b"\\":  # an escape must not be cut in two
            end += 1
        part = bytes(data[start:end]).replace(b"\\\\", b"").replace(b'\\"', b"")
        texts = part.split(b'"')
        outside = b"".join(texts[is_in_string::2])
        count += outside.count(b",") + outside.count(b"[") + outside.count(b"{")
        if count > MAX_VALUES:
            raise TooManyValues
        is_in_string ^= len(texts) % 2 == 0
        start = end


def encode_json(data: object) -> bytes:
    """Returns JSON in UTF-8. A lone surrogate, which UTF-8 cannot hold and an error may quote, is written as an escape."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data, default=_encoded_before).encode()


def _encoded_before(value: object) -> object:
    """Returns the value of JSON that stands in the data as such."""
    if not isinstance(value, orjson.Fragment):
        raise TypeError(f"{type(value).__name__} is no JSON")
    return orjson.loads(orjson.dumps(value))

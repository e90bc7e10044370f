"""Reads and writes JSON."""

import json
from typing import Any

import orjson


def decode_json(data: str | bytes | bytearray) -> Any:
    """Returns the value of JSON in UTF-8. Raises ValueError, and RecursionError for values nested too deeply.

    It also accepts what orjson refuses and Python reads (NaN, a lone surrogate): a later check then names the field.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # Python would also take bytes in UTF-16 and UTF-32.
        return json.loads(data if isinstance(data, str) else data.decode())


def encode_json(data: object) -> bytes:
    """Returns JSON in UTF-8. A lone surrogate, which UTF-8 cannot hold and an error may quote, is written as an escape."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data).encode()

"""JSON in and out."""

import json
from typing import Any

import orjson


def decode_json(data: str | bytes | bytearray) -> Any:
    """JSON in UTF-8. What orjson refuses and Python reads (NaN, a lone surrogate) goes on: the error there names the field.

    Raises ValueError, and RecursionError for what is nested too deeply.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        # As text: of bytes Python would also take UTF-16 and UTF-32.
        return json.loads(data if isinstance(data, str) else data.decode())


def encode_json(data: object) -> bytes:
    """Bytes of JSON. An error that quotes a lone surrogate, which UTF-8 cannot hold, is written with escapes."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data).encode()

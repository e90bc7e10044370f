"""JSON in and out."""

import json
from typing import Any

import orjson


def decode_json(data: str | bytes) -> Any:
    """JSON. What orjson refuses and Python reads (NaN, a lone surrogate) goes on: the error there names the field.

    Raises ValueError, and RecursionError for what is nested too deeply.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)


def encode_json(data: object) -> bytes:
    """Bytes of JSON. An error that quotes a lone surrogate, which UTF-8 cannot hold, is written with escapes."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data).encode()

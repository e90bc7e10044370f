"""Cursors: opaque to clients, checked when they come back. A cursor says of which list it is, and where in it."""

import base64
import binascii
from typing import Any

import orjson

from domain.validation import Rule, Violation

MAX_CURSOR_CHARS = 4_500
"""Characters. The longest has a title of 500 characters, each six bytes in JSON (`\\u0001`), and base64 on top."""


def encode(kind: str, *key: str | float) -> str:
    """The cursor of the place `key` in lists of this kind."""
    return base64.urlsafe_b64encode(orjson.dumps([kind, *key])).decode().rstrip("=")


def cursor(kind: str, *key: Rule) -> Rule:
    """A rule: a cursor of this kind. Gives its key, each part through its own rule."""

    def check(value: Any) -> tuple[Any, ...]:
        try:
            found, *parts = _decode(value)
            if found == kind and len(parts) == len(key):
                return tuple(rule(part) for rule, part in zip(key, parts, strict=True))
        except (ValueError, TypeError):
            pass
        raise Violation("must be a cursor that this list has given, in the same order")

    return check


def _decode(value: Any) -> list[Any]:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_CURSOR_CHARS:
        raise ValueError
    try:
        decoded = orjson.loads(base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, orjson.JSONDecodeError) as error:
        raise ValueError from error
    if not isinstance(decoded, list) or not decoded:
        raise ValueError
    return decoded

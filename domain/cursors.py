"""Cursors: opaque texts for clients, which are checked when they come back.

A cursor is a JSON list in base64. It names the list that it belongs to, and the key of a place in that list. Each list
declares its `CursorFormat` beside the entity that it is a list of.
"""

import base64
import binascii
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar, get_type_hints

import orjson

from domain.rules import Rule, Violation
from domain.validation import declaration_of

MAX_CURSOR_CHARS = 4_500
"""The longest cursor has a title of 500 characters, each of which takes six bytes in JSON (`\\u0001`), and base64 on top."""

Key = tuple[Any, ...]
K = TypeVar("K", bound=Key)


class CursorFormat(Generic[K]):
    """The cursors of one list. It is the rule that accepts them, and returns the key."""

    def __init__(self, list_name: str, key: Callable[..., K]) -> None:
        """`key` is a NamedTuple whose fields declare their rules."""
        self._list_name = list_name
        self._key = key

    def encode(self, *key: str | float) -> str:
        """Returns the cursor of the place with this key."""
        return base64.urlsafe_b64encode(orjson.dumps([self._list_name, *key])).decode().rstrip("=")

    def __call__(self, value: object) -> K:
        try:
            list_name, *parts = _decoded(value)
            if list_name == self._list_name:
                rules = _rules(self._key)
                return self._key(*(rule(part) for rule, part in zip(rules, parts, strict=True)))
        except (ValueError, TypeError):
            pass
        raise Violation("must be a cursor that this list has given, in the same order")


@cache
def _rules(key: Callable[..., Key]) -> list[Rule[object]]:
    declarations = map(declaration_of, get_type_hints(key, include_extras=True).values())
    return [declaration.rule for declaration in declarations if declaration.rule is not None]


def _decoded(value: object) -> list[object]:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_CURSOR_CHARS:
        raise ValueError
    try:
        decoded = orjson.loads(base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, orjson.JSONDecodeError) as error:
        raise ValueError from error
    if not isinstance(decoded, list) or not decoded:
        raise ValueError
    return decoded

"""Encodes the result of an executed operation as the body of a GraphQL response."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

from graphql import GraphQLError

from domain.errors import AnswerTooLarge
from schema.errors import with_code
from server.wire.json import encode_json

MAX_PART_CHARS = 256 * 1024
"""The size, about, of what is encoded at once of a large result."""
LEAF_CHARS = 10
"""The size, about, of a value that is no text."""
SLICE_SECONDS = 0.01
"""The time after which the encoding of a large result lets others go on."""


def encode_result(data: Any, errors: list[GraphQLError] | None, extensions: dict[str, Any] | None) -> bytes:
    """Returns the JSON of a result; `errors` and `extensions` are left out where there are none."""
    return encode_json(_response(data, errors, extensions))


async def encode_large_result(
    data: Any, errors: list[GraphQLError] | None, extensions: dict[str, Any] | None, max_bytes: int
) -> bytes:
    """Returns the JSON of a result as `encode_result` does, in slices between which others go on. Raises AnswerTooLarge."""
    return await encode_large(_response(data, errors, extensions), max_bytes)


async def encode_large(value: Any, max_bytes: int) -> bytes:
    """Returns the JSON of a value, in slices between which others go on. Raises AnswerTooLarge."""
    parts: list[bytes] = []
    size = 0
    next_pause = time.perf_counter() + SLICE_SECONDS
    for part in _parts(value):
        parts.append(part)
        size += len(part)
        if size > max_bytes:
            raise AnswerTooLarge(max_bytes)
        if time.perf_counter() > next_pause:
            await asyncio.sleep(0)
            next_pause = time.perf_counter() + SLICE_SECONDS
    return b"".join(parts)


def _response(data: Any, errors: list[GraphQLError] | None, extensions: dict[str, Any] | None) -> dict[str, Any]:
    response = {"data": data}
    if errors:
        response["errors"] = [with_code(error).formatted for error in errors]
    if extensions:
        response["extensions"] = extensions
    return response


def _parts(value: Any) -> Iterator[bytes]:
    """Yields the JSON of a value in parts. Neighbours in a list that are small are one part."""
    if type(value) is dict:
        opening = b"{"
        for key, item in value.items():
            yield opening + encode_json(key) + b":"
            yield from _parts(item)
            opening = b","
        yield b"}" if value else b"{}"
    elif type(value) is list:
        opening, group, chars = b"[", [], 0
        for item in value:
            item_chars = _flat_chars(item)
            if item_chars is not None:
                group.append(item)
                chars += item_chars
                if chars < MAX_PART_CHARS:
                    continue
            if group:
                yield opening + encode_json(group)[1:-1]
                opening, group, chars = b",", [], 0
            if item_chars is None:
                yield opening
                yield from _parts(item)
                opening = b","
        if group:
            yield opening + encode_json(group)[1:-1]
        yield b"]" if value else b"[]"
    else:
        yield encode_json(value)


def _flat_chars(item: Any) -> int | None:
    """Returns the characters, about, of a leaf or of an object that has only leaves; None for anything else."""
    if type(item) is str:
        return len(item)
    if type(item) is list:
        return None
    if type(item) is not dict:
        return LEAF_CHARS
    chars = 0
    for value in item.values():
        kind = type(value)
        if kind is str:
            chars += len(value)
        elif kind is dict or kind is list:
            return None
        chars += LEAF_CHARS
    return chars

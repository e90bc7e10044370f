"""Encodes the result of an executed operation as the body of a GraphQL response."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

from graphql import GraphQLError

from domain.errors import AnswerTooLarge
from schema.errors import with_code
from server.wire.json import encode_json

MAX_PART_BYTES = 256 * 1024
"""The size of a part of a large result after which the next one begins with a single item again."""
MAX_PART_LEAVES = 500
"""The leaves that are encoded at once, about: each of them may be larger than all before it."""
SLICE_SECONDS = 0.01
"""The time after which the encoding of a large result lets others go on."""


def encode_result(data: Any, errors: Sequence[GraphQLError] | None, extensions: dict[str, Any] | None) -> bytes:
    """Returns the JSON of a result; `errors` and `extensions` are left out where there are none."""
    return encode_json(_response(data, errors, extensions))


async def encode_large_result(
    data: Any, errors: Sequence[GraphQLError] | None, extensions: dict[str, Any] | None, max_bytes: int
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


def _response(data: Any, errors: Sequence[GraphQLError] | None, extensions: dict[str, Any] | None) -> dict[str, Any]:
    response = {"data": data}
    if errors:
        response["errors"] = [with_code(error).formatted for error in errors]
    if extensions:
        response["extensions"] = extensions
    return response


def _parts(value: Any) -> Iterator[bytes]:
    """Yields the JSON of a value in parts. Neighbours in a list are one part, as many as the parts before let expect."""
    if type(value) is dict:
        opening = b"{"
        for key, item in value.items():
            yield opening + encode_json(key) + b":"
            yield from _parts(item)
            opening = b","
        yield b"}" if value else b"{}"
    elif type(value) is list:
        opening, start, length = b"[", 0, 1
        while start < len(value):
            leaves = _leaf_count(value[start])
            if leaves > MAX_PART_LEAVES:
                yield opening
                yield from _parts(value[start])
                start += 1
            else:
                length = min(length, MAX_PART_LEAVES // leaves)
                part = encode_json(value[start : start + length])
                yield opening + part[1:-1]
                start += length
                length = 2 * length if len(part) < MAX_PART_BYTES else 1
            opening = b","
        yield b"]" if value else b"[]"
    else:
        yield encode_json(value)


def _leaf_count(value: Any) -> int:
    """Returns how many leaves a value has, if the items of each list are like its first one; at least 1."""
    if type(value) is dict:
        return sum(map(_leaf_count, value.values())) or 1
    return len(value) * _leaf_count(value[0]) if type(value) is list and value else 1

"""Encodes the result of an executed operation as the body of a GraphQL response.

A large body stays in parts of bounded size until it is sent: to join them would take the event loop long, and the memory twice.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import orjson
from graphql import GraphQLError

from domain.errors import AnswerTooLarge
from resolvers.operation_budget import OperationBudget
from schema.errors import with_code
from server.wire.json import encode_json

Body: TypeAlias = Sequence[bytes]
"""The parts of a body."""
MAX_PART_BYTES = 256 * 1024
"""The size from which on a part of a body is whole, and after which the next items of a list are encoded one by one again."""
MAX_PART_LEAVES = 500
"""The leaves that are encoded at once, about: each of them may be larger than all before it."""
CHARS_PER_LEAF = 512
"""The length of texts that count as one leaf."""
MAX_TEXT_CHARS = MAX_PART_LEAVES * CHARS_PER_LEAF
"""The length of the parts in which a longer text is encoded."""
SLICE_SECONDS = 0.005
"""The time after which the encoding of a large result lets others go on."""
MAX_BYTES_WITHOUT_TURN = 1024 * 1024
"""The size from which on a result is encoded in turn with other large work (see `resolvers.operation_budget`)."""


def encode_result(data: object, errors: Sequence[GraphQLError] | None, extensions: dict[str, object] | None) -> bytes:
    """Returns the JSON of a result; `errors` and `extensions` are left out where there are none."""
    return encode_json(_response(data, errors, extensions))


async def encode_large_result(
    data: object, errors: Sequence[GraphQLError] | None, extensions: dict[str, object] | None, budget: OperationBudget
) -> Body:
    """Returns the JSON of a result as `encode_result` does, in slices between which others go on. Raises AnswerTooLarge."""
    return await encode_large(_response(data, errors, extensions), budget)


async def encode_large(value: object, budget: OperationBudget) -> Body:
    """Returns the JSON of a value, in slices between which others go on. Raises AnswerTooLarge."""
    body: list[bytes] = []
    part: list[bytes] = []
    part_size = body_size = 0
    next_pause = time.perf_counter() + SLICE_SECONDS
    for piece in _pieces(value):
        part.append(piece)
        part_size += len(piece)
        if part_size >= MAX_PART_BYTES:
            body.append(b"".join(part))
            body_size += part_size
            part, part_size = [], 0
            if body_size > MAX_BYTES_WITHOUT_TURN:
                await budget.wait_for_turn()
        if budget.max_answer_bytes is not None and body_size + part_size > budget.max_answer_bytes:
            raise AnswerTooLarge(budget.max_answer_bytes)
        if time.perf_counter() > next_pause:
            await asyncio.sleep(0)
            next_pause = time.perf_counter() + SLICE_SECONDS
    return [*body, b"".join(part)]


def size_of(body: Body) -> int:
    """Returns the bytes of a body."""
    return sum(map(len, body))


def _response(
    data: object, errors: Sequence[GraphQLError] | None, extensions: dict[str, object] | None
) -> dict[str, object]:
    response = {"data": data}
    if errors:
        response["errors"] = [with_code(error).formatted for error in errors]
    if extensions:
        response["extensions"] = extensions
    return response


def _pieces(value: object) -> Iterator[bytes]:
    """Yields the JSON of a value in pieces. Neighbours in a list are one piece, as many as the pieces before let expect."""
    if type(value) is dict:
        opening = b"{"
        for key, item in value.items():
            yield opening + encode_json(key) + b":"
            yield from _pieces(item)
            opening = b","
        yield b"}" if value else b"{}"
    elif type(value) is list:
        opening, start, length = b"[", 0, 1
        while start < len(value):
            leaves = _leaf_count(value[start])
            if leaves > MAX_PART_LEAVES:
                yield opening
                yield from _pieces(value[start])
                start += 1
            else:
                length = min(length, MAX_PART_LEAVES // leaves)
                piece = encode_json(value[start : start + length])
                yield opening + piece[1:-1]
                start += length
                length = 2 * length if len(piece) < MAX_PART_BYTES else 1
            opening = b","
        yield b"]" if value else b"[]"
    elif type(value) is str and len(value) > MAX_TEXT_CHARS:
        yield b'"'
        for start in range(0, len(value), MAX_TEXT_CHARS):
            yield encode_json(value[start : start + MAX_TEXT_CHARS])[1:-1]
        yield b'"'
    else:
        encoded = encode_json(value)
        for start in range(0, len(encoded), MAX_PART_BYTES):
            yield encoded[start : start + MAX_PART_BYTES]


def _leaf_count(value: object) -> int:
    """Returns how many leaves a value has, if the items of each list are like its first one; at least 1."""
    if type(value) is str:
        return 1 + len(value) // CHARS_PER_LEAF
    if type(value) is dict:
        return sum(map(_leaf_count, value.values())) or 1
    if type(value) is list and value:
        return len(value) * _leaf_count(value[0])
    return MAX_PART_LEAVES + 1 if type(value) is orjson.Fragment else 1  # one is encoded already, and may be large

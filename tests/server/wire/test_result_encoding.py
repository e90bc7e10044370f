"""Tests the encoding of large results in slices."""

import asyncio
import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import AnswerTooLarge
from resolvers.operation_budget import OperationBudget, Turns
from server.wire.result_encoding import (
    MAX_BYTES_WITHOUT_TURN,
    MAX_PART_BYTES,
    MAX_PART_LEAVES,
    MAX_TEXT_CHARS,
    encode_large_result,
    encode_result,
    size_of,
)

FRAGMENTS = st.sampled_from((orjson.Fragment(b"[]"), orjson.Fragment('[{"a":"🙂"}]')))
"""Lists that are encoded before (`executor.column_encoding`)."""
LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3)
OBJECTS = st.dictionaries(st.sampled_from("abc"), LEAVES)
VALUES = st.recursive(
    LEAVES | FRAGMENTS | st.lists(OBJECTS | LEAVES, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=10,
)


def encoded(data: object, max_bytes: int = 100_000_000) -> bytes:
    return b"".join(asyncio.run(encode_large_result(data, None, None, OperationBudget(max_bytes))))


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from("abc"), VALUES))
def test_a_large_result_is_encoded_as_a_small_one_is(data: dict[str, object]) -> None:
    assert encoded(data) == encode_result(data, None, None)


@pytest.mark.parametrize("length", [1, 2, 3, MAX_PART_LEAVES, 3 * MAX_PART_LEAVES])
def test_lists_of_more_than_one_part_are_whole(length: int) -> None:
    data = {"nodes": [{"number": number, "text": str(number)} for number in range(length)], "last": list(range(length))}
    assert orjson.loads(encoded(data)) == {"data": data}


def test_long_texts_are_whole() -> None:
    data = [{"text": "x" * (MAX_PART_BYTES // 3)}] * 10 + [{"text": "x" * 2 * MAX_PART_BYTES, "number": 1}]
    assert orjson.loads(encoded(data)) == {"data": data}


@pytest.mark.parametrize("text", ["x", '"', "é", "🙂", "\ud800"])
def test_a_longer_text_is_encoded_in_parts(text: str) -> None:
    data = {"transcript": text * (MAX_TEXT_CHARS + 1), "other": [text * (2 * MAX_TEXT_CHARS)]}
    assert json.loads(encoded(data)) == {"data": data}


def test_what_is_encoded_already_is_cut_into_parts() -> None:
    nodes = [{"text": "x" * 1_000}] * 2_000
    data = [{"nodes": orjson.Fragment(orjson.dumps(nodes))}] * 2
    body = asyncio.run(encode_large_result(data, None, None, OperationBudget()))
    assert all(len(part) <= 3 * MAX_PART_BYTES for part in body)
    assert orjson.loads(b"".join(body)) == {"data": [{"nodes": nodes}] * 2}


def test_what_is_encoded_already_may_stand_beside_a_lone_surrogate() -> None:
    assert json.loads(encode_result({"a": "\ud800", "b": orjson.Fragment(b"[1]")}, None, None)) == {
        "data": {"a": "\ud800", "b": [1]}
    }


def test_what_is_large_is_encoded_in_turn() -> None:
    async def takes_turn(data: object) -> bool:
        of_principal = asyncio.Semaphore(1)
        budget = OperationBudget(turns=Turns(), of_principal=of_principal)
        await encode_large_result(data, None, None, budget)
        taken = of_principal.locked()
        budget.end()
        assert not of_principal.locked()
        return taken

    assert not asyncio.run(takes_turn(["x" * (MAX_BYTES_WITHOUT_TURN // 2)]))
    assert asyncio.run(takes_turn(["x" * MAX_BYTES_WITHOUT_TURN] * 2))


def test_the_parts_of_a_large_body_are_bounded() -> None:
    data = {"a": [{"text": "x" * 1_000, "number": number} for number in range(5_000)], "b": "x" * 5_000_000}
    body = asyncio.run(encode_large_result(data, None, None, OperationBudget()))
    assert all(len(part) <= 3 * MAX_PART_BYTES for part in body)
    assert len(body) < 3 * size_of(body) / MAX_PART_BYTES


def test_an_object_among_others_may_have_more_fields_than_they_have() -> None:
    data = [{"a": 1}, {str(number): number for number in range(2 * MAX_PART_LEAVES)}, {"a": {"b": [None]}}, None]
    assert orjson.loads(encoded(data)) == {"data": data}


def test_a_result_that_is_too_large_is_an_error() -> None:
    with pytest.raises(AnswerTooLarge):
        encoded([{"text": "x" * 1_000}] * 2_000, max_bytes=1_000_000)

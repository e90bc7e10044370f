"""Checks that no object is made of rows whose columns are encoded. The tests of differences check the answers."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from graphql import GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString
from hypothesis import given
from hypothesis import strategies as st

from db import row_mapping
from executor import object_rows
from executor.column_encoding import MAX_ENCODED_CHARS, Leaf, ListEncoder
from tests.harness.executor.examples import FAST
from tests.harness.executor.generated_values import copied, sample, some_rows, sound, sound_rows
from tests.harness.executor.object_tables import COLUMNS, Rows, Table

SELECTED = (
    *("count", "share", "final", "name", "nick", "key", "at", "even", "colour", "__typename", "again: name"),
    *("voice { name again: name room { name } }", "voice { pitch __typename }"),
)
LISTS = st.builds(Table, sound_rows, is_proved=st.booleans()).flatmap(
    lambda table: st.lists(st.sampled_from([Rows(Table([]), 0, 0), None]) | some_rows(table), min_size=1, max_size=4)
)


class EncodedRows(Rows):
    """A list whose objects are never made."""

    def __iter__(self) -> Any:
        raise AssertionError("an object is made")


def encoded(rows: Rows | None) -> EncodedRows | None:
    return None if rows is None else EncodedRows(rows.table, rows.start, rows.length)


async def answered(selected: Sequence[str], lists: Sequence[Any]) -> bytes:
    """The data for things with these lists of samples, once the executor has planned what is selected."""
    document = f"{{ nodes {{ samples {{ {' '.join(selected)} }} }} }}"
    planned = Rows(Table([sample(0)]), 0, 1)
    for given_lists in ([planned], lists):
        things = sound(*["node"] * len(given_lists))
        for thing, samples in zip(things, given_lists, strict=True):
            thing.leaves["samples"] = samples
        result = await FAST.execute(document, context_value=copied(things))
        assert result.errors is None
    return orjson.dumps(result.data)


@given(LISTS, st.lists(st.sampled_from(SELECTED), min_size=1, unique=True))
async def test_the_bytes_are_those_of_objects(lists: list[Rows | None], selected: list[str]) -> None:
    objects = [None if each is None else list(each) for each in lists]
    assert await answered(selected, list(map(encoded, lists))) == await answered(selected, objects)


async def test_ids_may_be_texts_in_one_table_and_values_in_another() -> None:
    lists = [Rows(Table([sample(1)], is_proved=is_proved), 0, 1) for is_proved in (True, False)]
    assert await answered(["key"], list(map(encoded, lists))) == await answered(["key"], list(map(list, lists)))


@pytest.mark.parametrize("is_proved", [True, False])
async def test_texts_may_look_like_the_encoded_separator(is_proved: bool) -> None:
    rows: list[Any] = [(*sample(0)[:3], name, *sample(0)[4:]) for name in ("\\u001f", "a")]
    lists = [Rows(Table(rows, is_proved=is_proved), 0, 2)]
    assert await answered(["name"], list(map(encoded, lists))) == await answered(["name"], list(map(list, lists)))


@pytest.mark.parametrize("column", ["name", "nick"])  # one text, and texts with a null
async def test_long_texts_are_encoded_later_little_by_little(column: str) -> None:
    long = dict(zip(COLUMNS, sample(0), strict=True)) | {column: "a" * (MAX_ENCODED_CHARS + 1)}
    with pytest.raises(AssertionError, match="an object is made"):
        await answered([column], [EncodedRows(Table([tuple(long.values()), sample(1)]), 0, 2)])


def test_proved_values_are_not_coerced_again() -> None:
    def refuse(values: list[object]) -> list[object]:
        raise AssertionError(f"{values} are coerced")

    date_time = FAST._schema.type_map["DateTime"]
    types: Any = [GraphQLInt, GraphQLFloat, GraphQLBoolean, GraphQLString, GraphQLID, GraphQLID, date_time]
    columns = ("count", "share", "final", "name", "key", "voice.name", "at")
    rows: Any = Rows(Table([sample(0), sample(1)], columns), 0, 2)
    parts = [b"[", *(part for n, type_ in enumerate(types) for part in (Leaf(n, type_, refuse), b",")), b"0]"]
    (found,) = ListEncoder(parts).encode([rows])
    assert len(orjson.loads(orjson.dumps(found))) == 2


def test_values_of_lists_with_rows_in_common_are_coerced_once() -> None:
    coerced: list[object] = []

    def complete(values: list[object]) -> list[object]:
        coerced.extend(values)
        return values

    table = Table([sample(n) for n in range(3)], is_proved=False)
    lists: Any = [Rows(table, start, length) for start, length in ((1, 1), (0, 3), (2, 0), (1, 2))]
    found = ListEncoder([b"[", Leaf(0, GraphQLInt, complete), b"]"]).encode(lists)
    assert orjson.loads(orjson.dumps(found)) == [[[1]], [[0], [1], [2]], [], [[1], [2]]]
    assert coerced == [0, 1, 2]


def test_driver_and_executor_separate_texts_alike() -> None:
    assert object_rows.TEXT_SEPARATOR == row_mapping.TEXT_SEPARATOR

"""Checks lists of objects that are columns until something asks for more."""

import math
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import strawberry
from graphql import GraphQLFloat, GraphQLInt
from hypothesis import given
from hypothesis import strategies as st
from strawberry.extensions import ParserCache

from db.row_mapping import TEXT_SEPARATOR, MappedQuery, MappedRows, RowColumns
from executor import FastExecutor, InstancesOf, object_rows
from executor.column_encoding import MAX_ENCODED_CHARS, Leaf, ListEncoder
from executor.fallback import FallbackRequired

COLUMNS = ("number", "unselected", "label")


@dataclass
class Voice:
    number: Any


@dataclass
class Spoken:
    number: Any
    unselected: Any
    label: Any
    voice: Voice

    @property
    def twice(self) -> int:
        return int(self.number) * 2

    @property
    def listener(self) -> Voice | None:
        """Has no columns, and is null in some of the rows."""
        return self.voice if self.label == "a" else None


class Written(Spoken):
    pass


@strawberry.type
class Sound:
    number: int | None


@strawberry.type
class Utterance:
    number: int
    label: str | None
    voice: Sound
    listener: Sound | None
    twice: int

    is_type_of = InstancesOf(Spoken)


@dataclass
class Meeting:
    utterances: Any


@strawberry.type
class Transcript:
    utterances: list[Utterance]

    is_type_of = InstancesOf(Meeting)


def rows(*found: tuple[Any, ...], columns: tuple[str, ...] = COLUMNS, of: type = Spoken) -> tuple[Any, ...]:
    return of, (*columns, "voice.number"), tuple((*row, place) for place, row in enumerate(found, start=100))


LEAF_CLASSES = {
    "one text": (int, None, str),
    "one long text": (int, None, str),
    "a number that is proved": (int, None, None),
}
"""The classes of the columns, by the kinds of transcripts: a column of the class `str` comes as one text."""
TRANSCRIPTS: dict[str, list[tuple[Any, ...]]] = {
    "one list": [rows((1, 0, "a"), (2, 0, None))],
    "several lists": [rows((1, 0, "a")), rows(), rows((2, 0, "b"), (3, 0, "c"))],
    "empty lists": [rows(), rows()],
    "a value that is coerced": [rows((1.0, 0, 5))],
    "null where it is refused": [rows((1, 0, "a")), rows((None, 0, "a"))],
    "an int of 64 bits": [rows((2**40, 0, "a"), (1, 0, "b"))],
    "an error as a value": [rows((1, 0, ValueError("wrong")))],
    "a subclass": [rows((1, 0, "a"), of=Written)],
    "one text": [rows((1, 0, "a"), (2, 0, '"\\')), rows((3, 0, ""))],
    "a number that is proved": [rows((2**31 - 1, 0, "a"), (-(2**31), 0, None))],
    "texts of other values": [rows((1, 0, uuid.UUID(int=1)), (2, 0, uuid.UUID(int=2)))],
    "texts that look encoded": [rows((1, 0, "\\u001f"), (2, 0, "\x1f"), (3, 0, '","'))],
    "one long text": [rows((1, 0, "a" * MAX_ENCODED_CHARS), (2, 0, "b"))],
    "long texts": [rows((1, 0, "a" * MAX_ENCODED_CHARS), (2, 0, "b"), (3, 0, None))],
    "another class": [rows((1, 0, "a")), rows((2, 0, "a"), of=Meeting, columns=("utterances", "number", "label"))],
    "other columns": [rows((1, 0, "a")), rows(("b", 2), columns=("label", "number"))],
}
SELECTIONS = [
    "number",
    "label",
    "label number __typename again: label",
    "number twice",
    "... on Utterance { label number }",
    "number voice { again: number __typename } label",
    "voice { __typename }",
    "label listener { __typename }",
    "listener { number @skip(if: true) }",
    "voice { number } twice",
    "number @skip(if: true)",
    "label voice { number @include(if: false) }",
]


class Made(list[Any]):
    """The rows that objects were made of."""

    def maker(self, of: type, columns: tuple[str, ...]) -> Any:
        def make(given: Any) -> list[Any]:
            objects = []
            for row in given:
                self.append(row)
                made: Any = object.__new__(of)
                vars(made).update(zip(columns, row, strict=True))
                made.voice = Voice(row[-1])
                objects.append(made)
            return objects

        return make


def listed(
    of: type, columns: tuple[str, ...], found: tuple[Any, ...], classes: tuple[type | None, ...], made: Made
) -> MappedRows[Any]:
    query: Any = MappedQuery(None, made.maker(of, columns), columns, classes)  # type: ignore[arg-type]
    values = [
        TEXT_SEPARATOR.join(map(str, column)) if cls in (str, uuid.UUID) else list(column)
        for column, cls in zip(zip(*found, strict=True), classes, strict=bool(found))
    ]
    return MappedRows(RowColumns(of, query, len(found), values), 0, len(found))


def decoded(data: Any) -> Any:
    """The data of a response as its client reads it."""
    return orjson.loads(orjson.dumps(data))


async def answers(executor: Any, kind: str, selection: str, made: Made) -> list[Any]:
    """The answers to the same question asked three times: the first plans it."""

    classes = LEAF_CLASSES.get(kind, (None, None, None))

    def read() -> list[Any]:
        return [
            Meeting(listed(of, columns, found, (*classes, None), made))
            for of, columns, found in [*TRANSCRIPTS["one list"], *TRANSCRIPTS[kind]]
        ]

    @strawberry.type
    class Query:
        transcripts: list[Any] = strawberry.field(resolver=read, graphql_type=list[Transcript | None])

    schema = strawberry.Schema(Query, execution_context_class=executor, extensions=[ParserCache])
    schema.process_errors = lambda *_, **__: None  # type: ignore[method-assign]
    found = []
    document = f"{{ transcripts {{ utterances {{ {selection} }} }} }}"
    for _ in range(3):
        made.clear()
        result = await schema.execute(document)
        found.append((decoded(result.data), [error.formatted for error in result.errors or ()]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", TRANSCRIPTS)
@pytest.mark.parametrize("selection", SELECTIONS)
async def test_the_answers_are_those_of_graphql_core(kind: str, selection: str) -> None:
    assert await answers(FastExecutor, kind, selection, Made()) == await answers(None, kind, selection, Made())


@pytest.mark.parametrize("selection", ["label number", "label voice { number }"])
async def test_no_object_is_made_where_only_columns_are_selected(selection: str) -> None:
    made = Made()
    await answers(FastExecutor, "several lists", selection, made)
    assert not made


@pytest.mark.parametrize("kind", ["one long text", "long texts"])
async def test_long_texts_are_encoded_later_little_by_little(kind: str) -> None:
    made = Made()
    await answers(FastExecutor, kind, "label", made)
    assert made


async def test_objects_are_made_where_more_is_selected() -> None:
    made = Made()
    await answers(FastExecutor, "several lists", "label twice", made)
    assert len(made) == 5


@strawberry.type
class Leaves:
    number: int
    share: float
    is_final: bool
    label: str
    nick: str | None
    key: strawberry.ID
    at: datetime


@dataclass
class AllLeaves:
    number: int
    share: float
    is_final: bool
    label: str
    nick: str | None
    key: str
    at: datetime


TEXTS = st.text(st.characters(exclude_characters=TEXT_SEPARATOR, codec="utf-8"), max_size=5) | st.sampled_from(
    ('"', "\\", '","', "\\u001f", "\\\\", "\0", "\x7f", "\u2028", "😀", "null", "", ",")
)
LEAVES = st.builds(
    AllLeaves,
    st.integers(-(2**31), 2**31 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    TEXTS,
    TEXTS | st.none(),
    TEXTS,
    st.datetimes(timezones=st.just(UTC)),
)
NAMES = ("number", "share", "is_final", "label", "nick", "key", "at")


def encoded(lists: list[list[AllLeaves]], cut: slice, selection: str) -> tuple[bytes, bytes]:
    """The bytes of lists as columns, of which only a part belongs to each list, and of the same as objects."""

    def as_rows(items: list[AllLeaves]) -> Any:
        query: Any = MappedQuery(None, lambda _: items, NAMES, (int, float, bool, str, None, str, datetime))  # type: ignore[arg-type]
        values = list(zip(*([getattr(item, name) for name in NAMES] for item in items), strict=True))
        columns = [
            TEXT_SEPARATOR.join(column) if NAMES[n] in ("label", "key") else list(column)
            for n, column in enumerate(values)
        ]
        return MappedRows(RowColumns(AllLeaves, query, len(items), columns), 0, len(items))[cut]

    found: list[list[Any]] = [[]]

    @strawberry.type
    class Lists:
        leaves: list[Leaves]

    Leaves.is_type_of = InstancesOf(AllLeaves)  # type: ignore[attr-defined]

    @dataclass
    class Holder:
        leaves: Any

    Lists.is_type_of = InstancesOf(Holder)  # type: ignore[attr-defined]

    @strawberry.type
    class Query:
        lists: list[Any] = strawberry.field(
            resolver=lambda: [Holder(each) for each in found[0]], graphql_type=list[Lists]
        )

    schema = strawberry.Schema(Query, execution_context_class=FastExecutor, extensions=[ParserCache])
    document = f"{{ lists {{ leaves {{ {selection} }} }} }}"
    answers = []
    one = AllLeaves(0, 0.0, False, "", None, "", datetime.now(UTC))
    for make in (lambda items: items[cut], as_rows):
        for found[0] in ([[one]], list(map(make, lists))):  # the first one is for the plan
            result = schema.execute_sync(document)
            assert result.errors is None
        answers.append(orjson.dumps(result.data))
    return answers[0], answers[1]


@given(
    st.lists(st.lists(LEAVES, max_size=4), min_size=1, max_size=4),
    st.builds(slice, st.integers(-3, 3) | st.none(), st.integers(-3, 3) | st.none(), st.sampled_from((None, 1, -1))),
    st.lists(
        st.sampled_from(("number", "share", "isFinal", "label", "nick", "key", "at", "__typename")),
        min_size=1,
        unique=True,
    ),
)
def test_the_bytes_are_those_of_objects(lists: list[list[AllLeaves]], cut: slice, selected: list[str]) -> None:
    objects, columns = encoded(lists, cut, " ".join(selected))
    assert columns == objects


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_json_has_not_falls_back(value: float) -> None:
    query: Any = MappedQuery(None, list, ("share",), (float,))  # type: ignore[arg-type]
    rows: Any = MappedRows(RowColumns(AllLeaves, query, 1, [[value]]), 0, 1)
    with pytest.raises(FallbackRequired):
        ListEncoder([b"{", Leaf(0, GraphQLFloat, list), b"}"]).encode([rows])


def test_lists_may_have_rows_in_common() -> None:
    query: Any = MappedQuery(None, list, ("number",), (int,))  # type: ignore[arg-type]
    rows: RowColumns[Any] = RowColumns(AllLeaves, query, 3, [[1, 2, 3]])
    lists: Any = [MappedRows(rows, start, length) for start, length in ((1, 1), (0, 3), (2, 0), (1, 2))]
    encoded = ListEncoder([b"[", Leaf(0, GraphQLInt, list), b"]"]).encode(lists)
    assert orjson.loads(orjson.dumps(encoded)) == [[[2]], [[1], [2], [3]], [], [[2], [3]]]


def test_driver_and_executor_separate_texts_alike() -> None:
    assert object_rows.TEXT_SEPARATOR == TEXT_SEPARATOR

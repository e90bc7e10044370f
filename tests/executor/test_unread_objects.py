"""Checks objects that are read from their rows until something asks for more."""

import math
import pickle
import uuid
from collections.abc import Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import strawberry
from strawberry.extensions import ParserCache

from db.row_mapping import lazy_mapper, row_functions
from executor import FastExecutor, InstancesOf
from executor.batching import batch_resolver_unless_read

COLUMNS = ("key", "number", "share", "is_final", "label", "at", "voice.name", "voice.pitch", "notes")
LEAF_CLASSES = (None, int, float, bool, str, datetime, str, None, None)
"""The classes of the columns where they are proved."""
AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Voice:
    name: Any
    pitch: Any


@dataclass(slots=True)
class Note:
    text: str


@dataclass(slots=True)
class Spoken:
    key: Any
    number: Any
    share: Any
    is_final: Any
    label: Any
    at: Any
    voice: Voice
    notes: Sequence[Any] | None = field(default=None, compare=False)
    row: Sequence[Any] = field(default=(), init=False, compare=False, repr=False)

    @property
    def twice(self) -> int:
        return int(self.number) * 2


@strawberry.type
class GraphQLVoice:
    name: str
    pitch: int | None


@strawberry.type
class GraphQLNote:
    text: str

    is_type_of = InstancesOf(Note)


Info = strawberry.Info[None, None]


@batch_resolver_unless_read("notes")
async def notes(roots: list[Spoken], info: Info) -> list[Sequence[Any]]:
    return [[Note(f"of {root.number}")] for root in roots]


@strawberry.type
class Utterance:
    key: strawberry.ID | None
    number: int
    share: float
    is_final: bool
    label: str
    at: datetime
    voice: GraphQLVoice
    twice: int
    notes: Any = strawberry.field(resolver=notes, graphql_type=list[GraphQLNote] | None)

    is_type_of = InstancesOf(Spoken)


def row(number: Any = 1, **others: Any) -> tuple[Any, ...]:
    usual = {"key": uuid.UUID(int=7), "share": 0.5, "is_final": True, "label": "a", "at": AT, "name": "n", "pitch": 1}
    values = {**usual, "notes": [Note(f"of {number}")], **others}
    return tuple(number if name == "number" else values[name.rpartition(".")[2]] for name in COLUMNS)


def unread(*rows: tuple[Any, ...], is_proven: bool = True) -> list[Any]:
    fill = row_functions(Spoken, COLUMNS, ("voice",)).fill
    return lazy_mapper(Spoken, COLUMNS, LEAF_CLASSES if is_proven else (None,) * len(COLUMNS), fill)(rows)


LISTS: dict[str, Any] = {
    "proven values": lambda: unread(row(1), row(-(2**31), key=None, pitch=None)),
    "unproven values": lambda: unread(row(1), row(2, label="b"), is_proven=False),
    "wrong values": lambda: unread(row(2**31), row(None, label=None), is_proven=False),
    "numbers that JSON has not": lambda: unread(row(1, share=math.nan), row(2, share=math.inf)),
    "rows without what is read along": lambda: unread(row(1), row(2, notes=None)),
    "objects of several classes": lambda: [*unread(row(1)), *unread(row(2), is_proven=False)],
    "objects that were read": lambda: [each for each in unread(row(1), row(2)) if each.label],
    "objects of which one was read": lambda: [each for n, each in enumerate(unread(row(1), row(2))) if n or each.label],
    "no objects": list,
    "null": lambda: [None],
}
SELECTIONS = [
    "key number share isFinal label at",
    "__typename again: label label",
    "voice { name pitch __typename }",
    "voice { again: pitch } notes { text } number",
    "twice label",
    "twice voice { name } notes { text }",
    "notes { text }",
    "key @skip(if: true)",
    "voice { name @skip(if: true) } notes { text @include(if: false) } label",
]


async def answers(executor: Any, objects: list[Any], selection: str) -> list[Any]:
    """The answers to a question about usual objects, which plans it, and twice about these."""
    found: list[list[Any]] = [unread(row()), objects, objects]
    answered: list[Any] = []

    async def read() -> list[Any]:
        return found[len(answered)]

    @strawberry.type
    class Query:
        utterances: list[Any] = strawberry.field(resolver=read, graphql_type=list[Utterance])

    schema = strawberry.Schema(Query, execution_context_class=executor, extensions=[ParserCache])
    schema.process_errors = lambda *_, **__: None  # type: ignore[method-assign]
    while len(answered) < len(found):
        result = await schema.execute(f"{{ utterances {{ {selection} }} }}")
        answered.append((orjson.loads(orjson.dumps(result.data)), [error.formatted for error in result.errors or ()]))
    return answered


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("selection", SELECTIONS)
async def test_the_answers_are_those_of_graphql_core(kind: str, selection: str) -> None:
    assert await answers(FastExecutor, LISTS[kind](), selection) == await answers(None, LISTS[kind](), selection)


@pytest.mark.parametrize("selection", SELECTIONS)
async def test_objects_are_read_only_where_more_than_their_rows_is_selected(selection: str) -> None:
    objects = LISTS["proven values"]()
    await answers(FastExecutor, objects, selection)
    assert [type(each) is Spoken for each in objects] == ["twice" in selection] * 2


def test_what_is_set_or_copied_is_what_was_read() -> None:
    changed, *others = unread(*[row(1, key=None)] * 5)
    changed.label = "b"
    assert (changed.label, changed.number, changed == others[0]) == ("b", 1, False)
    copies = [copy(others[1]), deepcopy(others[2]), replace(others[3]), pickle.loads(pickle.dumps(unread(row(1))[0]))]
    for each in copies[:3]:
        assert type(each) is Spoken
        assert each == others[0]
    assert copies[3].voice == Voice("n", 1)


def test_reading_one_makes_it_what_it_would_have_been() -> None:
    made = Spoken(None, 1, 0.5, True, "a", AT, Voice("n", 1), [])
    read, other = unread(row(1, key=None), row(2, key=None))
    assert isinstance(read, Spoken)
    assert (made == read, read == made, made == other, unread(row(3)) == unread(row(3))) == (True, True, False, True)
    assert type(read) is type(other) is Spoken
    assert not hasattr(unread(row())[0], "nick")

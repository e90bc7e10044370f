"""Checks lists of objects that are rows until something asks for more than their columns."""

from dataclasses import dataclass
from typing import Any

import pytest
import strawberry
from strawberry.extensions import ParserCache

from db.row_mapping import MappedRows
from executor import FastExecutor, InstancesOf

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


TRANSCRIPTS: dict[str, list[tuple[Any, ...]]] = {
    "one list": [rows((1, 0, "a"), (2, 0, None))],
    "several lists": [rows((1, 0, "a")), rows(), rows((2, 0, "b"), (3, 0, "c"))],
    "empty lists": [rows(), rows()],
    "a value that is coerced": [rows((1.0, 0, 5))],
    "null where it is refused": [rows((1, 0, "a")), rows((None, 0, "a"))],
    "an int of 64 bits": [rows((2**40, 0, "a"), (1, 0, "b"))],
    "an error as a value": [rows((1, 0, ValueError("wrong")))],
    "a subclass": [rows((1, 0, "a"), of=Written)],
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
    "voice { number } twice",
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


async def answers(executor: Any, kind: str, selection: str, made: Made) -> list[Any]:
    """The answers to the same question asked three times: the first plans it."""

    def read() -> list[Any]:
        return [
            Meeting(MappedRows(of, columns, found, made.maker(of, columns)))
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
        found.append((result.data, [error.formatted for error in result.errors or ()]))
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


async def test_objects_are_made_where_more_is_selected() -> None:
    made = Made()
    await answers(FastExecutor, "several lists", "label twice", made)
    assert len(made) == 5

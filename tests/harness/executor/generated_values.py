"""Generates the data of executions: sound values, and values in which something is wrong."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry
from graphql import GraphQLError, Undefined
from hypothesis import strategies as st

from tests.harness.executor.object_tables import (
    COLUMNS,
    SWAPPED_COLUMNS,
    FailedSample,
    FinerSample,
    NoSample,
    Rows,
    Sample,
    Table,
)
from tests.harness.executor.sources import (
    Awaited,
    Colour,
    ExecutionData,
    OtherColour,
    Pets,
    Raising,
    Shade,
    Spec,
    Text,
    Thing,
    unread,
)

SOUND: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["a", "b", "é"]),
    "number": st.integers(-3, 3),
    "id": st.one_of(st.just("x"), st.uuids(version=4)),
    "maybe_id": st.sampled_from(["y", UUID(int=7), None]),
    "flag": st.booleans(),
    "ratio": st.floats(-2, 2),
    "maybe_ratio": st.one_of(st.none(), st.floats(-2, 2)),
    "colour": st.sampled_from(Colour),
    "maybe_shade": st.one_of(st.none(), st.sampled_from(Shade)),
    "at": st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    "even": st.sampled_from([2, 4, None]),
    "json": st.sampled_from([{"a": [1]}, [], "s", 1, True]),
    "tags": st.lists(st.sampled_from(["t", "u"]), max_size=2),
    "maybe_tags": st.one_of(st.none(), st.lists(st.sampled_from(["t", None]), max_size=2)),
    "grid": st.one_of(st.none(), st.lists(st.lists(st.integers(0, 3), max_size=2), max_size=2)),
    "spec": st.builds(Spec, st.integers(0, 3), st.sampled_from(["l", None])),
    "maybe_spec": st.one_of(st.none(), st.builds(Spec, st.integers(0, 3), st.sampled_from(["l", None]))),
    "specs": st.lists(st.one_of(st.none(), st.builds(Spec, st.integers(0, 3), st.just("l"))), max_size=2),
}
WRONG: list[Any] = [
    None, 1, 0, -1, 2**31, -(2**31), 2**31 - 1, 2**40, True, False, 1.5, 2.0, math.inf, -math.inf, math.nan,
    "", "1", "red", "RED", Text("sub"), b"bytes", [], [1], [None], ["t", 1], (1, 2), {}, {1}, frozenset([2]), {"t"},
    {"a": None}, Decimal(1), Decimal("1.5"), UUID(int=1), Colour.RED, OtherColour.RED, Shade.DARK,
    ValueError("a value"), GraphQLError("of the data"), KeyError("k"), Raising(ValueError("raised")),
    Raising(AttributeError("raised")), Awaited("soon"), Awaited(None), Awaited(Spec(1, "l")), Undefined, strawberry.UNSET,
    object, Spec("wrong", 1), Spec(None, None), Spec(2**31, Text("l")), [[None]], [[1], None], [["1"]], [Spec(1, 2), 3],
    [ValueError("an item")], ["t", Awaited],
]  # fmt: skip
"""Values for leaves and other fields without a resolver. Each is right for some fields, and wrong for most."""
WRONG_IN_COLUMNS = ["\\u001f", "\x1f", *[value for value in WRONG if type(value) is not Text]]
"""Without what is another class in graphql-core's data and not in JSON."""
WRONG_KEYS: list[Any] = [
    "missing", None, 1.5, 2, ValueError("given"), [0, None], ["missing", 1], [0, "missing"], [], [Pets(0)], Pets(0),
    "text", [[0]], (0,), {0: 1}, [0, 1.5],
]  # fmt: skip
"""Values for `Thing.related`."""


COLUMN_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "count": st.integers(-(2**31), 2**31 - 1),
    "share": st.floats(allow_nan=False, allow_infinity=False),
    "final": st.booleans(),
    "name": st.text(max_size=3) | st.sampled_from(['"', "\\", '","', "\\u001f", "\x1f", "null", "", "é😀"]),
    "nick": st.sampled_from(["n", "", None]),
    "key": st.uuids(version=4),
    "at": st.datetimes(timezones=st.just(UTC)),
    "even": st.sampled_from([2, 4, None]),
    "colour": st.sampled_from(Colour),
    "voice.pitch": st.integers(0, 3) | st.none(),
    "voice.name": st.sampled_from(["v", "w"]),
    "voice.room.name": st.sampled_from(["r", "s"]),
}


sound_rows = st.lists(st.tuples(*(COLUMN_VALUES[name] for name in COLUMNS)), max_size=5)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draws a table, most often one in which all is right."""
    rows: list[Any] = draw(sound_rows)
    if rows and not draw(st.integers(0, 4)):
        rows = [list(row) for row in rows]
        wrong, place = draw(st.sampled_from(WRONG_IN_COLUMNS)), draw(st.integers(0, len(COLUMNS) - 1))
        for row in rows if draw(st.booleans()) else rows[:1]:
            row[place] = wrong
    columns = draw(st.sampled_from([COLUMNS] * 3 + [SWAPPED_COLUMNS, COLUMNS[1:], COLUMNS[:-1], (*COLUMNS, "name")]))
    object_class = draw(st.sampled_from([Sample] * 5 + [FinerSample, FailedSample, NoSample]))
    return Table(rows, columns, object_class, draw(st.booleans()))


def some_rows(table: Table) -> st.SearchStrategy[Rows]:
    first, last = st.integers(0, table.row_count), st.integers(0, table.row_count)
    return st.builds(lambda *ends: Rows(table, min(ends), max(ends) - min(ends)), first, last)


@st.composite
def things(draw: st.DrawFn) -> list[Thing]:
    """Draws at least one, most of them sound."""
    wrongs = draw(st.sampled_from([0, 0, 0, 1, 2]))
    made: list[Thing] = []
    given_tables = draw(st.lists(tables(), min_size=1, max_size=2))
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["node"] * 3 + ["dog", "cat"])) if made else "node"
        leaves = {name: draw(sound) for name, sound in SOUND.items()}
        samples = draw(st.sampled_from(given_tables).flatmap(some_rows))
        leaves["samples"] = draw(st.sampled_from([samples, samples, samples.unread(), None]))
        key = st.integers(0, 3)
        pet = st.builds(Pets, st.integers(0, 2))
        related: dict[str, Any] = {
            "friend": draw(st.one_of(key, st.none())),
            "boss": draw(key),
            "pet": draw(st.one_of(st.none(), pet)),
            "children": draw(st.lists(key, max_size=3)),
            "pets": draw(st.lists(pet, max_size=2)),
        }
        made.append(Thing(kind, leaves, related))
    nodes = [index for index, thing in enumerate(made) if thing.kind == "node"]
    for thing in made:  # to nodes, where nothing is wrong
        for name in ("friend", "boss"):
            if thing.related[name] is not None:
                thing.related[name] = nodes[thing.related[name] % len(nodes)]
        thing.related["children"] = [nodes[each % len(nodes)] for each in thing.related["children"]]
    for _ in range(wrongs):
        thing = draw(st.sampled_from(made))
        if draw(st.integers(0, 3)):
            thing.leaves[draw(st.sampled_from(sorted(thing.leaves)))] = draw(st.sampled_from(WRONG))
        else:
            name = draw(st.sampled_from(sorted(thing.related)))
            thing.related[name] = draw(st.sampled_from(WRONG_KEYS))
        if not draw(st.integers(0, 5)):
            thing.kind = draw(st.sampled_from(["dog", "cat", "rock"]))
    return made


def sound(*kinds: str) -> list[Thing]:
    """Makes things in which nothing is wrong, each with others than the next."""
    nodes = [index for index, kind in enumerate(kinds) if kind == "node"]
    made: list[Thing] = []
    table = Table([sample(n) for n in range(len(kinds) + 1)])
    for n, kind in enumerate(kinds):
        leaves: dict[str, Any] = {
            "name": f"n{n}", "number": n, "id": UUID(int=n), "maybe_id": None, "flag": n % 2 == 0, "ratio": n / 2,
            "maybe_ratio": None if n % 2 else 0.5, "colour": list(Colour)[n % 2], "maybe_shade": None if n % 2 else Shade.DARK,
            "at": datetime(2026, 1, 1 + n, tzinfo=UTC), "even": 2 * n + 2, "json": {"n": n}, "tags": [f"t{n}"] * n,
            "maybe_tags": None if n % 2 else ["t", None], "grid": [[n], [], [1, 2]], "spec": Spec(n, None),
            "maybe_spec": None if n % 2 else Spec(n, "l"), "specs": [Spec(n, "l"), None] if n % 2 else None,
            "samples": Rows(table, n, n % 3),
        }  # fmt: skip
        key = nodes[n % len(nodes)]
        related = {"friend": None if n % 2 else key, "boss": nodes[(n + 1) % len(nodes)], "pet": Pets(n)}
        made.append(Thing(kind, leaves, {**related, "children": [*nodes[n:], key], "pets": [Pets(n), Pets(n + 1)]}))
    return made


def sample(n: int) -> tuple[Any, ...]:
    """Makes a row in which nothing is wrong."""
    at, colour = datetime(2026, 1, 1 + n, microsecond=n, tzinfo=UTC), list(Colour)[n % 2]
    nick, pitch = (None, n) if n % 2 else (f"{n},", None)
    return n, n / 2, n % 2 == 0, f'{n},"', nick, UUID(int=n), at, 2 * n + 2, colour, pitch, f"v{n}", f"r{n}"


def copied(data: Sequence[Thing]) -> ExecutionData:
    """Copies the things, since an execution must not see what another did to them. Their specs may be read from rows."""
    leaves = [{name: unread(value) for name, value in each.leaves.items()} for each in data]
    return ExecutionData([Thing(each.kind, own, dict(each.related)) for each, own in zip(data, leaves, strict=True)])

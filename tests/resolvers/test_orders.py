"""Lists in every order and under every filter: their pages are what a plain model in Python says, whatever happens between."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.servers import Api

pytestmark = pytest.mark.slow

# Equal, equal but for their case, one the start of another, and such as sort otherwise in UTF-16 or in a dictionary.
NAMES = [
    "alpha",
    "alpha",
    "Alpha",
    "ALPHA",
    "alphabet",
    "Beta",
    "_",
    "Протокол",
    "протокол",
    "Éclair",
    "ｆ",
    "🤖",
    "🤖 2",
]
TEXTS = ["a", "ALPHA", "протокол", "é", "🤖", "_", "ph", "none of them"]
PAGES = """
query Pages($first: Int, $after: String, $last: Int, $before: String, $filter: %(type)sFilter, $orderBy: %(type)sOrder) {
  %(list)s(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id } }
  }
}
"""
NODES = """
query Nodes($ids: [ID!]!) {
  nodes(ids: $ids) {
    id
    ... on Agent { slug name description config { modelProvider modelName } activeVariant { id } createdAt updatedAt }
    ... on Meeting { title state agent { id } createdAt updatedAt }
  }
}
"""
FIELDS = {"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt", "NAME": "name", "TITLE": "title"}


@dataclass
class OrderedList:
    """A list whose every item is known."""

    api: Api
    plural: str
    type: str
    name: str
    """The field that is its items' name."""
    make: Callable[..., str]
    """A new item of a name; gives its id."""
    delete: str
    """The operation."""
    descending: bool
    """True if the default is from the newest to the oldest."""
    conditions: dict[str, st.SearchStrategy[Any]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)

    def items(self) -> list[Any]:
        """Reads the present items one by one, not as a list."""
        return [node for node in self.api.post(NODES, {"ids": self.ids})["data"]["nodes"] if node]

    def page(self, **variables: Any) -> Any:
        answer = self.api.post(PAGES % {"list": self.plural, "type": self.type}, variables)
        assert "errors" not in answer, answer
        return answer["data"][self.plural]

    def orders(self) -> st.SearchStrategy[Any]:
        fields = ["CREATED_AT", "UPDATED_AT", self.name.upper()]
        directions = [{"direction": "ASC"}, {"direction": "DESC"}, {"direction": None}, {}]
        return st.none() | st.builds(
            lambda field, direction: {"field": field, **direction}, st.sampled_from(fields), st.sampled_from(directions)
        )

    def filters(self) -> st.SearchStrategy[Any]:
        return st.none() | st.fixed_dictionaries({}, optional=self.conditions)

    def expected(self, filter: Any, order: Any) -> list[str]:
        """The ids of the whole list."""
        order = {"field": "CREATED_AT", "direction": None} | (order or {})
        direction = order["direction"] or ("DESC" if order["field"] != self.name.upper() and self.descending else "ASC")
        name = FIELDS[order["field"]]

        def key(item: Any) -> tuple[Any, str]:
            value = item[name]
            return value.lower() if name == self.name else datetime.fromisoformat(value), item["id"]

        found = [item for item in self.items() if all(holds(item, *each) for each in (filter or {}).items())]
        return [item["id"] for item in sorted(found, key=key, reverse=direction == "DESC")]

    def walk(self, filter: Any, order: Any, sizes: Sequence[int], backward: bool) -> Iterator[tuple[Any, int]]:
        """Page after page to the last, and how many had been asked for. The sizes come again when they are used up."""
        place: dict[str, Any] = {}
        for number in count():
            size = sizes[number % len(sizes)]
            page = self.page(filter=filter, orderBy=order, **{"last" if backward else "first": size}, **place)
            assert page["pageInfo"]["hasNextPage" if backward else "hasPreviousPage"] == bool(place)
            cursors = [edge["cursor"] for edge in page["edges"]] or [None]
            assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == (cursors[0], cursors[-1])
            yield page, size
            if not page["pageInfo"]["hasPreviousPage" if backward else "hasNextPage"]:
                return
            place = {"before": cursors[0]} if backward else {"after": cursors[-1]}


def holds(item: Any, condition: str, value: Any) -> bool:
    """Tells whether the condition of a filter holds."""
    match condition:
        case "text":
            texts = [item["title"]] if "title" in item else [item["name"], item["slug"], item["description"]]
            return any(value.lower() in text.lower() for text in texts)
        case "hasActiveVariant":
            return bool(bool(item["activeVariant"]) == value)
        case "modelProvider" | "modelName":
            return bool(item["config"][condition] == value)
        case "createdAfter":
            return bool(datetime.fromisoformat(item["createdAt"]) >= datetime.fromisoformat(value))
        case "createdBefore":
            return bool(datetime.fromisoformat(item["createdAt"]) < datetime.fromisoformat(value))
        case "agentId":
            return bool(item["agent"]) and bool(item["agent"]["id"] == value)
        case _:
            return bool(item[condition] == value)


@pytest.fixture
def agents(fresh_api: Api, database_url: str) -> OrderedList:
    def make(name: str, number: int = 0) -> str:
        provider, model = ("openai", "anthropic")[number % 2], ("small", "large")[number // 2 % 2]
        agent = fresh_api.agent(name, modelProvider=provider, modelName=model)
        if number % 3 == 0:
            fresh_api.run("ActivateVariant", id=fresh_api.variant(agent)["id"])
        return str(agent["id"])

    conditions = {
        "text": st.sampled_from(TEXTS),
        "modelProvider": st.sampled_from(["openai", "anthropic", "nobody"]),
        "modelName": st.sampled_from(["small", "large"]),
        "hasActiveVariant": st.booleans(),
    }
    ordered_list = OrderedList(fresh_api, "agents", "Agent", "name", make, "DeleteAgent", False, conditions)
    return filled(ordered_list, database_url)


@pytest.fixture
def meetings(fresh_api: Api, database_url: str) -> OrderedList:
    served = [fresh_api.agent()["id"] for _ in range(2)]

    def make(title: str, number: int = 0) -> str:
        agent = [*served, None][number % 3]
        meeting = fresh_api.meeting(title, agentId=agent)
        if number % 2:
            fresh_api.run("UpdateMeeting", id=meeting["id"], input={"state": "RECORDING"})
        return str(meeting["id"])

    ordered_list = OrderedList(fresh_api, "meetings", "Meeting", "title", make, "DeleteMeeting", True)
    filled(ordered_list, database_url)
    moments = st.sampled_from([item["createdAt"] for item in ordered_list.items()])
    ordered_list.conditions = {
        "text": st.sampled_from(TEXTS),
        "state": st.sampled_from(["CREATED", "RECORDING", "ERROR"]),
        "agentId": st.sampled_from(served),
        "createdAfter": moments,
        "createdBefore": moments,
    }
    return ordered_list


def filled(ordered_list: OrderedList, database_url: str) -> OrderedList:
    """Makes an item of each name, some of which were made, or changed, in the same microsecond, or in the next."""
    table = ordered_list.plural
    ordered_list.ids = [ordered_list.make(name, number) for number, name in enumerate(NAMES)]

    async def main() -> None:
        connection = await asyncpg.connect(database_url)
        try:
            for column, ids in (("created_at", ordered_list.ids[2:7]), ("updated_at", ordered_list.ids[5:10])):
                await connection.execute(
                    f"UPDATE {table} SET {column} = (SELECT max({column}) FROM {table} WHERE id = $1)"
                    f" + (CASE WHEN id = $2 THEN 1 ELSE 0 END) * interval '1 microsecond' WHERE id = ANY ($3)",
                    *(ids[0], ids[-1], ids),
                )
        finally:
            await connection.close()

    asyncio.run(main())
    return ordered_list


@pytest.fixture(params=["agents", "meetings"])
def ordered_list(request: pytest.FixtureRequest) -> OrderedList:
    found: OrderedList = request.getfixturevalue(request.param)
    return found


SIZES = st.lists(st.integers(1, 6) | st.just(100), min_size=1, max_size=4)


@settings(max_examples=60)
@given(data=st.data(), sizes=SIZES, backward=st.booleans())
def test_the_pages_of_every_order_and_filter_together_are_the_whole(
    ordered_list: OrderedList, data: st.DataObject, sizes: list[int], backward: bool
) -> None:
    filter, order = data.draw(ordered_list.filters(), "filter"), data.draw(ordered_list.orders(), "order")
    expected = ordered_list.expected(filter, order)
    found: list[str] = []
    for page, size in ordered_list.walk(filter, order, sizes, backward):
        here = [edge["node"]["id"] for edge in page["edges"]]
        assert len(here) == min(size, len(expected) - len(found))
        found = here + found if backward else found + here
        left = page["pageInfo"]["hasPreviousPage" if backward else "hasNextPage"]
        assert left == (len(found) < len(expected))
        assert page["totalCount"] == len(expected)
    assert found == expected


@settings(max_examples=60)
@given(data=st.data(), sizes=SIZES, backward=st.booleans())
def test_what_comes_and_goes_between_pages_moves_nothing_else(
    ordered_list: OrderedList, data: st.DataObject, sizes: list[int], backward: bool
) -> None:
    filter, order = data.draw(ordered_list.filters(), "filter"), data.draw(ordered_list.orders(), "order")
    new = [ordered_list.make(name) for name in data.draw(st.lists(st.sampled_from(NAMES), max_size=3))]
    ordered_list.ids += new
    try:
        found: list[str] = []
        for page, _ in ordered_list.walk(filter, order, sizes, backward):
            here = [edge["node"]["id"] for edge in page["edges"]]
            found = here + found if backward else found + here
            if data.draw(st.booleans(), "insert") and len(new) < 12:
                new.append(ordered_list.make(data.draw(st.sampled_from(NAMES), "name")))
                ordered_list.ids.append(new[-1])
            if data.draw(st.booleans(), "delete") and new:
                ordered_list.api.run(ordered_list.delete, id=data.draw(st.sampled_from(new), "deleted"))
        assert len(found) == len(set(found))
        throughout = [id for id in ordered_list.expected(filter, order) if id not in new]
        assert [id for id in found if id not in new] == throughout
        left = {item["id"] for item in ordered_list.items()}
        in_order = ordered_list.expected(filter, order)
        assert [id for id in found if id in left] == [id for id in in_order if id in found]
    finally:
        for id in new:
            with suppress(ValueError):
                ordered_list.ids.remove(id)
            ordered_list.api.run(ordered_list.delete, id=id)


def test_a_cursor_is_a_place_in_either_direction(ordered_list: OrderedList) -> None:
    for by in ("CREATED_AT", "UPDATED_AT", ordered_list.name.upper()):
        up, down = ({"field": by, "direction": direction} for direction in ("ASC", "DESC"))
        for edge in ordered_list.page(first=100, orderBy=up)["edges"]:
            above = ordered_list.page(first=100, after=edge["cursor"], orderBy=up)["edges"]
            assert above == ordered_list.page(first=100, before=edge["cursor"], orderBy=down)["edges"][::-1]


def test_a_cursor_of_another_order_is_refused(ordered_list: OrderedList) -> None:
    fields = ("CREATED_AT", "UPDATED_AT", ordered_list.name.upper())
    cursors = {by: ordered_list.page(first=1, orderBy={"field": by})["pageInfo"]["endCursor"] for by in fields}
    assert len(set(cursors.values())) == 3
    for by, cursor in cursors.items():
        for other in fields:
            variables = {"first": 5, "after": cursor, "orderBy": {"field": other}}
            answer = ordered_list.api.post(PAGES % {"list": ordered_list.plural, "type": ordered_list.type}, variables)
            if by == other:
                assert "errors" not in answer
            else:
                (problem,) = answer["errors"][0]["extensions"]["fields"]
                assert problem == {
                    "path": "after",
                    "message": "must be a cursor that this list has given, in the same order",
                }


@pytest.mark.parametrize("character", ["\x01", "🤖", '"', "İ"])
def test_a_cursor_holds_the_longest_name(ordered_list: OrderedList, character: str) -> None:
    id = ordered_list.make(character * {"agents": 200, "meetings": 500}[ordered_list.plural])
    order = {"field": ordered_list.name.upper()}
    (cursor,) = (
        edge["cursor"] for edge in ordered_list.page(first=100, orderBy=order)["edges"] if edge["node"]["id"] == id
    )
    before = ordered_list.page(last=100, before=cursor, orderBy=order)["edges"]
    after = ordered_list.page(first=100, after=cursor, orderBy=order)["edges"]
    assert len(before) + len(after) == len(NAMES)
    assert id not in [edge["node"]["id"] for edge in before + after]

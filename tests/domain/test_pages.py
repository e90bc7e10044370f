"""Page requests and cursors."""

from typing import Annotated, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cursors import CursorFormat
from domain.errors import InvalidInput
from domain.pagination import PageRequest, page_request
from domain.rules import Integer, Violation


class NumberKey(NamedTuple):
    number: Annotated[int, Integer(0)]


NUMBERS = CursorFormat("numbers", NumberKey)
LETTERS = CursorFormat("letters", NumberKey)


def ask(
    first: int | None = None, after: str | None = None, last: int | None = None, before: str | None = None
) -> PageRequest:
    return page_request(first, after, last, before, default=20, maximum=100, cursor=NUMBERS)


def test_sizes_and_directions() -> None:
    assert ask() == PageRequest(20)
    assert ask(first=0) == PageRequest(0)
    assert ask(first=20, last=5) == PageRequest(5, backward=True)  # 20 is what it is when nobody said so
    assert ask(after=NUMBERS.encode(7)) == PageRequest(20, after=(7,))


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"first": -1}, "first"),
        ({"first": 101}, "first"),
        ({"last": 101}, "last"),
        ({"first": 5, "last": 5}, "last"),
        ({"after": "nonsense"}, "after"),
        ({"before": LETTERS.encode(7)}, "before"),
    ],
)
def test_what_is_wrong_is_named(arguments: dict[str, object], path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(**arguments)  # type: ignore[arg-type]
    assert caught.value.fields[0].path == path


@given(st.integers(0, 2**31 - 1))
def test_a_cursor_comes_back_as_it_was(number: int) -> None:
    assert NUMBERS(NUMBERS.encode(number)) == (number,)


@pytest.mark.slow
@given(st.text() | st.binary().map(lambda data: NUMBERS.encode(data.hex())) | st.none() | st.integers())
def test_anything_else_is_no_cursor(value: object) -> None:
    with pytest.raises(Violation):
        NUMBERS(value)


@pytest.mark.parametrize("key", [(), (1, 2), ("1",), (-1,), (2**40,)])
def test_a_cursor_with_another_key_is_none(key: tuple[int | str, ...]) -> None:
    with pytest.raises(Violation):
        NUMBERS(NUMBERS.encode(*key))

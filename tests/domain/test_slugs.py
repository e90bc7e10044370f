"""Slugs: always kebab-case, never empty, the same for the same name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules import Violation
from domain.slugs import MAX_SLUG_CHARS, free_slug, slug, slugify

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ANY_TEXT = st.text(st.characters())  # surrogates as well


@given(ANY_TEXT)
def test_every_name_has_a_slug(name: str) -> None:
    made = slugify(name)
    assert KEBAB.fullmatch(made)
    assert len(made) <= MAX_SLUG_CHARS - len("-9999999")
    assert slugify(name) == made
    assert slug(made) == made


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Meeting Scribe", "meeting-scribe"),
        ("  --Crème brûlée!-- ", "creme-brulee"),
        ("Привет мир", "privet-mir"),
        ("日本語", "ri-ben-yu"),
        ("v2.0_final", "v2-0-final"),
        ("&#99999999999999999999;", "99999999999999999999"),
        ("x" * 300, "x" * 72),
    ],
)
def test_names_become_readable(name: str, expected: str) -> None:
    assert slugify(name) == expected


def test_names_with_nothing_to_keep_still_differ() -> None:
    assert slugify("🎉") != slugify("🚀")


@given(st.sets(st.integers(1, 9)))
def test_a_free_slug_is_the_first_that_is_not_taken(taken_numbers: set[int]) -> None:
    taken = {"a" if number == 1 else f"a-{number}" for number in taken_numbers}
    found = free_slug("a", taken)
    assert found not in taken
    number = 1 if found == "a" else int(found.removeprefix("a-"))
    assert set(range(1, number)) <= taken_numbers


@pytest.mark.parametrize("value", ["", "A", "a--b", "-a", "a-", "a b", "a_b", "é", "a\n", "x" * 81, None, 3])
def test_what_is_no_slug_is_refused(value: object) -> None:
    with pytest.raises(Violation):
        slug(value)

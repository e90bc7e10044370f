"""Search: what a query becomes, and where marked words are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.search import (
    MARKS,
    MAX_HIGHLIGHTED_CHARS,
    MAX_HIGHLIGHTS,
    MAX_QUERY_WORDS,
    NO_WORDS,
    Highlight,
    as_indexed,
    checked_search,
    highlights,
    looked_into,
    only_words,
)

BEGIN, END = MARKS[0], MARKS[1]
PIECES = st.lists(st.tuples(st.text(st.characters(exclude_characters=MARKS)), st.booleans()))


def test_offsets_count_code_points_without_the_marks() -> None:
    text = "👩‍🚀 naïve launch, re-launch"
    marked = text.replace("launch", f"{BEGIN}launch{END}")
    found = highlights(marked, text)
    assert found == [Highlight(10, 16), Highlight(21, 27)]
    assert [text[highlight.start : highlight.end] for highlight in found] == ["launch", "launch"]


@given(PIECES)
def test_whatever_is_marked_is_found_in_order(pieces: list[tuple[str, bool]]) -> None:
    text = "".join(piece for piece, _ in pieces)
    marked = "".join(f"{BEGIN}{piece}{END}" if is_word else piece for piece, is_word in pieces)
    found = highlights(marked, text)
    words = [piece for piece, is_word in pieces if is_word and piece][:MAX_HIGHLIGHTS]
    assert [text[highlight.start : highlight.end] for highlight in found] == words
    bounds = [bound for highlight in found for bound in (highlight.start, highlight.end)]
    assert bounds == sorted(bounds)


@given(st.text(st.sampled_from(f"ab {MARKS}")), st.text(st.sampled_from("ab ")))
def test_highlights_are_in_the_text_or_there_are_none(marked: str, text: str) -> None:
    for highlight in highlights(marked, text):
        assert 0 <= highlight.start < highlight.end <= len(text)


def test_a_marked_text_of_another_length_has_no_highlights() -> None:
    assert highlights(f"a {BEGIN}b{END}", "a  b") == []
    assert highlights(f"a {BEGIN}b", "a b") == []


def test_hyphens_within_words_are_blanks_and_those_before_words_exclude() -> None:
    assert (
        as_indexed('follow-up -draft "re-launch" -"and/or" a@b <c') == 'follow up -draft "re launch" -"and or" a b  c'
    )


def test_highlights_are_the_first_so_many() -> None:
    found = highlights(f"{BEGIN}a{END} " * 5_000, "a " * 5_000)
    assert found == [Highlight(2 * nth, 2 * nth + 1) for nth in range(MAX_HIGHLIGHTS)]


@given(st.text(st.sampled_from("ab \n\u3000"), max_size=8), st.integers(-5, 5))
def test_whole_words_are_looked_into(end: str, more: int) -> None:
    text = "word " * (MAX_HIGHLIGHTED_CHARS // 5 - 1) + "x" * (5 + more) + end + " and so on"
    looked = looked_into(text)
    assert text.startswith(looked)
    assert MAX_HIGHLIGHTED_CHARS - 20 < len(looked) <= MAX_HIGHLIGHTED_CHARS
    assert looked.split() == text.split()[: len(looked.split())]


def test_a_text_that_is_short_enough_is_looked_into_to_its_end() -> None:
    for text in ("", "a b ", "a" * MAX_HIGHLIGHTED_CHARS, " " * MAX_HIGHLIGHTED_CHARS):
        assert looked_into(text) == text
    assert looked_into("a" * (MAX_HIGHLIGHTED_CHARS + 1)) == ""
    assert looked_into("a" * (MAX_HIGHLIGHTED_CHARS - 2) + " b c") == "a" * (MAX_HIGHLIGHTED_CHARS - 2) + " b"


@given(st.text(st.sampled_from(f"ab {NO_WORDS}{MARKS}")))
def test_only_words_is_as_long_as_the_text(text: str) -> None:
    words = only_words(text)
    assert len(words) == len(text)
    assert not set(words) & set(NO_WORDS + MARKS)


@pytest.mark.parametrize("word", ["cat ", "cat,", "cat-", "cat/", "or ", "-cat ", "it's_", "漢字 ", "cat\t", "1.5/"])
def test_a_query_has_so_many_words(word: str) -> None:
    per_word = 2 if word in ("it's_", "1.5/") else 1
    most = word * (MAX_QUERY_WORDS // per_word)
    for query in (most, f'"{most}"', f"  {most}  !?"):
        assert checked_search({"query": query}).query == query
    for query in (f"{most} one", f'"{most} one"'):
        with pytest.raises(InvalidInput, match="at most 32 words, has 33"):
            checked_search({"query": query})

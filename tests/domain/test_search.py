"""Search: the words of a query, and the start of a text that is searched for highlights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.search import MAX_HIGHLIGHTED_CHARS, MAX_QUERY_WORDS, Search, highlightable
from domain.validation import parse


@given(st.text(st.sampled_from("ab \n\u3000"), max_size=8), st.integers(-5, 5))
def test_whole_words_are_highlightable(end: str, more: int) -> None:
    text = "word " * (MAX_HIGHLIGHTED_CHARS // 5 - 1) + "x" * (5 + more) + end + " and so on"
    start = highlightable(text)
    assert text.startswith(start)
    assert MAX_HIGHLIGHTED_CHARS - 20 < len(start) <= MAX_HIGHLIGHTED_CHARS
    assert start.split() == text.split()[: len(start.split())]


def test_a_text_that_is_short_enough_is_highlightable_to_its_end() -> None:
    for text in ("", "a b ", "a" * MAX_HIGHLIGHTED_CHARS, " " * MAX_HIGHLIGHTED_CHARS):
        assert highlightable(text) == text
    assert highlightable("a" * (MAX_HIGHLIGHTED_CHARS + 1)) == ""
    assert highlightable("a" * (MAX_HIGHLIGHTED_CHARS - 2) + " b c") == "a" * (MAX_HIGHLIGHTED_CHARS - 2) + " b"


@pytest.mark.parametrize("word", ["cat ", "cat,", "cat-", "cat/", "or ", "-cat ", "it's_", "漢字 ", "cat\t", "1.5/"])
def test_a_query_has_so_many_words(word: str) -> None:
    per_word = 2 if word in ("it's_", "1.5/") else 1
    most = word * (MAX_QUERY_WORDS // per_word)
    for query in (most, f'"{most}"', f"  {most}  !?"):
        assert parse(Search, {"query": query}).query == query
    for query in (f"{most} one", f'"{most} one"'):
        with pytest.raises(InvalidInput, match="at most 32 words, has 33"):
            parse(Search, {"query": query})

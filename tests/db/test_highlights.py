"""Highlights: a query and a text as the index has them, and the places of marked words."""

from hypothesis import given
from hypothesis import strategies as st

from db.highlights import BLANK_CHARACTERS, MARKS, highlights, indexed_query, indexed_text
from domain.search import MAX_HIGHLIGHTS, Highlight

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
        indexed_query('follow-up -draft "re-launch" -"and/or" a@b <c')
        == 'follow up -draft "re launch" -"and or" a b  c'
    )


def test_highlights_are_the_first_so_many() -> None:
    found = highlights(f"{BEGIN}a{END} " * 5_000, "a " * 5_000)
    assert found == [Highlight(2 * nth, 2 * nth + 1) for nth in range(MAX_HIGHLIGHTS)]


@given(st.text(st.sampled_from(f"ab {BLANK_CHARACTERS}{MARKS}")))
def test_the_indexed_text_is_as_long_as_the_text(text: str) -> None:
    words = indexed_text(text)
    assert len(words) == len(text)
    assert not set(words) & set(BLANK_CHARACTERS + MARKS)

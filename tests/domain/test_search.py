"""Search: what a query becomes, and where marked words are."""

from hypothesis import given
from hypothesis import strategies as st

from domain.search import MARKS, Highlight, as_indexed, highlights

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
    words = [piece for piece, is_word in pieces if is_word and piece]
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

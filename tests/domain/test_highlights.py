"""Highlights: the places of a query's words in a text."""

from hypothesis import given
from hypothesis import strategies as st

from domain.highlights import Highlighter, comparable_words
from domain.search import MAX_HIGHLIGHTS
from domain.search_words import words_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def highlighted(query: str, text: str, *matching: str) -> list[str]:
    words = words_of(text)
    return [text[place.start : place.end] for place in Highlighter(query).highlights(words, matching)]


def test_the_original_text_is_highlighted() -> None:
    assert highlighted("strasse", "Die Straße, die ＳＴＲＡＳＳＥ", "strasse straße", "strasse") == [
        "Straße",
        "ＳＴＲＡＳＳＥ",
    ]
    assert highlighted("デー", "ﾃﾞｰﾀのデータ") == ["ﾃﾞｰ", "デー"]
    assert highlighted("laun*", "👩‍🚀 Launched relaunch launch") == ["Launched", "launch"]


def test_runs_are_highlighted_where_all_of_it_stands() -> None:
    assert highlighted("テスト", "テストとテスとスト") == ["テスト"]
    assert highlighted("ああ", "あああああ") == ["あああああ"]
    assert highlighted("日本 or 本語", "日本語") == ["日本語"]


def test_what_is_excluded_is_not_highlighted() -> None:
    assert Highlighter('red -ship -"blue boat"').expression == "'red'"
    assert highlighted("本 -日本", "日本の本") == ["本", "本"]


@given(TEXTS, TEXTS)
def test_highlights_are_in_order_and_without_them_the_text_is_what_it_was(query: str, text: str) -> None:
    words = words_of(text)
    places = Highlighter(f"{query} {text}").highlights(words, comparable_words(words))
    parts, end = [], 0
    for place in places:
        assert end <= place.start < place.end <= len(text)
        parts += [text[end : place.start], text[place.start : place.end]]
        end = place.end
    assert "".join([*parts, text[end:]]) == text


def test_highlights_are_the_first_so_many() -> None:
    places = Highlighter("a").highlights(words_of("a " * 5_000), {"a"})
    assert [place.start for place in places] == list(range(0, 2 * MAX_HIGHLIGHTS, 2))

"""The words of texts: their characters, their folding, and their places."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import search_vector
from domain import search_words
from domain.search_words import capitals_are_plain, fold, words_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
ASSIGNED = [
    chr(code) for code in range(0x80, sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")
]


def matching(characters: str) -> list[str]:
    """Returns the assigned characters beyond ASCII of a class."""
    pattern = re.compile(f"[{characters}]")
    return [character for character in ASSIGNED if pattern.match(character)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Write to help.desk@example.com", ["write", "to", "help", "desk", "example", "com"]),
        ("rate_limit 3.11 it's re-launch", ["rate", "limit", "3", "11", "it", "s", "re", "launch"]),
        ("Le café À ZÜRICH", ["le", "cafe", "a", "zurich"]),
        ("Straße, STRASSE, STRAẞE", ["strasse"] * 3),
        ("Æsop Œuvre Øre Łódź đẹp", ["aesop", "oeuvre", "ore", "lodz", "dep"]),
        ("İstanbul ISPARTA ısparta", ["istanbul", "isparta", "isparta"]),
        ("ﬁnal ＦＵＬＬ １２ ½ ㎏", ["final", "full", "12", "1", "2", "kg"]),
        ("Он идёт й", ["он", "идет", "и"]),
        ("ΟΔΟΣ οδός", ["οδοσ", "οδοσ"]),
        ("مُحَمَّد محـمد أحمد", ["محمد", "محمد", "احمد"]),
        ("שָׁלוֹם", ["שלום"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("optim… “quoted” – dash", ["optim", "quoted", "dash"]),
        ("soft\u00adhyphen می\u200cخواهم", ["softhyphen", "ميخواهم"]),
        ("👩‍🚀 go", ["go"]),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert [word.folded for word in words_of(text)] == words


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("テスト", ["テ", "ス", "ト"]),
        ("ﾃﾞｰﾀ", ["デ", "ー", "タ"]),
        ("น้ำ", ["น้ํ", "า"]),
        ("회의를", ["회", "의", "를"]),
        ("か\u3099き", ["が", "き"]),
    ],
)
def test_scripts_without_blanks_are_runs_of_characters(text: str, characters: list[str]) -> None:
    (run,) = words_of(text)
    assert [character.folded for character in run.characters] == characters
    assert (run.characters[0].start, run.characters[-1].end) == (0, len(text))


def test_a_run_ends_where_another_script_begins() -> None:
    words = words_of("第3回GDP会議")
    assert [(word.text, len(word.characters)) for word in words] == [
        *(("第", 1), ("3", 0), ("回", 1), ("GDP", 0), ("会議", 2))
    ]


@given(TEXTS)
def test_words_stand_where_they_are_said_to(text: str) -> None:
    words = words_of(text)
    assert [word.start for word in words] == sorted(word.start for word in words)
    for word in words:
        assert 0 <= word.start < word.end <= len(text)
        assert word.folded in "".join(part.folded for part in words_of(text[word.start : word.end]))
        for part in word.characters:
            assert word.start <= part.start < part.end <= word.end


@given(TEXTS)
def test_folding_is_the_same_for_all_forms_of_a_text(text: str) -> None:
    folded = [word.folded for word in words_of(text)]
    for form in ("NFC", "NFD", "NFKC"):
        assert [word.folded for word in words_of(unicodedata.normalize(form, text))] == folded


@given(TEXTS)
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    for word in words_of(text):
        assert fold(word.folded) == word.folded


def test_all_in_capitals_say_nothing() -> None:
    assert capitals_are_plain(words_of("THE SHIP"))
    assert not capitals_are_plain(words_of("IT"))
    assert not capitals_are_plain(words_of("the IT team"))
    assert not capitals_are_plain(words_of("我们的IT部门"))


@pytest.mark.slow
def test_separators_are_no_letters() -> None:
    for character in matching(search_words.SEPARATORS):
        if unicodedata.normalize("NFKC", character) == character and character != "ⸯ":
            assert unicodedata.category(character)[0] not in "LM", f"{ord(character):x}"
    classes = (search_words.PAIRED, search_words.MARKS_OF_PAIRED, search_words.INVISIBLE, search_words.ACCENTS)
    for characters in classes:
        assert not set(matching(search_words.SEPARATORS)) & set(matching(characters))


def test_frequent_punctuation_separates_words_in_every_form() -> None:
    for character in matching(search_words.PUNCTUATION):
        assert words_of(f"a{character}b") == words_of("a b")


def test_what_need_not_be_normalized_is_normalized() -> None:
    seconds = {
        unicodedata.decomposition(character).split()[1]
        for character in ASSIGNED
        if re.fullmatch(r"\w+ \w+", unicodedata.decomposition(character))
        and unicodedata.normalize("NFC", character) == character
    }
    others = set(matching(search_words.SEPARATORS + search_words.INVISIBLE))
    for character in matching(search_vector._NORMALIZED):
        assert unicodedata.normalize("NFKC", character) == character
        assert unicodedata.combining(character) == 0
        assert f"{ord(character):04X}" not in seconds
        assert character not in others


def test_what_need_not_be_folded_is_folded() -> None:
    for character in matching(search_vector._WITHOUT_ACCENTS):
        if unicodedata.normalize("NFKC", character) == character == character.lower():
            assert fold(character) == character

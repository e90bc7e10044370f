"""Queries: their terms, and the expressions by which PostgreSQL looks for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.search_query import ENDINGS, SearchQuery, capitals_are_plain_in, completions, expression


def read(text: str) -> list[list[str]]:
    """Returns the expressions of each alternative's terms; of those that are excluded, after a hyphen."""
    return [
        ["-" * term.is_excluded + expression(term, capitals_are_plain=capitals_are_plain_in(terms)) for term in terms]
        for terms in SearchQuery.read(text).alternatives
    ]


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        ("", []),
        ("!&|()-*", []),
        ("red ship", [["'red'", "'ship'"]]),
        ('"red ship"', [["'red' <-> 'ship'"]]),
        ('"red ship', [["'red' <-> 'ship'"]]),
        ("red or blue OR green", [["'red'"], ["'blue'"], ["'green'"]]),
        ('red -ship -"big boat"', [["'red'", "-'ship'", "-'big' <-> 'boat'"]]),
        ("follow-up and/or", [["'follow'", "'up'", "'and'"]]),
        ("help.desk rate_limit", [["'help' <-> 'desk'", "'rate' <-> 'limit'"]]),
        ("kube* -laun*", [["'kube':*", "-'laun':*"]]),
        ("Él* k* 1e5x*", [["'el':*", "'k'", "'1e5x':*"]]),
        ("help.de*", [["'help' <-> 'de':*"]]),
        ('"kube*" ku*be', [["'kube'", "'ku' <-> 'be'"]]),
        ("café", [["('cafe' | 'café')"]]),
        ("the IT team", [["'the'", "('it' | '0it')", "'team'"]]),
        ("IT or THE SHIP", [["('it' | '0it')"], ["'the'", "'ship'"]]),
        ("テスト", [["'テス' <-> 'スト'"]]),
        ("猫", [["'猫':*"]]),
        ("第3回", [["'第' <-> '3' <-> '回'"]]),
        ("東京3回目", [["'東京' <-> '京' <-> '3' <-> '回' <-> '回目'"]]),
    ],
)
def test_queries_are_terms(text: str, expressions: list[list[str]]) -> None:
    assert read(text) == expressions


@given(st.text(max_size=50))
def test_anything_is_a_query(text: str) -> None:
    for terms in SearchQuery.read(text).alternatives:
        assert terms
        for term in terms:
            assert term.words
            assert expression(term, capitals_are_plain=False).count("'") % 2 == 0


def test_a_prefix_is_completed_by_the_ends_of_endings() -> None:
    ((term,),) = SearchQuery.read("deploym*").alternatives
    assert {"deploym", "deployment", "deployments"} <= set(completions(term).split())
    assert len(ENDINGS) == len(set(ENDINGS)) < 400
    ((other,),) = SearchQuery.read("deployment").alternatives
    assert completions(other) == ""

"""The query of a search: words, "phrases", -exclusions, alternatives joined by `or`, and beginnings of words*.

A query is alternatives of terms that must all match, or must not if they are excluded. A term is what stands between blanks or
quotation marks: one word, or several that must follow each other.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from domain.search_words import Word, acronym_lexeme, capitals_are_plain, fold, may_be_acronym, words_of

MIN_PREFIX_CHARS = 2
"""The fewest characters before a star. A shorter word is looked for as it is."""

_SUFFIXES = """
    abilities ability ables ably ances ants ations ational ators atives ating ated edly ences ents ers ements fullness fulness
    fully ibilities ibility ibles ibly icals ically icities ies ied ingly ings ions isms ists ities ively iveness ives
    izations izers izes izing ized isations isers ises ising ised lessly lessness ments nesses ors ously ousness ally alism
    ality alities y es ed lings ships
    ungen lichen liche licher keiten heiten ischen ische erin innen ern em en est
    issements ateurs atrices euses eurs iques ement ees er ez ons aient ait ant
    aciones acion idades idad mente amente ando iendo ados adas idos idas cao coes
    zioni zione amento imenti ita ato ati ate heden ingen arna orna ande het
"""
ENDINGS = sorted({suffix[start:] for suffix in _SUFFIXES.split() for start in range(len(suffix))})
"""Ends of words, of which stemmers cut off more than stands after a prefix: "universit" + "y" has the stem "univers"."""

_BLANKS = re.compile(r"[</@]|(?<=[^\s\"])-")
"""The characters that separate terms. A hyphen before a term excludes it."""
_TERM = re.compile(r'(?P<hyphens>(?:-[\s!&|():]*)*)(?:"(?P<phrase>[^"]*)(?:"|$)|(?P<plain>[^\s"!&|():]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """One or several words that must follow each other; with `is_prefix`, any that begin like the last one."""

    words: tuple[Word, ...]
    is_excluded: bool
    is_prefix: bool

    @property
    def prefix(self) -> str | None:
        """Returns the beginning of the words to find, if that is all that the term asks for."""
        (word, *others) = self.words
        if not self.is_prefix or others or word.characters or not word.folded.isalpha():
            return None
        return word.folded


@dataclass(frozen=True)
class SearchQuery:
    """The alternatives of a query, each with its terms."""

    alternatives: tuple[tuple[Term, ...], ...]

    @classmethod
    def read(cls, text: str) -> "SearchQuery":
        """Reads a query. Anything is one: what cannot be understood is words or blanks."""
        return cls(tuple(tuple(terms) for terms in _alternatives(text)))

    @cached_property
    def included(self) -> list[Term]:
        """The terms that a segment is found by."""
        return [term for terms in self.alternatives for term in terms if not term.is_excluded]


def _alternatives(text: str) -> Iterator[list[Term]]:
    terms: list[Term] = []
    for match in _TERM.finditer(_BLANKS.sub(" ", text)):
        if match[0].lower() == "or" and terms:
            yield terms
            terms = []
        else:
            terms += _terms(match)
    if terms:
        yield terms


def _terms(match: re.Match[str]) -> Iterable[Term]:
    phrase, plain = match["phrase"], match["plain"]
    text = plain if phrase is None else phrase
    words = words_of(text)
    if words:
        last = words[-1]
        is_prefix = plain is not None and text[last.end : last.end + 1] == "*"
        is_prefix = is_prefix and (last.characters != () or len(last.folded) >= MIN_PREFIX_CHARS)
        yield Term(tuple(words), match["hyphens"].count("-") % 2 == 1, is_prefix)


def expression(term: Term, *, capitals_are_plain: bool) -> str:
    """Returns the term as an expression of PostgreSQL's `to_tsquery`; a prefix as one that is cast to a query."""
    if term.prefix is not None:
        return f"'{term.prefix}':*"
    operands: list[str] = []
    last = len(term.words) - 1
    for nth, word in enumerate(term.words):
        if word.characters:
            operands += _pairs(word, follows=nth > 0, goes_on=nth < last)
        else:
            suffix = ":*" if term.is_prefix and nth == last else ""
            forms = [f"'{form}'{suffix}" for form in forms_of(word, capitals_are_plain=capitals_are_plain)]
            operands.append(forms[0] if len(forms) == 1 else f"({' | '.join(forms)})")
    return " <-> ".join(operands)


def completions(term: Term) -> str:
    """Returns words that begin as the term's prefix does, the most frequent endings put to it; none if it has no prefix."""
    return " ".join(term.prefix + ending for ending in ("", *ENDINGS)) if term.prefix is not None else ""


def forms_of(word: Word, *, capitals_are_plain: bool) -> tuple[str, ...]:
    """Returns what the index has for a word: folded, with its accents, and as an acronym."""
    return _forms(word.text, capitals_are_plain)


@lru_cache(maxsize=10_000)
def _forms(text: str, capitals_are_plain: bool) -> tuple[str, ...]:
    forms = dict.fromkeys((fold(text), text.lower()))
    if not capitals_are_plain and may_be_acronym(text):
        forms[acronym_lexeme(text)] = None
    return tuple(form for form in forms if form)


def _pairs(run: Word, *, follows: bool, goes_on: bool) -> list[str]:
    """Returns the pairs of a run's characters. Where a word stands before or after it, the run begins or ends there.

    The index has the first and the last character of each run on their own, too.
    """
    characters = [character.folded for character in run.characters]
    pairs = [f"'{first}{second}'" for first, second in pairwise(characters)]
    first = [f"'{characters[0]}'"] if follows else []
    last = [f"'{characters[-1]}'"] if goes_on else []
    return [*first, *pairs, *last] or [f"'{characters[0]}':*"]


def capitals_are_plain_in(terms: Iterable[Term]) -> bool:
    """Checks that all terms of an alternative are written in capitals."""
    return capitals_are_plain([word for term in terms for word in term.words])

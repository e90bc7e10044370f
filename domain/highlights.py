"""The places of a query's words in a text."""

from collections.abc import Collection, Iterator, Mapping

from domain.search import MAX_HIGHLIGHTS, Highlight
from domain.search_query import SearchQuery, capitals_are_plain_in, forms_of
from domain.search_words import Word, capitals_are_plain


class Highlighter:
    """Finds the words of a query that are not excluded. Words of a phrase are found wherever they stand.

    The database compares words of scripts that are not compared by pairs, by their stems.
    """

    def __init__(self, query: str) -> None:
        prefixes: list[str] = []
        self._runs: list[list[str]] = []
        forms: dict[str, None] = {}
        for terms in SearchQuery.read(query).alternatives:
            are_plain = capitals_are_plain_in(terms)
            for term in terms:
                if term.is_excluded:
                    continue
                for word in term.words:
                    if word.characters:
                        self._runs.append(_folded_characters(word))
                    else:
                        forms |= dict.fromkeys(forms_of(word, capitals_are_plain=are_plain))
                if term.is_prefix and not term.words[-1].characters:
                    prefixes.append(term.words[-1].folded)
        self._prefixes = tuple(prefixes)
        self.expression = " | ".join(f"'{form}'" for form in forms)
        """The words, as an expression of PostgreSQL's `to_tsquery`."""

    def highlights(self, words: list[Word], matching: Collection[str]) -> list[Highlight]:
        """Returns the first places in the text that has these words. `matching` are the `comparable` words found."""
        are_plain = capitals_are_plain(words)
        places: list[tuple[int, int]] = []
        for word in words:
            if len(places) >= MAX_HIGHLIGHTS:
                break
            if word.characters:
                places += self._places_in_run(word)
            elif comparable(word, capitals_are_plain=are_plain) in matching or self._has_prefix(word):
                places.append((word.start, word.end))
        return [Highlight(start, end) for start, end in _joined(places)][:MAX_HIGHLIGHTS]

    def highlights_of_all(
        self, words: Mapping[str, list[Word]], matching: Collection[str]
    ) -> dict[str, list[Highlight]]:
        """Returns the places in each text."""
        return {text: self.highlights(each, matching) for text, each in words.items()}

    def _has_prefix(self, word: Word) -> bool:
        return bool(self._prefixes) and word.folded.startswith(self._prefixes)

    def _places_in_run(self, run: Word) -> list[tuple[int, int]]:
        characters = _folded_characters(run)
        return sorted(
            (run.characters[start].start, run.characters[start + len(sought) - 1].end)
            for sought in self._runs
            for start in _starts(characters, sought)
        )


def comparable(word: Word, *, capitals_are_plain: bool) -> str:
    """Returns the word in all forms that the index has, as a text for PostgreSQL's `to_tsvector`."""
    return " ".join(forms_of(word, capitals_are_plain=capitals_are_plain))


def comparable_words(words: list[Word]) -> set[str]:
    """Returns the words of a text that the database compares."""
    are_plain = capitals_are_plain(words)
    return {comparable(word, capitals_are_plain=are_plain) for word in words if not word.characters}


def _folded_characters(run: Word) -> list[str]:
    return [character.folded for character in run.characters]


def _starts(characters: list[str], sought: list[str]) -> Iterator[int]:
    last = len(characters) - len(sought)
    return (
        start
        for start in range(last + 1)
        if characters[start] == sought[0] and characters[start : start + len(sought)] == sought
    )


def _joined(places: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yields the places in order, and joins places that overlap."""
    current: tuple[int, int] | None = None
    for start, end in places:
        if current is None or start >= current[1]:
            if current is not None:
                yield current
            current = (start, end)
        else:
            current = (current[0], max(end, current[1]))
    if current is not None:
        yield current

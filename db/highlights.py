"""The words of a query in a text, as PostgreSQL marks them.

The index takes some characters for blanks (see `search_vector` in `db.tables`), and the texts and queries that are compared
with it must do the same.
"""

import re
from itertools import islice

from domain.search import MAX_HIGHLIGHTS, Highlight

BLANK_CHARACTERS = "</@-"
"""The characters that the index takes for blanks. PostgreSQL would take what follows them for a tag, or join two words."""
MARKS = "\ufdd0\ufdd1"
"""The characters that PostgreSQL puts before and after each word found. They belong to no script."""

_MARKED = re.compile(f"{MARKS[0]}[^{MARKS}]*{MARKS[1]}")
_ALL_PAIRED = re.compile(f"[^{MARKS}]*(?:{_MARKED.pattern}[^{MARKS}]*)*+")
_TO_BLANKS = dict.fromkeys(map(ord, BLANK_CHARACTERS + MARKS), " ")
_BLANKS_IN_QUERY = re.compile(r"[</@]|(?<=[^\s\"])-")
"""The blank characters in a query, where a hyphen before a word excludes the word."""


def indexed_query(query: str) -> str:
    """Returns the query with blanks for the characters that the index takes for blanks."""
    return _BLANKS_IN_QUERY.sub(" ", query)


def indexed_text(text: str) -> str:
    """Returns the text, as long as it is, with blanks for the characters that the index takes for blanks, and for `MARKS`."""
    return text.translate(_TO_BLANKS)


def highlights(marked: str, text: str) -> list[Highlight]:
    """Returns the places in the text of the first words between `MARKS`, in order.

    There are none if the marked text, without its marks, is not as long as the text.
    """
    if not _ALL_PAIRED.fullmatch(marked) or len(marked) - 2 * marked.count(MARKS[0]) != len(text):
        return []
    found = (
        # The marks of the words before it, and its own first mark, stand in front of each word.
        Highlight(match.start() - 2 * nth, match.end() - 2 * nth - 2)
        for nth, match in enumerate(_MARKED.finditer(marked))
    )
    return list(islice((highlight for highlight in found if highlight.start < highlight.end), MAX_HIGHLIGHTS))

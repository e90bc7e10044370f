"""Declares the limits of documents as numbers. It imports no GraphQL, because the settings take their defaults from here."""

from typing import NamedTuple

CHARS_PER_TOKEN = 25
"""The characters that a document may have for each token that it may have: room for texts, and for much white space."""
MAX_COMMENTS = 500
MAX_ALIASES = 200
"""This and the following limits count a document written out: a fragment counts each time that it is used."""
MAX_DIRECTIVES = 100
MAX_OPERATIONS = 50
MAX_NESTING = 200
"""The nesting of selection sets, including those of fragments, which add nothing to the depth."""
MAX_MERGES = 3_000
"""The comparisons of fields that stand at the same place of the answer under the same name."""
CHARS_PER_COMPARISON = 8
"""The characters of arguments that take as long to compare as a field."""


class Limits(NamedTuple):
    """Holds the limits of one request."""

    max_cost: int = 100_000
    """The cost of an operation, in fields of one row; see `schema.field_declarations.Cost`."""
    max_depth: int = 15
    """The nesting of fields."""
    max_tokens: int = 2_000
    """The tokens of a document, and the fields that it may have, written out."""

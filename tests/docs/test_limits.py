"""The figures in the text of docs/limits.md are those of the code."""

import re

from graphql import Lexer, Source, TokenKind

from schema.schema import schema
from server.wire.graphql_files import OPERATIONS
from tests.harness.markdown import ROOT, markdown_page

TEXT = " ".join((ROOT / "docs/limits.md").read_text(encoding="utf-8").split())


def number_after(words: str) -> int:
    """Returns the number that follows some words in the page."""
    found = re.search(rf"{re.escape(words)} ([\d,]*\d)", TEXT)
    assert found, words
    return int(found[1].replace(",", ""))


def test_the_cost_of_the_example() -> None:
    (example,) = (
        block for block in markdown_page("docs/limits.md").blocks_in("graphql") if block.section == "The cost"
    )
    prepared = schema.documents.prepare(example.text)
    (operation,) = prepared.costs.values()
    cost = schema.documents.cost(operation, {})
    assert cost == number_after("For example, this costs")


def test_the_largest_document() -> None:
    assert max(tokens(path.read_text()) for path in OPERATIONS.glob("*.graphql")) == number_after(
        "The largest document in [`graphql/operations/`](../graphql/operations) has"
    )


def tokens(document: str) -> int:
    lexer = Lexer(Source(document))
    count = 0
    while lexer.advance().kind is not TokenKind.EOF:
        count += lexer.token.kind is not TokenKind.COMMENT
    return count

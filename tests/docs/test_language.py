"""The pages use the field's words, and none of the names that parts of the code once had."""

import re

import pytest

from tests.harness.markdown import ROOT, page_names

FORMER_NAMES = {
    "bell": "change notifier",
    "gate": "pool",
    "handed back": "left to graphql-core",
    "heads": "headers",
    "rings?": "notification",
    "rung": "notified",
    "surprises?": "fallback",
    "tails?": "feed",
}
"""Words that only this project used, and those to use instead."""


@pytest.mark.parametrize("name", page_names())
def test_a_page_uses_no_private_word(name: str) -> None:
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {word: instead for word, instead in FORMER_NAMES.items() if re.search(rf"\b{word}\b", text, re.IGNORECASE)}
    assert found == {}

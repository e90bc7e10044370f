"""Makes text from outside safe to print: to a terminal, or to a log that somebody reads in one."""

import unicodedata

_ESCAPED_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""The Unicode categories of characters that a terminal obeys, does not show, or breaks lines at."""


def printable(text: str, max_characters: int | None = None) -> str:
    """Returns the text with escapes for characters that would not be seen as themselves; a tab stays.

    A text that is longer than `max_characters` is cut before it is escaped, and ends in an ellipsis.
    """
    if max_characters is not None and len(text) > max_characters:
        text = text[: max_characters - 1] + "…"
    return text if text.isprintable() else "".join(map(_printable_character, text))


def _printable_character(char: str) -> str:
    if char == "\t" or unicodedata.category(char) not in _ESCAPED_CATEGORIES:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

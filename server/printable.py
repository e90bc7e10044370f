"""Makes text from outside safe to print: to a terminal, or to a log that somebody reads in one."""

import unicodedata

_ESCAPED_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories of characters that a terminal obeys, does not show, or breaks lines at."""


def printable(text: str) -> str:
    """Returns the text with escapes for characters that would not be seen as themselves; a tab stays."""
    return "".join(
        _escape(char) if char != "\t" and unicodedata.category(char) in _ESCAPED_CATEGORIES else char for char in text
    )


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

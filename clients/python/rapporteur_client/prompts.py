"""Renders prompts as the server's `renderPrompt` does, so that a worker can while the server is away.

`{{name}}` stands for the value of a variable. White space inside the braces is allowed. A name is a letter or an underscore,
followed by letters, digits and underscores of any script, with their combining marks, at most 100 characters; names are
compared in Unicode's normal form C. Anything else in double braces is ordinary text.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping

from rapporteur_client.errors import RapporteurError

MAX_NAME_CHARS = 100

_PLACEHOLDER = re.compile(r"\{\{\s*([^\s{}]{1,400})\s*\}\}")
_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_JOINERS = "\u200c\u200d"
"""ZERO WIDTH NON-JOINER and JOINER, which words of Persian and of many Indic scripts contain."""


class PromptError(RapporteurError, ValueError):
    """Variables are missing or unknown, or a value is not one; the message names them."""


def _variable_name(text: str) -> str | None:
    """Returns the name of the variable in normal form C, or None if the text is no name."""
    if not _PLAIN_NAME.fullmatch(text):
        letters = "".join(char for char in text if unicodedata.category(char)[0] != "M" and char not in _JOINERS)
        if letters[:1] != text[:1] or not _PLAIN_NAME.fullmatch(letters):
            return None
    name = unicodedata.normalize("NFC", text)
    return name if len(name) <= MAX_NAME_CHARS else None


def render(prompts: Iterable[str], variables: Mapping[str, str | float | bool]) -> list[str]:
    """Returns the prompts with the values of exactly their variables. Raises PromptError with every problem."""
    templates = list(prompts)
    found = (_variable_name(match[1]) for template in templates for match in _PLACEHOLDER.finditer(template))
    needed = dict.fromkeys(name for name in found if name is not None)
    given = {unicodedata.normalize("NFC", name): value for name, value in variables.items()}
    problems = [f"{name} is missing" for name in needed if name not in given]
    problems += [f"{name} is unknown: the prompts do not have it" for name in given if name not in needed]
    texts = {}
    for name, value in given.items():
        try:
            texts[name] = _inserted(value)
        except ValueError:
            problems.append(f"{name} must be a text, a finite number or a boolean")
    if problems:
        raise PromptError("; ".join(problems))

    def replaced(match: re.Match[str]) -> str:
        name = _variable_name(match[1])
        return match[0] if name is None else texts[name]

    return [_PLACEHOLDER.sub(replaced, template) for template in templates]


def _inserted(value: object) -> str:
    """Returns the text that is inserted for a value. Raises ValueError."""
    if isinstance(value, str):
        return value
    if not isinstance(value, bool | int | float):
        raise ValueError
    return json.dumps(value, allow_nan=False)

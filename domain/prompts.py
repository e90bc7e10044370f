"""Prompts as templates: `{{name}}` stands for the value of a variable.

White space inside the braces is allowed. A name is a letter or underscore and then letters, digits and underscores, of any
script, 100 characters at most. Whatever else stands in double braces (`{{#if}}`, `{{a.b}}`, JSON) is text as any other.
A template can do nothing but this: there are no expressions, no attributes, no escapes, and values are not read again.
"""

import math
import re
from collections.abc import Iterable, Mapping
from string import Template
from typing import Any, ClassVar

import orjson

from domain.validation import Check, Violation, storable

MAX_VARIABLES = 1_000
"""Of one rendering."""
MAX_VARIABLE_NAME_CHARS = 100
"""Characters."""
MAX_RENDERED_CHARS = 1_000_000
"""Characters of one rendered prompt."""

_text = storable(MAX_RENDERED_CHARS)


class Prompt(Template):
    """The standard library's template with braces. Repeats are possessive, so that no text takes more than linear time."""

    flags = re.RegexFlag(0)
    pattern: ClassVar[Any] = rf"""
        \{{\{{ \s*+ (?P<named> [^\W\d] \w{{0,{MAX_VARIABLE_NAME_CHARS - 1}}}+ ) \s*+ \}}\}}
        | (?P<escaped> (?!)) | (?P<braced> (?!)) | (?P<invalid> (?!))
    """

    def get_identifiers(self) -> list[str]:
        """The names, each once, as they first appear. (The inherited method takes quadratic time.)"""
        return list(dict.fromkeys(match["named"] for match in self.pattern.finditer(self.template)))

    def rendered_length(self, values: Mapping[str, str]) -> int:
        """Characters of what `substitute` would give."""
        places = self.pattern.finditer(self.template)
        return len(self.template) + sum(len(values[place["named"]]) - len(place[0]) for place in places)


def variables_of(*prompts: str) -> list[str]:
    """The variables of all these prompts, each once, as they first appear."""
    return list(dict.fromkeys(name for prompt in prompts for name in Prompt(prompt).get_identifiers()))


def render(prompts: Iterable[str], variables: Any) -> list[str]:
    """The prompts with the values of their variables, which must be given exactly: none missing, none unknown.

    Texts go in as they are, numbers and booleans as JSON writes them. Raises InvalidInput, with all that is wrong.
    """
    check = Check()
    given = check.value(_object, {} if variables is None else variables, "variables")
    check.done()
    templates = [Prompt(prompt) for prompt in prompts]
    wanted = variables_of(*(template.template for template in templates))
    if len(wanted) > MAX_VARIABLES:
        check.add("variables", f"cannot be given: the prompts have {len(wanted):,}, more than {MAX_VARIABLES:,}")
        check.done()
    for name in wanted:
        if name not in given:
            check.add("variables", "is missing: the prompts have it", key=name)
    known, values = set(wanted), dict[str, str]()
    for name, value in given.items():
        if len(name) > MAX_VARIABLE_NAME_CHARS:
            check.add(
                "variables",
                f"must have names of at most {MAX_VARIABLE_NAME_CHARS} characters, has one of {len(name):,}",
            )
        elif name not in known:
            check.add("variables", "is unknown: the prompts do not have it", key=name)
        else:
            values[name] = check.value(_written, value, "variables", key=name)
    check.done()
    for template in templates:
        length = template.rendered_length(values)
        if length > MAX_RENDERED_CHARS:
            check.add(
                "variables", f"must make prompts of at most {MAX_RENDERED_CHARS:,} characters, make one of {length:,}"
            )
    check.done()
    return [template.substitute(values) for template in templates]


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Violation("must be a JSON object")
    if len(value) > MAX_VARIABLES:
        raise Violation(f"must be at most {MAX_VARIABLES:,}, are {len(value):,}")
    return value


def _written(value: Any) -> str:
    """A rule: the value of a variable. Gives it as text."""
    if isinstance(value, str):
        return _text(value)  # type: ignore[no-any-return]
    if not isinstance(value, bool | int | float):
        raise Violation("must be a text, a number or a boolean")
    if isinstance(value, float) and not math.isfinite(value):
        raise Violation("must be a finite number")
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise Violation("must not be a whole number beyond 64 bits: give it as a text")
    return orjson.dumps(value).decode()

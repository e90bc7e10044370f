"""Slugs: the readable keys of agents and variants."""

import hashlib
import re
from collections.abc import Collection
from itertools import count
from typing import Annotated

import slugify as python_slugify

from domain.rules import Violation

MAX_SLUG_CHARS = 80
MAX_SUFFIX_CHARS = 8
"""The space that a slug made of a name leaves for the suffix of `free_slug`."""
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def slugify(name: str) -> str:
    """Returns the slug of a name: deterministic, lowercase kebab-case, never empty.

    Other scripts are transliterated. The slug of a name without any usable character, such as one of emoji, is a short hash
    of the name, so that two such names still differ.
    """
    slug: str = python_slugify.slugify(
        name,
        entities=False,  # a name is not HTML, and the library raises for some character references
        decimal=False,
        hexadecimal=False,
        max_length=MAX_SLUG_CHARS - MAX_SUFFIX_CHARS,
        word_boundary=True,
    )
    if _SLUG.fullmatch(slug):
        return slug
    return "x-" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def free_slug(base: str, taken: Collection[str]) -> str:
    """Returns `base`, or the first of `base-2`, `base-3`, ... that is not taken."""
    if base not in taken:
        return base
    return next(slug for number in count(2) if (slug := f"{base}-{number}") not in taken)


def slug(value: object) -> str:
    """Accepts a slug."""
    if isinstance(value, str) and len(value) <= MAX_SLUG_CHARS and _SLUG.fullmatch(value):
        return value
    raise Violation(
        f"must be lowercase letters and digits in groups joined by single hyphens, at most {MAX_SLUG_CHARS} characters,"
        " such as meeting-scribe"
    )


Slug = Annotated[str, slug]

"""Slugs: the readable keys of agents and variants."""

import hashlib
import re
from collections.abc import Collection
from itertools import count

import slugify as python_slugify

from domain.validation import Violation

MAX_SLUG_CHARS = 80
MAX_SUFFIX_CHARS = 8
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def slugify(name: str) -> str:
    """The slug of a name: deterministic, lowercase kebab-case, never empty.

    Other scripts are transliterated. A name with nothing to keep (only emoji, say) gets a short hash of itself, so that
    two such names still differ.
    """
    slug: str = python_slugify.slugify(
        name,
        entities=False,  # a name is not HTML; and some references make the library raise
        decimal=False,
        hexadecimal=False,
        max_length=MAX_SLUG_CHARS - MAX_SUFFIX_CHARS,
        word_boundary=True,
    )
    if _SLUG.fullmatch(slug):
        return slug
    return "x-" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def free_slug(base: str, taken: Collection[str]) -> str:
    """`base`, or the first of `base-2`, `base-3`, ... that is not taken."""
    if base not in taken:
        return base
    return next(slug for number in count(2) if (slug := f"{base}-{number}") not in taken)


def slug(value: object) -> str:
    """A rule: a slug as callers may give it."""
    if isinstance(value, str) and len(value) <= MAX_SLUG_CHARS and _SLUG.fullmatch(value):
        return value
    raise Violation(
        f"must be lowercase letters and digits in groups joined by single hyphens, at most {MAX_SLUG_CHARS} characters,"
        " such as meeting-scribe"
    )

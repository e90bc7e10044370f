"""Exceptions that end the fast path, so that graphql-core does the work instead.

The executor never makes an error of GraphQL itself and never propagates a null (6.4.4 Handling Execution Errors). Whatever is
raised while a value is coerced or completed, graphql-core begins again with that value and reports what is wrong with it.
"""

from typing import NoReturn


class FallbackRequired(Exception):
    """Reports that graphql-core must handle a value, because the value is wrong or of an unusual class."""


class NotPlannable(FallbackRequired):
    """Reports that graphql-core must handle a field or a type always, because of what the document asks for."""


def fall_back() -> NoReturn:
    """Raises FallbackRequired from within an expression of generated code."""
    raise FallbackRequired

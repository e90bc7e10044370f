"""The custom scalars, with the specifications that they keep to."""

from dataclasses import replace
from datetime import datetime

from strawberry.schema.types.base_scalars import DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

DATE_TIME = replace(
    DateTimeDefinition,
    description="A point in time with its offset from UTC, as RFC 3339 writes it: `2026-01-31T12:00:00.123456+00:00`.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
)
SCALARS: dict[object, ScalarDefinition] = {datetime: DATE_TIME}
"""The definitions in place of Strawberry's own. Its `JSON` names its specification (ECMA-404) already."""

"""Describes the settings to people: what the help of `rapporteur serve` and the tables of `docs/settings.md` say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin
from uuid import UUID

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic.fields import FieldInfo

from server.settings import GROUPS, Settings, Unit, option, variable

SWITCH = "true|false"
_KINDS: dict[object, str] = {
    bool: SWITCH,
    int: "integer",
    float: "number",
    str: "text",
    Path: "path",
    UUID: "UUID",
    tuple[str, ...]: "names",
}


class SettingReference(NamedTuple):
    """The facts about a setting that a person needs."""

    name: str
    group: str
    """The title of its group."""
    description: str
    """Sentences in Markdown, without what is below."""
    kind: str
    """The unit or the type of its values, such as `seconds` or `path`; the values themselves, where there are few."""
    range: str
    """The bounds of a number, or of a text's length, such as `1 to 64`; empty if there are none."""
    default: str
    """The default as it is written in the environment; empty if there is none."""
    flags: tuple[str, ...]
    """The options: two of them for a setting that is on or off, and not off by default."""

    @property
    def variable(self) -> str:
        """The environment variable."""
        return variable(self.name)


def settings_reference() -> Iterator[SettingReference]:
    """Yields all settings, group by group."""
    for title, group in GROUPS.items():
        for name in group.model_fields:
            field = Settings.model_fields[name]
            assert field.description, f"the setting {name} has no description"
            yield SettingReference(
                name=name,
                group=title,
                description=field.description,
                kind=_kind(field),
                range=_range(field.metadata),
                default=_default(field.default),
                flags=_flags(name, field),
            )


def _flags(name: str, field: FieldInfo) -> tuple[str, ...]:
    flag = option(name)
    return (flag, f"--no-{flag[2:]}") if _kind(field) == SWITCH and field.default is not False else (flag,)


def _kind(field: FieldInfo) -> str:
    for annotation in (*field.metadata, field.annotation, *get_args(field.annotation)):
        if isinstance(annotation, Unit):
            return annotation
        if get_origin(annotation) is Literal:
            return "|".join(get_args(annotation))
        if annotation in _KINDS:
            return _KINDS[annotation]
    raise TypeError(f"a type is not described: {field.annotation}")


def _range(metadata: list[object]) -> str:
    """Returns the bounds of a number, or of a text's length, in words."""
    lower: Any = None
    above: Any = None
    upper: Any = None
    for bound in metadata:
        match bound:
            case Ge(ge=value) | MinLen(min_length=value):
                lower = value
            case Gt(gt=value):
                above = value
            case Le(le=value) | MaxLen(max_length=value):
                upper = value
    if above is not None:
        words = f"above {above:,}" + (f", up to {upper:,}" if upper is not None else "")
    elif upper is not None:
        words = f"{lower or 0:,} to {upper:,}"
    else:
        words = f"from {lower:,}" if lower is not None else ""
    return f"{words} characters" if any(isinstance(bound, MaxLen) for bound in metadata) else words


def _default(value: object) -> str:
    match value:
        case None | ():
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case int() | str() | Path() | UUID():
            return str(value)
        case _:
            raise TypeError(f"a default is not described: {value!r}")

"""Makes dataclasses of the values that a caller sent, by the rules that the fields declare.

The annotation of a field says all about its values:

    name: Annotated[str, Text(200)]              the field is required, and has this rule
    config: AgentConfig                          the values of the field have rules of their own
    variants: Annotated[list[Variant], MaxItems(200)]
    is_final: bool                               booleans, times, enums and ids need no rule
    slug: Slug | None = None                     null is a value
    slug: Slug | Omitted = OMITTED               the field can be left out, and null is refused
    description: Description = ""                null asks for the default, as leaving out does
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import FunctionType, NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.errors import FieldProblem, InvalidInput
from domain.partial_updates import Omitted
from domain.rules import Member, Rule, Violation, boolean, moment, uuid

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
D = TypeVar("D", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class MaxItems:
    """Bounds the number of items of a list."""

    count: int


@dataclass(frozen=True, slots=True)
class Declaration:
    """The meaning of a field's annotation for the values of the field.

    A value is checked by the `rule`, or has `fields` of its own (a dataclass), or is a list of `items`.
    """

    type: type
    """The type of the values, without null and `Omitted`."""
    constraint: object = None
    """The object that states the rule, such as `Integer(0)`."""
    rule: Rule[object] | None = None
    items: "Declaration | None" = None
    max_items: int | None = None
    nullable: bool = False
    omittable: bool = False
    required: bool = True

    @property
    def refuses_null(self) -> bool:
        """Returns whether null is neither a value nor asks for the default."""
        return not self.nullable and (self.omittable or self.required)


class Problems:
    """The problems of one input, which are reported together.

    >>> problems = Problems()
    >>> name = problems.check(Text(200), 3, "input.name")
    >>> problems.raise_if_any()
    Traceback (most recent call last):
        ...
    domain.errors.InvalidInput: input.name: must be a text
    """

    def __init__(self) -> None:
        self._found: list[FieldProblem] = []

    def add(self, path: str, message: str, key: str | None = None) -> None:
        self._found.append(FieldProblem(path, message, key))

    def raise_if_any(self) -> None:
        """Raises InvalidInput with all problems, if there are any."""
        if self._found:
            raise InvalidInput(self._found)

    def check(self, rule: Rule[T], value: object, path: str, key: str | None = None) -> T:
        """Returns the value as the rule returns it.

        If the value breaks the rule, the problem is noted and the value comes back as it is: `raise_if_any` must be called
        before the result is used.
        """
        try:
            return rule(value)
        except Violation as violation:
            self.add(path, _message(violation, value), key)
            return cast(T, value)

    def parse(self, kind: type[D], values: Mapping[str, object], path: str = "") -> D | None:
        """Returns a `kind`, which is a dataclass, of the values by field name; None if there are problems.

        The values hold what the caller sent: a field that is not among them was left out.
        """
        declared, earlier = declarations(kind), len(self._found)
        arguments: dict[str, object] = {}
        for name, value in values.items():
            declaration = declared[name]
            rule = declaration.rule
            if value is None and not declaration.refuses_null:
                if declaration.nullable:
                    arguments[name] = None
            elif rule is None:
                arguments[name] = self._value(declaration, value, f"{path}.{name}" if path else name)
            else:
                try:
                    arguments[name] = rule(value)
                except Violation:
                    self.check(rule, value, f"{path}.{name}" if path else name)
        for name in _required(kind):
            if name not in values:
                self.add(f"{path}.{name}" if path else name, "is needed")
        return kind(**arguments) if len(self._found) == earlier else None

    def _value(self, declaration: Declaration, value: object, path: str) -> object:
        if declaration.rule is not None:
            return self.check(declaration.rule, value, path)
        if value is None:
            self.add(path, f"must not be null{': leave it out to change nothing' if declaration.omittable else ''}")
            return None
        if declaration.items is None:
            return self.parse(declaration.type, cast(Mapping[str, object], value), path)
        items = cast(Sequence[object], value)
        if declaration.max_items is not None and len(items) > declaration.max_items:
            self.add(path, f"must have at most {declaration.max_items:,} items, has {len(items):,}")
            return None
        return [self._value(declaration.items, item, f"{path}.{index}") for index, item in enumerate(items)]


def parse(kind: type[D], values: Mapping[str, object], path: str = "") -> D:
    """Returns a `kind` of the values, as `Problems.parse` does. Raises InvalidInput with every problem."""
    problems = Problems()
    parsed = problems.parse(kind, values, path)
    problems.raise_if_any()
    return cast(D, parsed)


def _message(violation: Violation, value: object) -> str:
    return "must not be null" if value is None else str(violation)


def checked(rule: Rule[T], value: object, path: str) -> T:
    """Returns the value as the rule returns it. Raises InvalidInput."""
    try:
        return rule(value)
    except Violation as violation:
        raise InvalidInput.of(path, _message(violation, value)) from None


@cache
def declarations(kind: "type[DataclassInstance]") -> dict[str, Declaration]:
    """Returns what each field of a dataclass declares, in the order of the fields. Raises TypeError if one has no rule."""
    hints, required = get_type_hints(kind, include_extras=True), _required(kind)
    return {name: declaration_of(hints[name], name in required) for name in (field.name for field in fields(kind))}


@cache
def _required(kind: "type[DataclassInstance]") -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING)


def declaration_of(hint: object, required: bool = True) -> Declaration:
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    # A type variable stands for what a generic dataclass has in place of a value: see `domain.configs`.
    (annotation,) = (each for each in members if each not in (NoneType, Omitted) and not isinstance(each, TypeVar))
    type_, *metadata = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
    rule: Rule[object] | None = next(filter(callable, metadata), None) or _rule_of(type_)
    is_list = rule is None and get_origin(type_) is list
    if rule is None and not is_list and not is_dataclass(type_):
        raise TypeError(f"no rule says what values of the type {type_} are valid")
    return Declaration(
        type=get_origin(type_) or type_,
        constraint=rule,
        rule=rule if rule is None or isinstance(rule, FunctionType) else rule.__call__,  # a method is called faster
        items=declaration_of(get_args(type_)[0]) if is_list else None,
        max_items=next((each.count for each in metadata if isinstance(each, MaxItems)), None),
        nullable=NoneType in members,
        omittable=Omitted in members,
        required=required,
    )


def _rule_of(type_: object) -> Rule[object] | None:
    """Returns the rule of a type whose values need no other, or None."""
    if isinstance(type_, NewType):
        return _rule_of(type_.__supertype__)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return Member(type_)
    rules: dict[object, Rule[object]] = {bool: boolean, datetime: moment, UUID: uuid}
    return rules.get(type_)

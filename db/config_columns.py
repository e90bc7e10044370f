"""The columns of a configuration, which agents and variants have both, made of what the domain declares."""

from typing import Any

from sqlalchemy import CheckConstraint, Column, Double, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from domain import rules
from domain.configs import AgentConfig
from domain.parameters import Parameters
from domain.validation import declarations

_CONFIG = declarations(AgentConfig)
_COLUMN_TYPES: dict[type, type[TypeEngine[Any]]] = {str: Text, float: Double, int: Integer, Parameters: JSONB}


def decode_parameters(value: dict[str, object] | None) -> Parameters | None:
    return None if value is None else Parameters(value)


PARAMETERS_DECODER = ("parameters", decode_parameters)


def config_columns(nullable: bool) -> list[Column[object]]:
    """Returns the columns. An agent has a value in each; in a variant, null inherits the agent's value.

    An agent's parameters have a default, as servers of before do not know the column.
    """
    defaults = {} if nullable else {"parameters": text("'{}'")}
    return [
        Column(name, _COLUMN_TYPES[declared.type], nullable=nullable, server_default=defaults.get(name))
        for name, declared in _CONFIG.items()
    ]


def config_checks() -> list[CheckConstraint]:
    """Returns the checks of the columns: the bounds of the numbers, no empty provider or model, and objects."""
    constraints = {name: declared.constraint for name, declared in _CONFIG.items()}
    ranges = [
        f"{name} BETWEEN {rule.minimum:g} AND {rule.maximum:g}"
        for name, rule in constraints.items()
        if isinstance(rule, rules.Number)
    ]
    counts = [f"{name} >= {rule.minimum}" for name, rule in constraints.items() if isinstance(rule, rules.Integer)]
    needed = [f"{name} <> ''" for name, declared in _CONFIG.items() if declared.required]
    return [
        CheckConstraint(" AND ".join(ranges), name="temperature"),
        CheckConstraint(" AND ".join(counts), name="counts"),
        CheckConstraint(" AND ".join(needed), name="model"),
        CheckConstraint("jsonb_typeof(parameters) = 'object'", name="parameters"),
    ]

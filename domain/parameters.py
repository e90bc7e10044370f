"""Parameters: what else a model takes beside the other fields of a configuration, such as `top_p`, `stop` or `tools`.

They are one JSON object. A variant's lie over its agent's as a JSON Merge Patch (RFC 7396).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from domain.json_objects import check_json_object, same_json
from domain.rules import StorableText, Violation

MAX_PARAMETERS_BYTES = 16 * 1024
"""The size of the parameters of one agent or variant, as compact JSON in UTF-8."""


class Parameters(dict[str, object]):
    """A JSON object. Python takes 1 and true for equal; this class does not."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and same_json(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


@dataclass(frozen=True, slots=True)
class ParametersRule:
    """Accepts a JSON object that PostgreSQL can hold and every JSON reader can read."""

    max_bytes: int

    def __call__(self, value: object) -> Parameters:
        text = StorableText(self.max_bytes)
        checked = check_json_object(value, max_values=self.max_bytes, text=text, key=_key)
        size = len(orjson.dumps(checked))
        if size > self.max_bytes:
            raise Violation(f"must have at most {self.max_bytes:,} bytes as compact JSON in UTF-8, has {size:,}")
        return Parameters(checked)


_name = StorableText(MAX_PARAMETERS_BYTES)


def _key(value: object) -> str:
    if value == "":
        raise Violation("must not have empty keys")
    return _name(value)


def merge_patch(target: Mapping[str, object], patch: Mapping[str, object]) -> Parameters:
    """Returns the target with the patch over it, by RFC 7396: keys replace, objects merge, and null takes a key away.

    `json_merge_patch` does the same in SQL: see `db.triggers`.
    """
    merged = Parameters(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            below = merged.get(key)
            merged[key] = dict(merge_patch(below if isinstance(below, dict) else {}, value))
        else:
            merged[key] = value
    return merged

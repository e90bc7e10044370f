"""JSON Merge Patch (RFC 7396)."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """Returns the target with the patch over it: keys replace, objects merge, null takes a key away. Changes neither."""
    if not isinstance(patch, Mapping):
        return deepcopy(patch)
    merged = deepcopy(dict(target)) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged

"""Parameters of models: RFC 7396 as it is written there, and objects that meet all of its cases."""

from typing import Any

from hypothesis import strategies as st

KEYS = st.sampled_from(["temperature", "max_tokens", "top_p", "tools", "ü"])
LEAVES = st.none() | st.booleans() | st.sampled_from([2, 0.25, -7, 2**53 - 1, "", "text", "null"])
PARAMETERS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=4,
    ),
    max_size=4,
)
"""Objects of few keys, so that two of them often share some."""


def merge_patch(target: Any, patch: Any) -> Any:
    """Merges as the pseudocode of RFC 7396, section 2, does."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            if name in result:
                del result[name]
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def lay_over(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Returns the configuration of the base with a variant's overrides, by the names of the API."""
    resolved = {name: base[name] if overrides[name] is None else overrides[name] for name in base}
    if overrides["parameters"] is not None:
        resolved["parameters"] = merge_patch(base["parameters"], overrides["parameters"])
    return resolved

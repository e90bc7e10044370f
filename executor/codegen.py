"""Compilation of generated functions."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from types import CodeType
from typing import Any

Namespace = dict[str, object]
"""The objects that the names in generated code stand for."""


def compile_function(name: str, parameter: str, body: Iterable[str], namespace: Namespace) -> Callable[[Any], Any]:
    """Compiles a function of one parameter.

    Args:
        name: The name of the function.
        parameter: The name of its parameter.
        body: The lines of its body, without the indentation of the body itself. No text of a client may get into them, except
            names of GraphQL as string literals.
        namespace: The global names of the function. It must belong to this function alone.
    """
    lines = "".join(f"    {line}\n" for line in body)
    exec(_compiled(f"def {name}({parameter}):\n{lines}"), namespace)
    function: Callable[[Any], Any] = namespace[name]  # type: ignore[assignment]  # `exec` has just defined it
    return function


@lru_cache(maxsize=1_000)
def _compiled(source: str) -> CodeType:
    """Returns the compiled source. Many selection sets have the same source."""
    return compile(source, "<executor>", "exec")

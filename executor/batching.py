"""Resolvers for many objects at once, of which those for one object are made."""

from collections.abc import Awaitable, Callable
from inspect import signature
from typing import Any, Concatenate, ParamSpec, TypeVar, get_args

R = TypeVar("R")
C = TypeVar("C")
V = TypeVar("V")
P = ParamSpec("P")


def batch_resolver(
    batch: Callable[Concatenate[list[R], C, P], Awaitable[list[V]]],
) -> Callable[Concatenate[R, C, P], Awaitable[V]]:
    """The resolver of one object, by a function that gives a value for each of some objects (of which none may be missing).

    An executor that has several objects at hand calls the function itself, which is the resolver's attribute `batch`. It may
    raise for all of them what is wrong with one: it is called again for each, then.
    """

    async def resolver(root: R, info: C, *args: P.args, **kwargs: P.kwargs) -> V:
        return (await batch([root], info, *args, **kwargs))[0]

    # What Strawberry reads of a resolver, in terms of one object.
    declared = signature(batch)
    roots, *others = declared.parameters.values()
    (of_one,) = get_args(roots.annotation)
    (value,) = get_args(declared.return_annotation)
    described: Any = resolver
    described.__signature__ = declared.replace(
        parameters=[roots.replace(name="root", annotation=of_one), *others], return_annotation=value
    )
    described.__annotations__ = {each.name: each.annotation for each in others} | {"root": of_one, "return": value}
    described.__name__, described.__module__, described.__doc__ = batch.__name__, batch.__module__, batch.__doc__
    described.batch = batch
    of_one_root: Callable[Concatenate[R, C, P], Awaitable[V]] = described
    return of_one_root

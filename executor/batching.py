"""Resolvers that are written once for many objects."""

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import signature
from typing import Concatenate, ParamSpec, TypeVar, get_args

R = TypeVar("R")
C = TypeVar("C")
V = TypeVar("V")
P = ParamSpec("P")


def batch_resolver_unless_read(
    attribute: str,
) -> Callable[[Callable[[list[R], C], Awaitable[list[V]]]], Callable[[R, C], Awaitable[V]]]:
    """Returns a decorator as `batch_resolver`, for a field without arguments whose value may have been read with the object.

    It then stands in this attribute of the object, which is None if it was not read. Where all objects have it, the executor
    takes it from there, without calling the batch function and without waiting.
    """

    def decorate(batch: Callable[[list[R], C], Awaitable[list[V]]]) -> Callable[[R, C], Awaitable[V]]:
        async def unless_read(roots: list[R], info: C) -> list[V]:
            read = [getattr(root, attribute) for root in roots]
            return await batch(roots, info) if any(value is None for value in read) else read

        resolver = batch_resolver(wraps(batch)(unless_read))
        vars(resolver)["attribute"] = attribute
        return resolver

    return decorate


def batch_resolver(
    batch: Callable[Concatenate[list[R], C, P], Awaitable[list[V]]],
) -> Callable[Concatenate[R, C, P], Awaitable[V]]:
    """Makes a batch function into a resolver for one object, which Strawberry and graphql-core know how to call.

    The executor calls the batch function itself, which it finds as the attribute `batch` of the resolver.

    Args:
        batch: Takes a list of objects, `info` and the arguments of the field, and returns a value for each object, in their
            order. It may raise an exception for all objects because of one: it is then called again for each object alone.
    """

    async def resolver(root: R, info: C, *args: P.args, **kwargs: P.kwargs) -> V:
        return (await batch([root], info, *args, **kwargs))[0]

    # Strawberry reads the signature and the annotations of a resolver. They are those of the batch function, for one object.
    batch_signature = signature(batch)
    roots, *others = batch_signature.parameters.values()
    (object_type,) = get_args(roots.annotation)
    (value_type,) = get_args(batch_signature.return_annotation)
    resolver.__name__, resolver.__module__, resolver.__doc__ = batch.__name__, batch.__module__, batch.__doc__
    resolver.__annotations__ = {parameter.name: parameter.annotation for parameter in others}
    resolver.__annotations__ |= {"root": object_type, "return": value_type}
    root = roots.replace(name="root", annotation=object_type)
    vars(resolver)["__signature__"] = batch_signature.replace(parameters=[root, *others], return_annotation=value_type)
    vars(resolver)["batch"] = batch
    return resolver  # type: ignore[return-value]  # Strawberry passes `root` and `info` by name

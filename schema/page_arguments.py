"""The arguments of connections, declared once: `first`, `after`, `last` and `before`."""

from collections.abc import Callable
from functools import update_wrapper
from inspect import Parameter, iscoroutinefunction, signature
from typing import Annotated, Any

import strawberry

from resolvers.pagination import PageArguments, Paging


def paged(resolver: Callable[..., Any], paging: Paging) -> Callable[..., Any]:
    """Returns a resolver with the arguments of a connection in place of the one parameter of the type `PageArguments`.

    They stand where that parameter stands. A batch resolver (`executor.batching`) stays one.
    """
    declared = signature(resolver)
    (page,) = (each for each in declared.parameters.values() if each.annotation is PageArguments)
    defaults: dict[str, object] = {"first": paging.default, "after": None}
    if not paging.forward_only:
        defaults |= {"last": None, "before": None}
    at_most = f"0 to {paging.maximum:,}"
    annotations: dict[str, object] = {
        "first": Annotated[
            int | None,
            strawberry.argument(
                description=f"How many items from the start, {at_most}; {paging.default} if not given."
            ),
        ],
        "after": Annotated[
            str | None, strawberry.argument(description="A cursor of this list: only what comes after it.")
        ],
        "last": Annotated[
            int | None, strawberry.argument(description=f"How many items from the end, {at_most}, instead of `first`.")
        ],
        "before": Annotated[
            str | None, strawberry.argument(description="A cursor of this list: only what comes before it.")
        ],
    }

    def bundled(arguments: dict[str, object]) -> dict[str, object]:
        given: dict[str, Any] = {name: arguments.pop(name, None) for name in defaults}
        return {page.name: PageArguments(paging, **given), **arguments}

    described: Any
    if iscoroutinefunction(resolver):

        async def asynchronous(*args: object, **arguments: object) -> Any:
            return await resolver(*args, **bundled(arguments))

        described = asynchronous
    else:

        def synchronous(*args: object, **arguments: object) -> Any:
            return resolver(*args, **bundled(arguments))

        described = synchronous
    update_wrapper(described, resolver)
    parameters: list[Parameter] = []
    for each in declared.parameters.values():
        if each is page:
            parameters += [
                Parameter(name, page.kind, default=default, annotation=annotations[name])
                for name, default in defaults.items()
            ]
        else:
            parameters.append(each)
    described.__signature__ = declared.replace(parameters=parameters)
    described.__annotations__ = {each.name: each.annotation for each in parameters}
    if batch := getattr(resolver, "batch", None):

        async def paged_batch(roots: list[object], info: object, **arguments: object) -> Any:
            return await batch(roots, info, **bundled(arguments))

        described.batch = paged_batch
    return described  # type: ignore[no-any-return]

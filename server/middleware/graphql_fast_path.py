"""Takes nearly all requests to their endpoint past the router."""

from collections.abc import Awaitable

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send


class GraphQLFastPath:
    """Middleware that calls the endpoint of one route directly: the router takes a seventh of a small request's time.

    The route must take all methods and no parameters. The router has it too, for paths that are not quite its own.
    """

    def __init__(self, app: ASGIApp, route: Route) -> None:
        self._app = app
        self._path = route.path
        self._endpoint = route.app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_match = scope["type"] == "http" and scope["path"] == self._path
        return (self._endpoint if is_match else self._app)(scope, receive, send)

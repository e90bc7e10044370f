"""Serves GraphiQL without the internet: the page, its files, and the operations in its tabs.

GraphiQL and React are copied from npm into `vendor/` at set-up. Where that did not happen, the page says how to.
"""

import json
import mimetypes
import os
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from graphql import get_operation_ast, parse, value_from_ast_untyped
from graphql.language import ListTypeNode, NamedTypeNode, NonNullTypeNode, TypeNode, VariableDefinitionNode
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

HERE = Path(__file__).parent
STARTER_TABS = ("ResolvedConfig", "Agents", "ActivateVariant", "Transcript", "SegmentUpdates", "SearchSegments")
"""The operations that GraphiQL opens with: resolve, agents, activate, transcript, follow live, search."""
VENDOR = HERE / "vendor"
VENDOR_FILES = ("react.production.min.js", "react-dom.production.min.js", "graphiql.min.js", "graphiql.min.css")

# GraphiQL's dialogs and menus add style elements; everything else comes from this folder. Its CSS has its fonts and images as
# data. 'self' includes the WebSocket on the same host (in Safari since version 16).
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src data:;"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Vary": "Accept",  # the same path serves the API
}
_NO_FILES = """<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Rapporteur</title>
  <p>GraphiQL's files are not installed here: run <code>make install</code>, which gets them, and load this page again.</p>
</html>
"""

mimetypes.add_type("text/javascript", ".js")  # Windows has these in its registry, where other programs change them
mimetypes.add_type("text/css", ".css")


def graphiql_page() -> Response:
    """Returns the page. It uses its own path as the API's, and loads its files from `graphiql/` beside it."""
    if not is_vendored():
        return HTMLResponse(_NO_FILES, headers=_PAGE_HEADERS)
    return HTMLResponse(_page(), headers={**_PAGE_HEADERS, "Content-Security-Policy": CONTENT_SECURITY_POLICY})


def is_vendored() -> bool:
    """Returns whether the files from npm are there."""
    return all((VENDOR / name).is_file() for name in VENDOR_FILES)


@cache
def _page() -> str:
    return (HERE / "index.html").read_text(encoding="utf-8")


def graphiql_routes(operations_dir: Path, *, graphql_path: str = "/graphql") -> list[BaseRoute]:
    """Returns the routes that the page loads: files, and `operations.json` with the documents of `operations_dir`."""
    parent, _, name = graphql_path.rpartition("/")
    operations = cache(partial(read_operations, operations_dir))

    async def operations_json(_: Request) -> Response:
        return JSONResponse(operations(), headers={"Cache-Control": "no-cache"})

    async def redirect_to_page(_: Request) -> Response:
        return RedirectResponse(f"../{name}")

    return [
        Route(f"{parent}/graphiql/operations.json", operations_json),
        Route(f"{parent}/graphiql/", redirect_to_page),
        Mount(f"{parent}/graphiql", _Files(directory=HERE)),
    ]


class _Files(StaticFiles):
    """Serves the files for browsers in this folder, and no others."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        name = path.replace(os.sep, "/")
        if name == "main.js" or name.removeprefix("vendor/") in VENDOR_FILES:
            return super().lookup_path(path)
        return "", None

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_versioned = Path(full_path).name in VENDOR_FILES  # the page names their versions in the URL
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_versioned else "no-cache"
        return response


def read_operations(directory: Path) -> list[dict[str, Any]]:
    """Returns the documents of a folder, each with its name and variables to try it with, in the order of the tour.

    `tour.json` gives sample variables by operation name, and begins with the starter tabs. Operations that it does not name
    come last, in the order of their files, with a skeleton of their variables.
    """
    tour: dict[str, dict[str, Any]] = json.loads((HERE / "tour.json").read_text(encoding="utf-8"))
    order = {name: position for position, name in enumerate(tour)}
    operations = [
        {"name": name, "query": text, "variables": tour.get(name, skeleton), "starter": name in STARTER_TABS}
        for name, text, skeleton in _read_documents(directory)
    ]
    return sorted(operations, key=lambda operation: order.get(operation["name"], len(order)))


def _read_documents(directory: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yields the name of each operation, its text, and a skeleton of its variables. Raises ValueError."""
    for path in sorted(directory.glob("*.graphql")):
        text = path.read_text(encoding="utf-8").strip()
        operation = get_operation_ast(parse(text))
        if operation is None or operation.name is None:
            raise ValueError(f"{path}: a document must have one operation, with a name")
        skeleton = {each.variable.name.value: _placeholder(each) for each in operation.variable_definitions or ()}
        yield operation.name.value, text, skeleton


def _placeholder(definition: VariableDefinitionNode) -> object:
    """Returns a value to start from: the default, or an empty one that shows the type as far as the document has it."""
    if definition.default_value is not None:
        return value_from_ast_untyped(definition.default_value)
    return _empty_value(definition.type.type) if isinstance(definition.type, NonNullTypeNode) else None


def _empty_value(type_: TypeNode) -> object:
    match type_:
        case ListTypeNode():
            return []
        case NamedTypeNode(name=name) if name.value in ("ID", "String"):
            return ""
        case NamedTypeNode(name=name) if name.value.endswith("Input"):
            return {}
        case _:
            return None

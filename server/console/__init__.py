"""Serves the console, the web client of the room `console/`, as `make install` has built it into `dist/`.

Every page of the console is the same document: its script shows what the path names. It names its files relative to its own
path, so that they are found below any prefix that a proxy takes away. Files under `assets/` have a hash of their content in
their name, so browsers keep them. Each of them was compressed when it was built.
"""

import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from server.wire.compression import accepts_coding

CONSOLE_PATH = "/console"
DIST = Path(__file__).parent / "dist"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""The content encodings in the order of preference, and the endings of the files that have them."""
_BUILT_ASSETS = "./assets/"
"""The folder of the files in the document that was built."""
_PAGE_HEADERS = {"Cache-Control": "no-cache"}
_NOT_BUILT = """<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Rapporteur</title>
  <p>The console is not built here: run <code>make install</code>, which builds it with npm, and load this page again.</p>
</html>
"""

mimetypes.add_type("text/javascript", ".js")  # Windows has these in its registry, where other programs change them
mimetypes.add_type("text/css", ".css")


def is_built() -> bool:
    """Returns whether the files of the console are there."""
    return (DIST / "index.html").is_file()


def console_routes() -> list[BaseRoute]:
    """Returns the routes of the console: its files, and its document at every other path below its own."""
    return [
        Route(f"{CONSOLE_PATH}/assets/{{name:path}}", _asset),
        Route(CONSOLE_PATH, _page),
        Route(f"{CONSOLE_PATH}/{{path:path}}", _page),
    ]


async def _page(request: Request) -> Response:
    if not is_built():
        return HTMLResponse(_NOT_BUILT, headers=_PAGE_HEADERS)
    page = (
        (DIST / "index.html").read_text(encoding="utf-8").replace(_BUILT_ASSETS, _to_assets(request.scope["raw_path"]))
    )
    return HTMLResponse(page, headers={**_PAGE_HEADERS, "Content-Security-Policy": CONTENT_SECURITY_POLICY})


def _to_assets(raw_path: bytes) -> str:
    """Returns the way from a page of the console to its files, as browsers resolve it."""
    levels = raw_path.count(b"/") - 1  # below the folder that holds the console's
    return f"{'../' * (levels - 1)}assets/" if levels else f"{CONSOLE_PATH.removeprefix('/')}/assets/"


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if not is_built() or name not in _asset_names(DIST):
        raise HTTPException(404, "the console has no such file")
    return _file_response(DIST / "assets" / name, request, {"Cache-Control": "public, max-age=31536000, immutable"})


@cache
def _asset_names(dist: Path) -> frozenset[str]:
    """Returns the names of the files that pages may load, without their compressed copies."""
    return frozenset(file.name for file in (dist / "assets").iterdir() if file.suffix not in _ENCODINGS.values())


def _file_response(file: Path, request: Request, headers: Mapping[str, str]) -> Response:
    """Returns a file in the first encoding that it was compressed with and the client accepts."""
    media_type, _ = mimetypes.guess_type(file.name)
    headers = {**headers, "Vary": "Accept-Encoding"}
    accepted = request.headers.get("accept-encoding", "").encode("latin-1")
    for coding, ending in _ENCODINGS.items():
        compressed = file.with_name(file.name + ending)
        if accepts_coding(accepted, coding) and compressed.is_file():
            return FileResponse(compressed, headers={**headers, "Content-Encoding": coding}, media_type=media_type)
    return FileResponse(file, headers=headers, media_type=media_type)

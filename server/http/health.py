"""Serves `/healthz`, which answers while the process lives, and `/readyz`, which answers while it can serve."""

from importlib.metadata import version as package_version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from db.database import Database
from db.migrate import current_revision, is_current
from domain.errors import ServiceUnavailable


def health_routes(database: Database) -> list[Route]:
    """Returns the routes of both checks; `/readyz` asks the database for its schema's revision."""

    version = package_version("rapporteur")

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": version})

    async def readyz(request: Request) -> Response:
        try:
            revision = await current_revision(database.engine)
        except ServiceUnavailable as error:
            return JSONResponse({"status": "unavailable", "reason": str(error)}, 503)
        if not is_current(revision):
            return JSONResponse({"status": "unavailable", "reason": "the database is not migrated"}, 503)
        return JSONResponse({"status": "ok", "revision": revision})

    return [Route("/healthz", healthz), Route("/readyz", readyz)]

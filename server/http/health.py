"""Serves `/healthz`, which answers while the process lives, and `/readyz`, which answers while it can serve."""

import asyncio
from importlib.metadata import version as package_version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from db.database import Database
from db.readiness import usable_revision
from domain.errors import ServiceUnavailable

READINESS_TIMEOUT_SECONDS = 5.0
"""The time in which the database must answer, so that a load balancer is told in time."""


def health_routes(database: Database) -> list[Route]:
    """Returns the routes of both checks; `/readyz` asks the database for its schema's revision."""
    version = package_version("rapporteur")

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": version})

    async def readyz(request: Request) -> Response:
        try:
            async with asyncio.timeout(READINESS_TIMEOUT_SECONDS):
                revision = await usable_revision(database)
        except ServiceUnavailable as error:
            return JSONResponse({"status": "unavailable", "reason": str(error)}, 503)
        except TimeoutError:
            return JSONResponse({"status": "unavailable", "reason": "the database does not answer now"}, 503)
        replicas = database.replicas
        more = {} if replicas is None else {"replicas": [replica.status for replica in replicas.all]}
        return JSONResponse({"status": "ok", "revision": revision, **more})

    return [Route("/healthz", healthz), Route("/readyz", readyz)]

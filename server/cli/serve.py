"""`rapporteur serve`."""

import asyncio
import logging
import signal
import sys

from domain.errors import RapporteurError
from server import logging as logs
from server.app import load_documents
from server.cli.options import fail
from server.cli.settings_options import settings_options
from server.graphiql import is_vendored
from server.middleware.cors import check_origins
from server.process import uvicorn_server
from server.process.bootstrap import database_url, ready_to_serve
from server.settings import Settings

logger = logging.getLogger("rapporteur")


@settings_options()
def serve(settings: Settings) -> None:
    """Serve the API and GraphiQL.

    Starts the embedded PostgreSQL if no other is named, migrates the database, and listens.
    """
    logs.configure(settings.log_level)
    # uvicorn raises the signal that ended it once more: the process must then leave through the blocks below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        load_documents(settings)  # in this process, where a mistake in one can still be reported
        with database_url(settings) as url:
            settings = asyncio.run(ready_to_serve(settings, url))
            check_origins(settings.origins, authenticated=bool(settings.auth))
            if not settings.auth:
                logger.warning("no key is asked for: whoever reaches the server may do everything")
            if settings.serves_graphiql and not is_vendored():
                logger.warning("GraphiQL's files are not installed: run make install, which gets them from npm")
            uvicorn_server.serve(settings, url)
    except RapporteurError as error:
        raise fail(error) from error

"""`rapporteur serve`."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Awaitable
from typing import Any, TypeVar

from domain.errors import RapporteurError
from server import logging as logs
from server.app import load_documents
from server.cli.banner import show_banner
from server.cli.exit_codes import ExitCode
from server.cli.options import fail, stderr
from server.cli.settings_options import settings_options
from server.graphiql import is_vendored
from server.middleware.cors import check_origins
from server.process import uvicorn_server
from server.process.bootstrap import database_url, describe_database, ready_to_serve
from server.process.listening import CannotListen, bind, listen
from server.settings import Settings
from server.tracing import is_tracing

logger = logging.getLogger("rapporteur")
Result = TypeVar("Result")


@settings_options()
def serve(settings: Settings) -> None:
    """Serve the API and GraphiQL.

    Starts the embedded PostgreSQL if no other is named, migrates the database, and listens.
    """
    logs.configure(settings.log_level)
    # uvicorn raises the signal that ended it once more: the process must then leave through the blocks below.
    _on_signals(lambda *_: sys.exit(0))
    try:
        load_documents(settings)  # in this process, where a mistake in one can still be reported
        is_tracing()
        with bind(settings) as bound, database_url(settings, create=True) as url:
            settings = asyncio.run(_until_signal(ready_to_serve(settings, url)))
            check_origins(settings.origins, authenticated=bool(settings.auth))
            listen(bound, settings)
            _announce(settings, bound)
            uvicorn_server.serve(settings, url, bound)
    except CannotListen as error:
        raise fail(error, ExitCode.CANNOT_LISTEN) from error
    except RapporteurError as error:
        raise fail(error) from error


async def _until_signal(work: Awaitable[Result]) -> Result:
    """Returns the result of the work. A signal cancels it, and then the process exits: none of it is left half-way."""
    task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
    before = _on_signals(lambda *_: loop.call_soon_threadsafe(task.cancel))
    try:
        return await task
    except asyncio.CancelledError:
        sys.exit(0)
    finally:
        _on_signals(before)


def _on_signals(handler: Any) -> Any:
    """Installs the handler for the signals that end the server. Returns the previous handler."""
    signal.signal(signal.SIGTERM, handler)
    return signal.signal(signal.SIGINT, handler)


def _announce(settings: Settings, bound: socket.socket) -> None:
    """Says that the server is ready: to a person on a terminal, else in the log."""
    if settings.serves_graphiql and not is_vendored():
        logger.warning("GraphiQL's files are not installed: run make install, which gets them from npm")
    url = _url(settings, bound)
    if stderr.is_terminal:
        show_banner(stderr, settings, url)
        return
    logger.info("database: %s", describe_database(settings))
    if not settings.auth:
        logger.warning("no key is asked for: whoever reaches the server may do everything")
    logging.getLogger("uvicorn.error").info("Uvicorn running on %s (Press CTRL+C to quit)", url)


def _url(settings: Settings, bound: socket.socket) -> str:
    """Returns an address of the server that a browser on this machine can open."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{bound.getsockname()[1]}"

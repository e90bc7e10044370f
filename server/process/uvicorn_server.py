"""Running uvicorn: one process or several, and how they end."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import resource_tracker
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from server import logging as logs
from server.app import create_app
from server.process.http_protocol import HttpProtocol
from server.process.websocket_protocol import WebSocketProtocol
from server.settings import Settings

WORKER_START_TIMEOUT_SECONDS = 60
"""The time that a worker may take until it answers its supervisor, which on a busy machine is more than uvicorn's 5 s."""


def configuration(settings: Settings, app: Any, **options: Any) -> uvicorn.Config:
    """Returns the configuration by which uvicorn runs the app."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=HttpProtocol,
        ws=WebSocketProtocol,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # `server.app` reads them where they matter
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=settings.keep_alive_timeout,
        timeout_worker_healthcheck=WORKER_START_TIMEOUT_SECONDS,
        ws_max_size=settings.max_message,
        ws_per_message_deflate=False,  # would be done anew for each of a thousand subscribers
        ws_ping_interval=None,  # the protocol has its own pings, and clients take the code of uvicorn's close for fatal
        **options,
    )


def serve(settings: Settings, database_url: str, listening: socket.socket) -> None:
    """Serves until a signal ends it. The database must have been prepared."""
    app = partial(_worker_app, settings, database_url)
    if settings.workers == 1:
        uvicorn.Server(configuration(settings, app, factory=True)).run([listening])
        return
    with TemporaryDirectory(prefix="rapporteur-metrics-", ignore_cleanup_errors=True) as shared:
        app = partial(app, metrics_directory=Path(shared))
        Workers(configuration(settings, app, factory=True, workers=settings.workers), [listening]).run()


class Workers(Multiprocess):
    """uvicorn's supervisor; it lets go of the socket, as the workers do, when they are to stop: else clients still connect."""

    def init_processes(self) -> None:
        with _ctrl_c_blocked():
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        with _ctrl_c_blocked():
            super().keep_subprocess_alive()

    def terminate_all(self) -> None:
        for listening in self.sockets:
            listening.close()
        super().terminate_all()


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Blocks a terminal's Ctrl-C, which goes to the workers, too, in processes that start in the block.

    They end when the supervisor says so; while a worker starts, it would end with a traceback.
    """
    resource_tracker.ensure_running()  # its start would end the blocking
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _worker_app(settings: Settings, database_url: str, metrics_directory: Path | None = None) -> Any:
    logs.configure(settings.log_level)  # a worker starts with nothing
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    return create_app(settings, database_url, metrics_directory)


def _end_with(sentinel: int) -> None:
    """Ends this worker when its supervisor is gone, killed perhaps: else it would keep the port, and serve on unseen."""
    multiprocessing.connection.wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)

"""The socket that a server listens on, which is bound before anything else is started."""

import errno
import os
import socket
from contextlib import suppress

import psutil

from domain.errors import RapporteurError
from server.printable import printable
from server.settings import Settings, option, variable

BACKLOG = 2048
_PORT = f"{variable('port')} ({option('port')})"
_HOST = f"{variable('host')} ({option('host')})"


class CannotListen(RapporteurError):
    """The address and port of the settings cannot be listened on. The message says who has it, and what to do."""


def bind(settings: Settings) -> socket.socket:
    """Returns a socket that is bound to the address and port of the settings. Raises CannotListen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise CannotListen(f"the address {settings.host} is not known: {_HOST} names one of this machine") from error
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise _cannot_listen(settings, error) from error
    _end_with_clients_that_do_not_read(bound, settings.send_timeout)
    return bound


def listen(bound: socket.socket, settings: Settings) -> None:
    """Lets clients connect. Those that do so before the server is up wait, rather than being refused. Raises CannotListen."""
    try:
        bound.listen(BACKLOG)
    except OSError as error:  # another program that had bound the port, too, was the first to listen
        raise _cannot_listen(settings, error) from error


def _cannot_listen(settings: Settings, error: OSError) -> CannotListen:
    match error.errno:
        case errno.EADDRINUSE:
            return CannotListen(
                f"port {settings.port} of {settings.host} is taken{_holder(settings.port)}: stop that, or name another"
                f" port with {_PORT}"
            )
        case errno.EACCES | errno.EPERM:
            return CannotListen(
                f"this user may not listen on port {settings.port} of {settings.host}: name one from 1024 on with {_PORT}"
            )
        case errno.EADDRNOTAVAIL:
            return CannotListen(f"{settings.host} is no address of this machine: {_HOST} names one")
        case _:
            return CannotListen(f"{settings.host}, port {settings.port}, cannot be listened on: {error.strerror}")


def _holder(port: int) -> str:
    """Returns who listens on the port, as far as this user may know."""
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                command = psutil.Process(connection.pid).cmdline()
                words = " ".join([os.path.basename(command[0]), *command[1:]]) if command else "another program"
                return f" by {printable(words[:60])} (process {connection.pid})"
    return ""


def _end_with_clients_that_do_not_read(listening: socket.socket, timeout: float) -> None:
    """Has the kernel drop a connection whose peer takes no data, or is gone (accepted sockets inherit this).

    It waits for twice the timeout: the server ends a WebSocket after one, and its client can then still read why.
    """
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(2 * timeout * 1000))

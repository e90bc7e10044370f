"""Says why a server did not answer, in one sentence for a person."""

import re
import socket
import ssl

import httpx

from server.wire.hosts_and_origins import is_loopback

TLS_PROBE_SECONDS = 5.0
"""The time that a server may take to answer a TLS handshake."""
_ERRNO = re.compile(r"\[Errno -?\d+\] ")


def explain(url: str, error: httpx.TransportError) -> str:
    """Returns what became of a request to the URL that ended in this error."""
    if tls_error := _tls_error(error):
        return _explain_tls(url, tls_error)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol | httpx.ProxyError):
        cause = _ERRNO.sub("", str(error)) or "no connection in time"
        hint = "; start one with: rapporteur serve" if is_loopback(httpx.URL(url).host) else ""
        return f"no server answers at {url} ({cause}){hint}"
    if isinstance(error, httpx.TimeoutException):
        return f"the server at {url} did not answer in time: what was asked may have been done"
    broken = f"the server at {url} broke off the connection: what was asked may have been done"
    return plain_http_refused(url) or broken


def plain_http_refused(url: str) -> str | None:
    """Returns what to say if the server of an http URL answers a TLS handshake, and so must be reached by https.

    Certificates are not verified: nothing is sent.
    """
    parsed = httpx.URL(url)
    if parsed.scheme != "http":
        return None
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((parsed.host, parsed.port or 80), TLS_PROBE_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=parsed.host),
        ):
            return _wrong_scheme(url, "http", "https")
    except OSError:  # ssl.SSLError and timeouts, too
        return None


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """Returns the error of TLS that has led to another, if one has."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _explain_tls(url: str, error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {url} is not trusted: {error.verify_message}"
    if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"):
        return _wrong_scheme(url, "https", "http")
    return f"no TLS connection to {url} can be made ({(error.reason or 'closed').lower().replace('_', ' ')})"


def _wrong_scheme(url: str, asked: str, spoken: str) -> str:
    right = httpx.URL(url).copy_with(scheme=spoken)
    return f"the server at {url} speaks {spoken}, not {asked}: use --url {right}"

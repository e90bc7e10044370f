"""Reads the URLs of databases as libpq defines them, and says by name what the driver cannot do.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING and #LIBPQ-PARAMKEYWORDS
"""

import difflib
import ipaddress
import os
import random
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode

from domain.errors import DatabaseUnusable

SCHEMES = ("postgresql", "postgres")
DEFAULT_PORT = 5432
APPLICATION_NAME = "rapporteur"

_FOR_DRIVER = (
    *("user", "password", "dbname", "passfile", "service", "krbsrvname", "gsslib"),
    *("sslmode", "sslnegotiation", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs", "options"),
)
"""Parameters that the driver reads itself."""
_READ_HERE = (
    *("host", "hostaddr", "port", "connect_timeout", "load_balance_hosts", "requiressl"),
    *("application_name", "fallback_application_name", "pgbouncer"),
)
_WITHOUT_EFFECT = (
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"),
    *("sslcompression", "sslkeylogfile"),
)
"""Parameters that may have any value: connections are checked by other means, and nothing is compressed or logged."""
_TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_ALLOWED: Mapping[str, Sequence[str]] = {
    "channel_binding": ("prefer", "disable"),
    "client_encoding": ("utf8", "utf-8", "unicode", "auto"),
    "gssdelegation": ("0",),
    "gssencmode": ("prefer", "disable"),
    "load_balance_hosts": ("disable", "random"),
    "max_protocol_version": ("3.0", "3.2", "latest"),
    "min_protocol_version": ("3.0",),
    "pgbouncer": ("true", "false"),
    "replication": ("false", "off", "no", "0"),
    "requiressl": ("0", "1"),
    "ssl_max_protocol_version": _TLS_VERSIONS,
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "sslcertmode": ("allow",),
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "sslsni": ("1",),
    "target_session_attrs": ("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
}
"""The values of parameters that have few. The driver cannot do the values of libpq that are missing here."""
_UNSUPPORTED = (
    *("require_auth", "requirepeer", "scram_client_key", "scram_server_key", "servicefile", "sslcrldir"),
    *("oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope"),
)
"""Parameters of libpq that the driver has no equivalent of."""
_ADVICE = {
    "channel_binding": "leave it out: sslmode=verify-full also makes sure which server it is",
    "hostaddr": "name the address or the name in host alone",
    "require_auth": "leave it out: sslmode=verify-full makes sure that the server may ask for the password",
    "servicefile": "set PGSERVICEFILE",
    "sslcrldir": "put the lists into one file, and name it in sslcrl",
}
_FILES = {"sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "sslcrl": "PGSSLCRL"}
"""Parameters that name files, and the environment variables that hold for them."""
_KNOWN = {*_FOR_DRIVER, *_READ_HERE, *_WITHOUT_EFFECT, *_ALLOWED, *_UNSUPPORTED}
_HOST_NAME = re.compile(r"[^\s/:@\[\]%?#]+")
_PARAMETER_NAME = re.compile(r"[a-z0-9_]+")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class ConnectionUrl:
    """The parts of a URL, each understood by the driver."""

    hosts: tuple[tuple[str, int | None], ...]
    """Names, addresses or folders of sockets, with their ports. None at all leaves the choice to the driver's defaults."""
    parameters: Mapping[str, str]
    """Parameters under the names that the driver knows."""
    connect_timeout: float | None
    """The time for one host, in seconds."""
    is_balanced: bool
    """Each connection tries the hosts in another order."""
    pooler: bool | None
    """True or false if the URL says so; None if that is to be found out."""

    @classmethod
    def parse(cls, url: str, *, read_only: bool = False) -> "ConnectionUrl":
        """Reads a URL. Raises DatabaseUnusable, which never repeats a value that could be a secret.

        Of several hosts the one is meant that can be written to, if the URL does not say which; any with `read_only`.
        """
        scheme, separator, rest = url.partition("://")
        if not separator or scheme.partition("+")[0] not in SCHEMES:
            raise DatabaseUnusable("must be a PostgreSQL URL: postgresql://user:password@host:5432/database")
        rest, _, query = rest.partition("?")
        credentials, at, place = rest.rpartition("@")
        if not at and "@" in query:
            raise DatabaseUnusable("the user and the password end before the first ?: in a password, it is written %3F")
        authority, _, database = place.partition("/")
        user, _, password = credentials.partition(":")
        hosts, ports = _split_authority(authority)
        parts = {"user": user, "password": password, "dbname": database, "host": hosts, "port": ports}
        values = {name: _decoded(value, name) for name, value in parts.items() if value}
        values |= _query_parameters(query)
        for name, value in values.items():
            _check(name, value)
        return cls(
            hosts=_hosts(values),
            parameters=_driver_parameters(values, read_only),
            connect_timeout=_connect_timeout(values),
            is_balanced=values.get("load_balance_hosts") == "random",
            pooler={"true": True, "false": False, None: None}[values.get("pgbouncer")],
        )

    @property
    def leads_to_primary(self) -> bool:
        """True if only one of the hosts can be meant, so that the order of the attempts does not matter."""
        return self.parameters.get("target_session_attrs") in ("read-write", "primary")

    def attempts(self) -> list[dict[str, Any]]:
        """Returns the driver's arguments for each host, in the order in which they are to be tried."""
        hosts: list[tuple[str, int | None] | None] = [*self.hosts] or [None]
        if self.is_balanced:
            random.shuffle(hosts)
        attempts = [self._arguments(host, self.parameters) for host in hosts]
        if self.parameters.get("target_session_attrs") == "prefer-standby":
            standby, primary = ({**self.parameters, "target_session_attrs": each} for each in ("standby", "any"))
            attempts = [self._arguments(host, each) for each in (standby, primary) for host in hosts]
        return attempts

    def missing_file(self) -> str | None:
        """Returns the first parameter whose file cannot be read, as it is written in the URL."""
        for name, variable in _FILES.items():
            path = self.parameters.get(name) or os.environ.get(variable)
            if path and path != "system" and not os.access(path, os.R_OK):
                return f"{name}={path}"
        return None

    def _arguments(self, host: tuple[str, int | None] | None, parameters: Mapping[str, str]) -> dict[str, Any]:
        values = dict(parameters)
        if host is not None:
            name, port = host
            values["host"] = f"[{name}]" if ":" in name else name
            values |= {} if port is None else {"port": str(port)}
        arguments: dict[str, Any] = {}
        if _root_certificates(values) == "system":
            del values["sslmode"]
            values.pop("sslrootcert", None)
            arguments["ssl"] = _system_tls(values)
        path = f"/{quote(values.pop('dbname'), safe='')}" if "dbname" in values else ""
        arguments["dsn"] = f"postgresql://{path}?{urlencode(values, quote_via=quote)}"
        return arguments


def _split_authority(authority: str) -> tuple[str, str]:
    """Returns the hosts and the ports of `host:port,[::1]:port`, each with commas between them."""
    hosts, ports = [], []
    for each in authority.split(","):
        host, bracket, rest = each.partition("]")
        name, _, port = (rest if bracket else host).partition(":")
        hosts.append(host.removeprefix("[") if bracket else name)
        ports.append(port)
    return ",".join(hosts), ",".join(ports) if any(ports) else ""


def _query_parameters(query: str) -> dict[str, str]:
    """Returns the parameters that have values. A plus sign is one, as libpq reads it."""
    values = {}
    for pair in filter(None, query.split("&")):
        name, separator, value = pair.partition("=")
        if not _PARAMETER_NAME.fullmatch(name):  # the message leaves the name out, as it may be part of a password
            raise DatabaseUnusable("what follows the ? are no parameters: name=value&name=value; a ? is written %3F")
        name = "dbname" if name == "database" else name
        if not separator:
            raise DatabaseUnusable(f"the parameter {name} has no value: {name}=...")
        values[name] = _decoded(value, name)
    return {name: value for name, value in values.items() if value}


def _decoded(text: str, name: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise DatabaseUnusable(f"{name} has a % that no two hexadecimal digits follow: a % is written %25")
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise DatabaseUnusable(f"{name} is not UTF-8") from None
    if "\0" in decoded:
        raise DatabaseUnusable(f"{name} has a zero byte in it")
    return decoded


def _check(name: str, value: str) -> None:
    advice = f": {_ADVICE[name]}" if name in _ADVICE else ""
    if name in _UNSUPPORTED:
        raise DatabaseUnusable(f"the parameter {name} is not supported{advice or ': leave it out'}")
    if name not in _KNOWN:
        near = difflib.get_close_matches(name, sorted(_KNOWN - set(_UNSUPPORTED)), n=1)
        hint = f"did you mean {near[0]}?" if near else "settings of the server are written options=-c%20name=value"
        raise DatabaseUnusable(f"there is no parameter {name}: {hint}")
    if name in _ALLOWED and value.lower() not in (each.lower() for each in _ALLOWED[name]):
        raise DatabaseUnusable(f"the parameter {name} must be {' or '.join(_ALLOWED[name])}{advice}")


def _hosts(values: Mapping[str, str]) -> tuple[tuple[str, int | None], ...]:
    if "host" in values and "hostaddr" in values:
        raise DatabaseUnusable(f"the parameter hostaddr is not supported beside host: {_ADVICE['hostaddr']}")
    hosts = (values.get("host") or values.get("hostaddr") or "").split(",")
    ports = values.get("port", "").split(",")
    if len(ports) not in (1, len(hosts)):
        raise DatabaseUnusable(
            f"there are {len(ports)} ports for {len(hosts)} hosts: name one for each, or one for all"
        )
    numbers = [_port(port) for port in ports] * (len(hosts) if len(ports) == 1 else 1)
    if hosts == [""]:
        return () if numbers == [None] else (("localhost", numbers[0]),)
    for host in hosts:
        _check_host(host)
    return tuple(zip(hosts, numbers, strict=True))


def _check_host(host: str) -> None:
    if host.startswith("/") or _HOST_NAME.fullmatch(host):
        return
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise DatabaseUnusable(f"the host {host!r} is neither a name nor an address nor a socket's folder") from None


def _port(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535):
        raise DatabaseUnusable(
            "the port must be a number from 1 to 65535 (escape a : or @ in a password with %3A or %40)"
        )
    return int(text)


def _connect_timeout(values: Mapping[str, str]) -> float | None:
    text = values.get("connect_timeout", "0")
    if not re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII):
        raise DatabaseUnusable("the parameter connect_timeout must be a number of seconds")
    return float(text) if int(text) > 0 else None  # libpq waits for ever, and nothing here does


def _driver_parameters(values: Mapping[str, str], read_only: bool) -> dict[str, str]:
    parameters = {name: values[name] for name in _FOR_DRIVER if name in values}
    for name in ("sslmode", "sslnegotiation", "target_session_attrs"):
        if name in parameters:
            parameters[name] = parameters[name].lower()
    if values.get("requiressl") == "1":
        parameters.setdefault("sslmode", "require")
    if _root_certificates(parameters) == "system" and parameters.setdefault("sslmode", "verify-full") != "verify-full":
        raise DatabaseUnusable("sslrootcert=system needs sslmode=verify-full, as anybody can get such a certificate")
    mode = parameters.get("sslmode") or os.environ.get("PGSSLMODE")
    if parameters.get("sslnegotiation") == "direct" and mode not in ("require", "verify-ca", "verify-full"):
        raise DatabaseUnusable("sslnegotiation=direct needs sslmode=require, verify-ca or verify-full")
    names = ("application_name", "fallback_application_name")
    parameters["application_name"] = next((values[name] for name in names if name in values), APPLICATION_NAME)
    if "," in values.get("host", "") and not read_only and "PGTARGETSESSIONATTRS" not in os.environ:
        parameters.setdefault("target_session_attrs", "read-write")
    return parameters


def _root_certificates(parameters: Mapping[str, str]) -> str | None:
    return parameters.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")


def _system_tls(parameters: dict[str, str]) -> ssl.SSLContext:
    """Returns a context with the certificates that the system trusts; takes from the parameters what it has used."""
    context = ssl.create_default_context()
    certificate, key = parameters.pop("sslcert", None), parameters.pop("sslkey", None)
    password = parameters.pop("sslpassword", "")
    if certificate:
        context.load_cert_chain(certificate, key, lambda: password)
    if crl := parameters.pop("sslcrl", None):
        context.load_verify_locations(crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    if lowest := parameters.pop("ssl_min_protocol_version", None):
        context.minimum_version = ssl.TLSVersion[lowest.replace(".", "_")]
    if highest := parameters.pop("ssl_max_protocol_version", None):
        context.maximum_version = ssl.TLSVersion[highest.replace(".", "_")]
    return context

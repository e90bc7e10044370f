"""The request that the current task works for: its ids, and what its lines in the log say of it."""

import itertools
import re
import secrets
from collections.abc import Mapping, Sequence
from contextvars import ContextVar

from domain.ids import WorkspaceId
from domain.principals import LOCAL, Principal

REQUEST_ID_HEADER = b"x-request-id"
MAX_REQUEST_ID_CHARACTERS = 128
_REQUEST_ID = re.compile(rb"[0-9A-Za-z._=+/:@-]{1,%d}" % MAX_REQUEST_ID_CHARACTERS)

_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
"""The header `traceparent` (W3C Trace Context, 3.2.2). Versions after 00 may have more at the end."""

_PROCESS = secrets.token_hex(6)
_NUMBERS = itertools.count(1)


class CurrentRequest:
    """Holds the facts of an HTTP request, or of an operation over a WebSocket, for its lines in the log; None: not known (yet).

    The names of the attributes are those of the log. What is not known is not set, and takes no time: every request has one.
    """

    traceparent: str | None = None
    """The `traceparent` that came with the request, if it is valid; it is not logged."""
    trace_id: str | None = None
    """The id of the trace that the request is a part of, in hexadecimal digits."""
    key: str | None = None
    """The name of the key, or the subject of the token; None on a server without authentication."""
    workspace: WorkspaceId | None = None
    operation: str | None = None
    status: int | None = None
    milliseconds: float | None = None
    cost: int | None = None
    """The cost that the key was charged for the operation."""
    error: str | None = None
    """The code of the first error in the answer."""

    def __init__(self, method: str, path: str, request_id: str, traceparent: str | None = None) -> None:
        self.method = method
        self.path = path
        self.request_id = request_id
        if traceparent is not None:
            self.traceparent = traceparent
            self.trace_id = traceparent.split("-")[1]

    def note_principal(self, principal: Principal) -> None:
        """Notes who has sent the request."""
        if principal.id != LOCAL:
            self.key = principal.name
        self.workspace = principal.workspace_id


current_request: ContextVar[CurrentRequest | None] = ContextVar("current_request", default=None)
"""The request of this task, and of the tasks that it has started."""


def request_id_in(headers: Mapping[bytes, bytes]) -> str:
    """Returns the id that a proxy or the client gave the request; a new one if there is none, or a malformed one."""
    given = headers.get(REQUEST_ID_HEADER)
    return given.decode() if given and _REQUEST_ID.fullmatch(given) else new_request_id()


def traceparent_in(headers: Mapping[bytes, bytes]) -> str | None:
    """Returns the header `traceparent`, or None if there is none, or a malformed one."""
    given = headers.get(b"traceparent")
    return valid_traceparent(given.decode("latin-1")) if given else None


def new_request_id() -> str:
    """Returns an id that no other request has: random digits of this process, and a number."""
    return f"{_PROCESS}-{next(_NUMBERS)}"


def valid_traceparent(value: object) -> str | None:
    """Returns the value of a `traceparent`, or None if that is malformed."""
    match = _TRACEPARENT.fullmatch(value) if isinstance(value, str) else None
    return match[0] if match and (match[1] != "00" or match[2] is None) else None


def note_errors(codes: Sequence[str]) -> None:
    """Notes the codes of the errors in the answer to the current request, of which the first is logged."""
    if codes and (request := current_request.get()):
        request.error = codes[0]

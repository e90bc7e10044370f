"""Sends HTTP requests by httpx, with time enough for a busy machine.

All share one TLS context: httpx would read the certificate authorities for each client, which takes 30 ms.
"""

import json as standard_json
import select
from collections import deque
from functools import partial
from http.client import HTTPConnection
from typing import Any

import httpx

TIMEOUT_SECONDS = 30.0
TLS = httpx.create_ssl_context()


class PlainClient(httpx.Client):
    """Sends plain requests to one server by the standard library, and all others by httpx.

    The tests send tens of thousands of requests, of which httpx and h11 would take most of the time: 0.7 of 1.1 ms.
    """

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(base_url=url, verify=TLS, timeout=TIMEOUT_SECONDS, **options)
        self._idle: deque[HTTPConnection] = deque()
        self._of_all_responses = httpx.Request("POST", url)  # for raise_for_status, which asks for one

    def request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Response:
        given = {name: value for name, value in options.items() if value not in (None, httpx.USE_CLIENT_DEFAULT)}
        if not (isinstance(url, str) and url.startswith("/") and given.keys() <= {"content", "headers", "json"}):
            return super().request(method, url, **options)
        headers = httpx.Headers(self.headers) if "headers" in given else self.headers
        headers.update(given.get("headers"))
        body = given.get("content")
        if "json" in given:
            body = standard_json.dumps(
                given["json"], ensure_ascii=False, separators=(",", ":"), allow_nan=False
            ).encode()
            headers = httpx.Headers({"Content-Type": "application/json"} | dict(headers))
        connection = self._connection()
        connection.request(method, url, body, {name.decode(): value for name, value in headers.raw})
        answer = connection.getresponse()
        response = httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())
        response.request = self._of_all_responses
        self._idle.append(connection)
        return response

    def _connection(self) -> HTTPConnection:
        """Returns one that is not in use, unless the server has closed it."""
        while self._idle:
            connection = self._idle.pop()
            if not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()
        return HTTPConnection(self.base_url.host, self.base_url.port, timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        super().close()


client = partial(httpx.Client, verify=TLS, timeout=TIMEOUT_SECONDS)
request = partial(httpx.request, verify=TLS, timeout=TIMEOUT_SECONDS)
get = partial(httpx.get, verify=TLS, timeout=TIMEOUT_SECONDS)
options = partial(httpx.options, verify=TLS, timeout=TIMEOUT_SECONDS)
post = partial(httpx.post, verify=TLS, timeout=TIMEOUT_SECONDS)

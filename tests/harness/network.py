"""A network between a client and a server, which fails as networks do."""

import asyncio
from urllib.parse import urlsplit

from bench.soak.proxy import FaultProxy, Streams


class Network(FaultProxy):
    """Stands between a client and a server. While it is down, connections are reset, as if the server were not there."""

    def __init__(self, server_url: str) -> None:
        super().__init__(self._connect)
        self._address = urlsplit(server_url)
        self._is_down = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _connect(self) -> Streams:
        if self._is_down:
            raise ConnectionRefusedError
        return await asyncio.open_connection(self._address.hostname, self._address.port)

    def lead_to(self, server_url: str) -> None:
        """Has new connections go to another server."""
        self._address = urlsplit(server_url)
        self._is_down = False

    def go_down(self) -> None:
        self._is_down = True
        self.cut()

    def come_back(self) -> None:
        self._is_down = False

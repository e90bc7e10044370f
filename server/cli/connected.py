"""The connection of a command to a running server."""

from collections.abc import Iterator
from contextlib import contextmanager

from server.cli.options import fail
from server.client.api_client import ApiClient, ApiError


@contextmanager
def connected(url: str, api_key: str | None) -> Iterator[ApiClient]:
    """Gives a client of the server at the URL. An ApiError in the block ends the command."""
    try:
        with ApiClient(url, api_key) as client:
            yield client
    except ApiError as error:
        raise fail(error) from error

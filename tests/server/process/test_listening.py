"""Addresses that cannot be listened on, and what is said of them."""

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from server.process.listening import CannotListen, bind, listen
from server.settings import Settings

pytestmark = pytest.mark.slow


def settings(**values: Any) -> Settings:
    return Settings(**values)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_free_port_is_bound_and_listened_on() -> None:
    asked = settings(port=0)
    with bind(asked) as bound:
        address = bound.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        listen(bound, asked)
        socket.create_connection(address).close()


def test_of_a_port_that_is_taken_the_holder_and_the_setting_are_named(taken_port: int) -> None:
    with pytest.raises(CannotListen, match=f"port {taken_port} of 127.0.0.1 is taken by .*RAPPORTEUR_PORT") as caught:
        bind(settings(port=taken_port))
    assert f"(process {os.getpid()})" in str(caught.value)


def test_of_two_that_have_bound_a_port_one_listens() -> None:
    with bind(settings(port=0)) as first:
        asked = settings(port=first.getsockname()[1])
        with bind(asked) as second:
            listen(first, asked)
            with pytest.raises(CannotListen, match="is taken"):
                listen(second, asked)


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("192.0.2.1", "192.0.2.1 is no address of this machine: RAPPORTEUR_HOST"),
        ("nowhere.invalid", "nowhere.invalid is not known: RAPPORTEUR_HOST"),
        (f"{'x' * 64}.invalid", "is not known: RAPPORTEUR_HOST"),
    ],
)
def test_an_address_of_another_machine_is_named(host: str, says: str) -> None:
    with pytest.raises(CannotListen, match=says):
        bind(settings(host=host, port=0))

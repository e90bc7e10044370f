"""Webhooks lead to public addresses, and into private networks only where a setting allows it: also after the DNS."""

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from server.webhooks.receiver_addresses import AddressRefused, AddressResolver
from tests.harness.receivers import Subscribe, receiver
from tests.harness.servers import Api, running_server
from tests.harness.waiting import eventually

PUBLIC = ["93.184.215.14", "2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::"]
PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("255.255.255.255", "::1", "::", "fe80::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1"),
    *("64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:a00:1::", "::127.0.0.1", "2001:db8::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
async def test_public_addresses_are_called_with_encryption_only(address: str) -> None:
    book = AddressResolver(["10.0.0.0/8"])
    assert await book.find(address, 443, encrypted=True) == [ip_address(address)]
    with pytest.raises(AddressRefused, match="use https://"):
        await book.find(address, 80, encrypted=False)


@pytest.mark.parametrize("address", PRIVATE)
async def test_private_addresses_are_refused(address: str) -> None:
    book = AddressResolver(["172.31.0.0/16"])
    for encrypted in (True, False):
        with pytest.raises(AddressRefused, match="RAPPORTEUR_WEBHOOK_NETWORKS"):
            await book.find(address, 443, encrypted=encrypted)


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3"])
async def test_an_allowed_network_is_called(address: str) -> None:
    assert await AddressResolver(["10.1.0.0/16"]).find(address, 80, encrypted=False) == [ip_address(address)]


async def test_of_several_addresses_only_public_ones_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "10.0.0.1", "93.184.215.14", "127.0.0.1")
    assert await AddressResolver([]).find("mixed.test", 443, encrypted=True) == [ip_address("93.184.215.14")]


def answer(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Has the DNS answer for names that end in `.test`, as no other would. Returns the names that were looked up."""
    looked_up: list[str] = []
    original = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if not str(host).endswith(".test"):
            return original(host, port, *args, **options)
        looked_up.append(str(host))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return looked_up


def test_the_connection_goes_to_the_address_that_was_checked(
    api: Api, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = answer(monkeypatch, "127.0.0.1")
    with receiver() as running:
        port = running.url.rpartition(":")[2]
        subscribe(f"http://receiver.test:{port}", "MEETING_CREATED")
        api.meeting()
        (message,) = running.wait(1)
    assert message.headers["host"] == f"receiver.test:{port.partition('/')[0]}"
    assert looked_up == ["receiver.test"], "a second look could lead elsewhere"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "rebound.test", "2130706433"])
def test_a_server_calls_nothing_private_unless_it_is_told_to(
    database_url: str, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    answer(monkeypatch, "127.0.0.1")
    with receiver() as running, running_server(database_url, webhook_concurrency=5) as server:
        port = running.url.rpartition(":")[2]
        input = {"name": "Test", "url": f"http://{host}:{port}", "events": ["MEETING_CREATED"]}
        created = server.api.run("CreateWebhook", input=input)
        server.api.run("TestWebhook", id=created["webhook"]["id"])

        def failed() -> Any:
            return server.api.run("Webhook", id=created["webhook"]["id"], state="FAILED")["deliveries"]["nodes"]

        (delivery,) = eventually(failed)
        assert "RAPPORTEUR_WEBHOOK_NETWORKS" in delivery["attempts"][0]["error"]
        assert running.received == []

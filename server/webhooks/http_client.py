"""Sends one message to a receiver, by HTTP, in a bounded time, and reads no more of the answer than it needs."""

import asyncio
import contextlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import httpx
from standardwebhooks import Webhook as Signer

from domain.webhooks import Message
from server.webhooks.receiver_addresses import AddressRefused, AddressResolver

ATTEMPT_TIMEOUT_SECONDS = 15.0
"""The time that an attempt may take, from looking up the name to the status of the answer."""
CONNECT_TIMEOUT_SECONDS = 5.0
"""The time for the connection to one address, of which a name may have several."""
MAX_BODY_TIMEOUT_SECONDS = 1.0
"""The time for which the body of an answer is read, so that its sender is done. Nothing in it counts."""
MAX_BODY_BYTES = 64 * 1024
MAX_RETRY_AFTER_SECONDS = 86_400


class AttemptResult(NamedTuple):
    """The outcome of an attempt."""

    status_code: int | None
    error: str | None
    """The reason why it failed; None if the receiver took the message."""
    retry_after: float = 0.0
    """The seconds for which the receiver asked to be left alone."""
    is_receivers_fault: bool = True
    """False if nothing was sent, for a reason that has nothing to do with the receiver."""


def signed_headers(secrets: list[bytes], message_id: str, body: str) -> dict[str, str]:
    """Returns the headers of Standard Webhooks, with a signature by each of the secrets."""
    now = datetime.now(UTC)
    signatures = [Signer(secret).sign(message_id, now, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


class ReceiverClient:
    """Calls receivers, each on a connection of its own to an address that was checked."""

    def __init__(self, addresses: AddressResolver) -> None:
        self._addresses = addresses
        # Connections are not used again: one that was made for a name must not serve another name at the same address. Proxies
        # that the environment names are not used, as they would look the names up themselves.
        self._http = httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(ATTEMPT_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def send(self, message: Message, body: str) -> AttemptResult:
        """Posts the body of a message, signed, and returns what became of it."""
        headers = {
            "content-type": "application/json",
            "user-agent": "Rapporteur-Webhooks",
            **signed_headers(message.secrets, str(message.message_id), body),
        }
        try:
            async with asyncio.timeout(ATTEMPT_TIMEOUT_SECONDS):
                return await self._send(httpx.URL(message.url), headers, body.encode())
        except TimeoutError:
            return AttemptResult(None, f"no answer within {ATTEMPT_TIMEOUT_SECONDS:g} seconds")
        except AddressRefused as refused:
            return AttemptResult(None, str(refused))
        except httpx.InvalidURL:
            return AttemptResult(None, "the URL names no host that can be looked up")
        except httpx.HTTPError as error:
            return AttemptResult(None, _reason(error))
        except (OSError, ValueError) as error:  # the name cannot be resolved, or is not a host name
            return AttemptResult(None, f"the host was not found: {error}")

    async def _send(self, url: httpx.URL, headers: dict[str, str], body: bytes) -> AttemptResult:
        is_encrypted = url.scheme == "https"
        port = url.port or (443 if is_encrypted else 80)
        addresses = await self._addresses.find(url.raw_host.decode(), port, encrypted=is_encrypted)
        host = url.netloc.decode()
        for address in addresses[:-1]:
            with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):  # the next one may answer
                return await self._post(url.copy_with(host=str(address)), host, url.host, headers, body)
        return await self._post(url.copy_with(host=str(addresses[-1])), host, url.host, headers, body)

    async def _post(self, url: httpx.URL, host: str, name: str, headers: dict[str, str], body: bytes) -> AttemptResult:
        """Posts to an address. `host` and `name` are what the receiver is called: in the request, and by its certificate."""
        request = self._http.build_request(
            "POST",
            url,
            content=body,
            headers={**headers, "host": host, "connection": "close"},
            extensions={"sni_hostname": name},
        )
        try:
            response = await self._http.send(request, stream=True)
        except AttributeError as error:  # anyio asks for the address of a connection that was reset at once
            raise httpx.ConnectError("the connection was reset", request=request) from error
        try:
            answer = _answer(response)
            with contextlib.suppress(TimeoutError, httpx.HTTPError):
                async with asyncio.timeout(MAX_BODY_TIMEOUT_SECONDS):
                    await _read(response)
            return answer
        finally:
            await response.aclose()

    async def close(self) -> None:
        await self._http.aclose()
        self._addresses.close()


async def _read(response: httpx.Response) -> None:
    count = 0
    async for part in response.aiter_raw():
        count += len(part)
        if count > MAX_BODY_BYTES:
            return


def _answer(response: httpx.Response) -> AttemptResult:
    status = response.status_code
    if response.is_success:
        return AttemptResult(status, None)
    if response.is_redirect:
        return AttemptResult(status, "the receiver redirects, which is not followed: give the webhook the URL itself")
    return AttemptResult(status, f"the receiver answered {status}", _retry_after(response.headers.get("retry-after")))


def _retry_after(value: str | None) -> float:
    """Returns the seconds that the header asks for, which may also name a time; 0 if it asks for nothing sensible."""
    if value is None:
        return 0.0
    try:
        seconds = (
            float(value) if value.isdecimal() else (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        )
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def _reason(error: httpx.HTTPError) -> str:
    """Returns why there was no answer, in the words of the error, which may be long or missing."""
    return f"no answer: {str(error)[:200] or type(error).__name__}"

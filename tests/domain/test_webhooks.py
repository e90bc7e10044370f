"""The rules of webhooks that need no database."""

import pytest

from domain.errors import InvalidInput
from domain.validation import parse
from domain.webhooks import RETRY_DELAYS_SECONDS, CreateWebhook, WebhookEventType, retry_delay

VALUES = {"name": "Test", "url": "https://example.com/hooks?a=b", "events": [WebhookEventType.MEETING_CREATED]}


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://example.com",
            "http://10.0.0.1:8080/a",
            "https://[2606:4700::1111]:8443/a?b=c",
            "HTTPS://Example.com/",
        ),
        "https://xn--bcher-kva.example/%C3%BC",
    ],
)
def test_urls_of_receivers(url: str) -> None:
    assert parse(CreateWebhook, VALUES | {"url": url}).url == url


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https:///a",
            "https://example.com:99999",
            "https://a:0/",
        ),
        *(
            "https://user:password@example.com",
            "https://user@example.com",
            "https://example.com/#a",
            "https://exa mple.com",
        ),
        *("https://example.com\\@10.0.0.1/", "https://example.com/\n", "https://bücher.example/", "https://[::1"),
        "https://example.com/" + "a" * 2_000,
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="url: must"):
        parse(CreateWebhook, VALUES | {"url": url})


def test_events_are_named_once_and_in_order() -> None:
    given = [WebhookEventType.MEETING_ERASED, WebhookEventType.AGENT_CREATED, WebhookEventType.MEETING_ERASED]
    assert parse(CreateWebhook, VALUES | {"events": given}).events == [given[1], given[0]]
    for refused in ([], [given[0]] * (len(WebhookEventType) + 1)):
        with pytest.raises(InvalidInput, match="events: must name"):
            parse(CreateWebhook, VALUES | {"events": refused})


def test_delays_grow_vary_and_fill_a_day() -> None:
    for failures, delay in enumerate(RETRY_DELAYS_SECONDS, 1):
        found = {retry_delay(failures) for _ in range(20)}
        assert len(found) > 1
        assert delay * 0.75 <= min(found) <= max(found) <= delay * 1.25
    assert retry_delay(1_000) >= RETRY_DELAYS_SECONDS[-1] * 0.75

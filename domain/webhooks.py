"""Webhooks: what is sent where, by which secret it is signed, and when it is tried again.

A delivery tells a receiver that an agent or a meeting has changed. A webhook has one pending delivery of each of them at most:
further changes go into it until it is sent. So a receiver that is away finds as many deliveries as there are things that have
changed, and not as many as there were changes.
"""

import base64
import random
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from domain.cursors import CursorFormat
from domain.errors import Conflict
from domain.history import Aggregate, Author
from domain.ids import DeliveryId, MeetingId, WebhookId, WorkspaceId, new_id
from domain.optimistic_locking import Versioned
from domain.ordering import Order
from domain.partial_updates import OMITTED, Omitted, updated
from domain.rules import Member, StorableText, Text, Violation
from domain.stream_positions import Position

SECRET_PREFIX = "whsec_"
"""The prefix of secrets, as Standard Webhooks has it."""
_SECRET_BYTES = 32
OLD_SECRET_SECONDS = 86_400
"""The time for which everything is also signed with the secret of before a rotation."""
GIVE_UP_AFTER = timedelta(days=1)
"""The time after the last change for which a delivery is tried."""
DISABLE_AFTER = timedelta(days=5)
"""The time without a success after which a webhook that fails is disabled."""
RETRY_DELAYS_SECONDS = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400)
"""The delay after the first failure, the second, ...; the last one is also that of all further failures."""
MAX_ATTEMPTS_KEPT = 20
"""The number of a delivery's attempts that are kept: the last ones."""
MAX_WEBHOOKS = 100
"""The most webhooks that a workspace can have."""
FAILED_FOR_LONG = Author("rapporteur", "the receiver took nothing for five days")
GONE = Author("rapporteur", "the receiver answered 410 Gone")
"""The authors of the changes that a server makes because of a receiver's answers."""


class WebhookEventType(Enum):
    """The kinds of changes that a webhook can be told of: the kinds of the history, and two that the history does not have."""

    AGENT_CREATED = "AGENT_CREATED"
    AGENT_UPDATED = "AGENT_UPDATED"
    AGENT_ACTIVATED = "AGENT_ACTIVATED"
    AGENT_DEACTIVATED = "AGENT_DEACTIVATED"
    AGENT_ROLLED_BACK = "AGENT_ROLLED_BACK"
    AGENT_DELETED = "AGENT_DELETED"
    MEETING_CREATED = "MEETING_CREATED"
    MEETING_UPDATED = "MEETING_UPDATED"
    MEETING_STATE_CHANGED = "MEETING_STATE_CHANGED"
    MEETING_SEGMENTS_CHANGED = "MEETING_SEGMENTS_CHANGED"
    MEETING_DELETED = "MEETING_DELETED"
    MEETING_ERASED = "MEETING_ERASED"
    WEBHOOK_STATE_CHANGED = "WEBHOOK_STATE_CHANGED"


TEST = "WEBHOOK_TEST"
"""The kind of what `testWebhook` sends, which every webhook gets."""


class WebhookDeliveryState(Enum):
    """The state of a delivery."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


def _url(value: object) -> str:
    """Accepts the URL of a receiver."""
    url = StorableText(2_000)(value)
    valid = "must be a URL such as https://example.com/hooks"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Violation(f"{valid}, with everything but ASCII letters encoded")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Violation(valid) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise Violation(valid)
    if parts.username is not None or parts.password is not None or "#" in url:
        raise Violation("must have no user, password or fragment")
    return url


def _event_types(value: object) -> list[WebhookEventType]:
    """Accepts at least one type, and returns the types without duplicates, in the order of their declaration."""
    if not isinstance(value, list) or not 0 < len(value) <= len(WebhookEventType):
        raise Violation("must name one or more types of events, each once")
    given = set(map(Member(WebhookEventType), value))
    return [each for each in WebhookEventType if each in given]


Name = Annotated[str, Text(200, required=True, strip=True)]
WebhookUrl = Annotated[str, _url]
EventTypes = Annotated[list[WebhookEventType], _event_types]
Document = Annotated[str, Text(10_000, required=True)]


@dataclass(slots=True)
class Webhook(Versioned):
    """A webhook, without its secret."""

    id: WebhookId
    name: str
    url: str
    events: list[WebhookEventType]
    document: str | None
    """The query that is executed for each delivery; None: its body names what changed, and no more."""
    version: int
    created_at: datetime
    updated_at: datetime
    secret_rotated_at: datetime | None
    disabled_at: datetime | None
    failing_since: datetime | None
    """The time of the first failure since the last success."""

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None

    def disable(self) -> "Webhook":
        """Returns the webhook disabled. One that is disabled already stays as it is."""
        return self if self.disabled_at else replace(self, disabled_at=datetime.now(UTC))

    def rotate(self) -> "Webhook":
        """Returns the webhook with a secret that is rotated now."""
        return replace(self, secret_rotated_at=datetime.now(UTC))

    def expect_enabled(self) -> None:
        """Raises Conflict if the webhook is disabled."""
        if not self.is_enabled:
            raise Conflict(f"the webhook {self.id} is disabled: enable it first, with updateWebhook", self.version)


@dataclass(frozen=True, slots=True)
class CreateWebhook:
    """The command to create a webhook."""

    name: Name
    url: WebhookUrl
    events: EventTypes
    document: Document | None = None

    def webhook(self) -> Webhook:
        """Returns a new webhook, which is not stored yet."""
        now = datetime.now(UTC)
        return Webhook(
            id=WebhookId(new_id()),
            name=self.name,
            url=self.url,
            events=self.events,
            document=self.document,
            version=1,
            created_at=now,
            updated_at=now,
            secret_rotated_at=None,
            disabled_at=None,
            failing_since=None,
        )


@dataclass(frozen=True, slots=True)
class UpdateWebhook:
    """The command to update a webhook."""

    name: Name | Omitted = OMITTED
    url: WebhookUrl | Omitted = OMITTED
    events: EventTypes | Omitted = OMITTED
    document: Document | Omitted | None = OMITTED
    """The new document; None takes the present one away."""
    is_enabled: bool | Omitted = OMITTED

    def apply(self, webhook: Webhook) -> Webhook:
        """Returns the updated webhook."""
        changed = updated(webhook, replace(self, is_enabled=OMITTED))
        if self.is_enabled is OMITTED:
            return changed
        return replace(changed, disabled_at=None) if self.is_enabled else changed.disable()


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """A secret, which cannot be shown again, and its webhook."""

    secret: str
    webhook: Webhook


def new_secret() -> bytes:
    return secrets.token_bytes(_SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """Returns the form in which libraries take a secret."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to a receiver, and what became of it."""

    at: datetime
    status_code: int | None
    """The status of the answer; None if there was none."""
    error: str | None
    """The reason why it failed, in our words; None if it did not."""
    duration: float
    """The time that it took, in seconds."""


@dataclass(slots=True)
class Delivery:
    """The record of what one receiver is told of one agent or meeting."""

    id: DeliveryId
    webhook_id: WebhookId
    message_id: UUID
    """Names what is sent: an attempt that repeats it has the same, and it is another once more changes go into it."""
    aggregate: Aggregate
    aggregate_id: UUID
    events: list[str]
    version: int | None
    change_seq: int | None
    state: WebhookDeliveryState
    created_at: datetime
    changed_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None
    attempts: list[Attempt]

    @property
    def agent_id(self) -> UUID | None:
        return self.aggregate_id if self.aggregate is Aggregate.AGENT else None

    @property
    def meeting_id(self) -> UUID | None:
        return self.aggregate_id if self.aggregate is Aggregate.MEETING else None


class _WebhookCursorKey(NamedTuple):
    id: WebhookId


WEBHOOKS_CURSOR = CursorFormat("webhooks", _WebhookCursorKey)


def webhook_cursor(webhook: Webhook) -> str:
    """Returns the webhook's cursor in the list of a workspace's webhooks."""
    return WEBHOOKS_CURSOR.encode(str(webhook.id))


DELIVERIES_BY_AGE = Order("deliveries.created_at", "created_at", descending=True)
"""Sorts the deliveries of a webhook from the newest to the oldest."""


class Message(NamedTuple):
    """A delivery that is to be attempted now, with what is needed for it."""

    workspace_id: WorkspaceId
    id: DeliveryId
    webhook_id: WebhookId
    webhook_name: str
    url: str
    document: str | None
    secrets: list[bytes]
    """The secrets to sign with: the present one first."""
    failing_since: datetime | None
    message_id: UUID
    aggregate: Aggregate
    aggregate_id: UUID
    events: list[str]
    version: int | None
    change_seq: int | None
    changed_at: datetime
    attempts: int
    """The number of attempts before this one, as far as they are kept."""
    lease: datetime
    """The time until which nobody else attempts the delivery. It also names this attempt."""

    @property
    def is_test(self) -> bool:
        return self.events == [TEST]

    def body(self) -> dict[str, object]:
        """Returns what is sent where the webhook has no document: ids, and nothing that was said or named."""
        kind = self.aggregate.value.lower()
        data: dict[str, object] = {f"{kind}Id": str(self.aggregate_id), "events": self.events, "version": self.version}
        if self.aggregate is Aggregate.MEETING:
            data["cursor"] = self.change_seq and Position.after_write(self.change_seq).cursor(
                MeetingId(self.aggregate_id)
            )
        return {
            "type": "webhook.test" if self.is_test else f"{kind}.changed",
            "timestamp": self.changed_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "data": data,
        }


def retry_delay(failures: int) -> float:
    """Returns the seconds to wait after so many failures. They vary, so that receivers are not called all at once."""
    delay = RETRY_DELAYS_SECONDS[min(failures, len(RETRY_DELAYS_SECONDS)) - 1]
    return delay * random.uniform(0.75, 1.25)

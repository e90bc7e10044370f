"""How much each key may ask for, in this process: requests and cost a minute, operations and subscriptions at once."""

import math
import time
from typing import NamedTuple

from domain.errors import RateLimited
from domain.principals import Principal
from server.settings import Settings

WINDOW_SECONDS = 60.0
"""Seconds."""
MAX_RATE_LIMITERS = 10_000
"""RateLimiters; beyond, those are forgotten whose buckets are full, and of which nothing is open."""


class RateLimits(NamedTuple):
    """0: as much as they like."""

    requests: int = 0
    """A minute."""
    cost: int = 0
    """A minute, in the unit of `schema.declarations.Cost`."""
    operations: int = 0
    """Queries and mutations at once."""
    subscriptions: int = 0
    """At once."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "RateLimits":
        return cls(
            settings.rate_requests, settings.rate_cost, settings.max_key_operations, settings.max_key_subscriptions
        )


class TokenBucket:
    """A token bucket: holds a minute's worth, and is refilled evenly."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._level = float(size)
        self._at = time.monotonic()

    def take(self, amount: int) -> float:
        """Take so much. 0, or the seconds after which there will be enough; then nothing is taken.

        What is more than the bucket holds is given when it is full, and filled up later.
        """
        missing = min(amount, self._size) - self.level
        if missing > 0:
            return missing / self._size * WINDOW_SECONDS
        self._level -= amount
        return 0.0

    @property
    def level(self) -> float:
        now = time.monotonic()
        self._level = min(self._size, self._level + (now - self._at) / WINDOW_SECONDS * self._size)
        self._at = now
        return self._level

    @property
    def is_full(self) -> bool:
        return self.level >= self._size

    def header(self, name: str) -> str:
        """What is left, and the seconds until the bucket is full again."""
        level = self.level
        full = math.ceil((self._size - level) / self._size * WINDOW_SECONDS)
        return f'"{name}";r={max(0, math.floor(level))};t={full}'


class ConcurrencyLimit:
    """As a context manager: one more for the length of the block. Raises RateLimited if there are as many as may be."""

    def __init__(self, kind: str, most: int) -> None:
        self.open = 0
        self._kind = kind
        self._most = most

    def __enter__(self) -> None:
        if self._most and self.open >= self._most:
            raise RateLimited(f"your key has {self._most:,} {self._kind} open, which is the most")
        self.open += 1

    def __exit__(self, *error: object) -> None:
        self.open -= 1


class RateLimiter:
    """Of one principal."""

    def __init__(self, rates: RateLimits) -> None:
        self._rates = rates
        self._buckets = {
            name: TokenBucket(size) for name, size in (("requests", rates.requests), ("cost", rates.cost)) if size
        }
        self._policy = ", ".join(f'"{name}";q={getattr(rates, name)};w={WINDOW_SECONDS:.0f}' for name in self._buckets)
        self.operations = ConcurrencyLimit("operations", rates.operations)
        self.subscriptions = ConcurrencyLimit("subscriptions", rates.subscriptions)

    def request(self) -> None:
        """Raises RateLimited."""
        self._take("requests", 1)

    def spend(self, cost: int) -> None:
        """Raises RateLimited."""
        self._take("cost", cost)

    @property
    def idle(self) -> bool:
        """Nothing would be different if it were forgotten."""
        is_open = self.operations.open or self.subscriptions.open
        return not is_open and all(bucket.is_full for bucket in self._buckets.values())

    def headers(self) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy`, as draft-ietf-httpapi-ratelimit-headers has them."""
        if not self._buckets:
            return {}
        levels = [bucket.header(name) for name, bucket in self._buckets.items()]
        return {"RateLimit-Policy": self._policy, "RateLimit": ", ".join(levels)}

    def _take(self, name: str, amount: int) -> None:
        bucket = self._buckets.get(name)
        if bucket and (seconds := bucket.take(amount)):
            most = getattr(self._rates, name)
            raise RateLimited(f"your key has used up its {most:,} {name} a minute", math.ceil(seconds))


class RateLimiters:
    """Of all principals, in this process."""

    def __init__(self, rates: RateLimits) -> None:
        self._rates = rates
        self._kept: dict[tuple[object, str], RateLimiter] = {}

    def for_principal(self, principal: Principal) -> RateLimiter:
        name = (principal.workspace_id, principal.id)
        rate_limiter = self._kept.get(name)
        if rate_limiter is None:
            if len(self._kept) >= MAX_RATE_LIMITERS:
                self._kept = {name: each for name, each in self._kept.items() if not each.idle}
            rate_limiter = self._kept[name] = RateLimiter(self._rates)
        return rate_limiter

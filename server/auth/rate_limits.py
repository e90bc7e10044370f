"""Limits how much each key may ask for, in this process: requests and cost a minute, operations and subscriptions at once."""

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

from domain.errors import RateLimited
from domain.principals import Principal
from server.settings import Settings

WINDOW_SECONDS = 60.0
"""The time in which an empty bucket is full again."""
MAX_RATE_LIMITERS = 10_000
"""The number of principals whose use is remembered; above it, principals that use nothing now are forgotten."""


class RateLimits(NamedTuple):
    """The limits of each principal; 0 sets none."""

    requests: int = 0
    """The number of requests a minute."""
    cost: int = 0
    """The cost a minute, in the unit of `schema.field_declarations.Cost`."""
    operations: int = 0
    """The number of concurrent queries and mutations."""
    subscriptions: int = 0
    """The number of concurrent subscriptions."""
    memory: int = 0
    """Bytes that each of these may take: documents and variables of open subscriptions, about; large bodies; unread answers."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(
            settings.rate_requests,
            settings.rate_cost,
            settings.max_key_operations,
            settings.max_key_subscriptions,
            settings.max_key_memory,
        )


class TokenBucket:
    """A token bucket that holds a minute's worth and is refilled evenly."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._level = float(size)
        self._updated_at = time.monotonic()

    def spend(self, amount: int) -> float:
        """Spends an amount and returns 0, or returns the seconds after which there will be enough, and spends nothing.

        An amount that is more than the bucket holds is spent when it is full: the level is then below zero.
        """
        missing = min(amount, self._size) - self.level
        if missing > 0:
            return missing / self._size * WINDOW_SECONDS
        self._level -= amount
        return 0.0

    @property
    def level(self) -> float:
        """The amount that can be spent now."""
        now = time.monotonic()
        self._level = min(self._size, self._level + (now - self._updated_at) / WINDOW_SECONDS * self._size)
        self._updated_at = now
        return self._level

    @property
    def is_full(self) -> bool:
        return self.level >= self._size

    def header(self, name: str) -> str:
        """Returns the bucket's part of the header `RateLimit`: what is left, and the seconds until it is full again."""
        level = self.level
        seconds = math.ceil((self._size - level) / self._size * WINDOW_SECONDS)
        return f'"{name}";r={max(0, math.floor(level))};t={seconds}'


class ConcurrencyLimit:
    """A context manager that counts what is open. It raises RateLimited when the maximum is open; 0 sets no maximum."""

    def __init__(self, noun: str, maximum: int) -> None:
        self.open = 0
        self._noun = noun
        self._maximum = maximum

    def __enter__(self) -> None:
        if self._maximum and self.open >= self._maximum:
            raise RateLimited(f"your key has {self._maximum:,} {self._noun} open, which is the most")
        self.open += 1

    def __exit__(self, *error: object) -> None:
        self.open -= 1


class MemoryBudget:
    """Counts the bytes that something of a client keeps in memory, up to a maximum; 0 sets none."""

    def __init__(self, owner: str, maximum: int) -> None:
        """`owner` says what keeps them, in the plural."""
        self.held = 0
        self._owner = owner
        self._maximum = maximum

    def check(self, size: int = 1) -> None:
        """Raises RateLimited if there is no room for so many bytes."""
        if self._maximum and self.held + size > self._maximum:
            raise RateLimited(
                f"{self._owner} take {self.held:,} bytes in memory, and {size:,} more are too many: at most {self._maximum:,}"
            )

    @contextmanager
    def hold(self, size: int, *, is_refused: bool = True) -> Iterator[None]:
        """Counts some bytes for the length of the block. Raises RateLimited, unless it may not be refused."""
        if is_refused:
            self.check(size)
        self.held += size
        try:
            yield
        finally:
            self.held -= size


class HeldMemory:
    """Counts what one request keeps in memory, in a budget, until it is released."""

    budget: MemoryBudget | None = None
    """The budget, which must be known before something is added."""
    _size = 0

    def add(self, size: int) -> None:
        """Counts some bytes more. Raises RateLimited."""
        assert self.budget is not None
        self.budget.check(size)
        self.budget.held += size
        self._size += size

    def release(self) -> None:
        if self.budget is not None:
            self.budget.held -= self._size


class RateLimiter:
    """Counts what one principal uses."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._buckets = {
            name: TokenBucket(size) for name, size in (("requests", limits.requests), ("cost", limits.cost)) if size
        }
        self._policy = ", ".join(f'"{name}";q={getattr(limits, name)};w={WINDOW_SECONDS:.0f}' for name in self._buckets)
        self.operations = ConcurrencyLimit("operations", limits.operations)
        self.subscriptions = ConcurrencyLimit("subscriptions", limits.subscriptions)
        self.memory = MemoryBudget("the documents and variables of your key's subscriptions", limits.memory)
        self.bodies = MemoryBudget("the bodies of your key's requests", limits.memory)
        self.answers = MemoryBudget("the answers that your key has not read yet", limits.memory)
        self.large_operations = asyncio.Semaphore(1)
        """The one large operation that runs holds this; see `resolvers.operation_budget.Turns`."""

    def count_request(self) -> None:
        """Raises RateLimited."""
        self._spend("requests", 1)

    def spend_cost(self, cost: int) -> None:
        """Raises RateLimited."""
        self._spend("cost", cost)

    @property
    def is_unused(self) -> bool:
        """Tells whether a new limiter would behave the same."""
        is_open = self.operations.open or self.subscriptions.open or self.bodies.held or self.answers.held
        return not is_open and all(bucket.is_full for bucket in self._buckets.values())

    def headers(self) -> dict[str, str]:
        """Returns `RateLimit` and `RateLimit-Policy`, as draft-ietf-httpapi-ratelimit-headers has them."""
        if not self._buckets:
            return {}
        levels = [bucket.header(name) for name, bucket in self._buckets.items()]
        return {"RateLimit-Policy": self._policy, "RateLimit": ", ".join(levels)}

    def _spend(self, name: str, amount: int) -> None:
        bucket = self._buckets.get(name)
        if bucket and (seconds := bucket.spend(amount)):
            maximum = getattr(self._limits, name)
            raise RateLimited(f"your key has used up its {maximum:,} {name} a minute", math.ceil(seconds))


class RateLimiters:
    """Holds the rate limiters of all principals of this process."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._by_principal: dict[tuple[object, str], RateLimiter] = {}

    def for_principal(self, principal: Principal) -> RateLimiter:
        """Returns the limiter of a principal, which is the same each time."""
        key = (principal.workspace_id.int, principal.id)  # the hash of a UUID is a function of Python
        limiter = self._by_principal.get(key)
        if limiter is None:
            if len(self._by_principal) >= MAX_RATE_LIMITERS:
                self._by_principal = {key: each for key, each in self._by_principal.items() if not each.is_unused}
            limiter = self._by_principal[key] = RateLimiter(self._limits)
        return limiter

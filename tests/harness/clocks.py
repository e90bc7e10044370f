"""Gives the code of this process a clock that is wrong, as a machine's may be."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from unittest.mock import patch

PACKAGES = ("db", "domain", "resolvers", "schema", "server")


class _LikeDatetime(type):
    """Makes a class equal to `datetime`, for who looks a type up or checks one."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)

    def __eq__(cls, other: object) -> bool:
        return other is datetime or other is cls

    def __hash__(cls) -> int:
        return hash(datetime)


@contextmanager
def wrong_clock(error: timedelta) -> Iterator[None]:
    """Lets `datetime.now()` be wrong by `error` in all modules of the product, while the block lasts."""

    class WrongDatetime(datetime, metaclass=_LikeDatetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + error

    modules = [
        module
        for name, module in sys.modules.items()
        if name.partition(".")[0] in PACKAGES and getattr(module, "datetime", None) is datetime
    ]
    patches = [patch.object(module, "datetime", WrongDatetime) for module in modules]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()

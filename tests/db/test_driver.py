"""Checks what the driver makes of parameters."""

import sys
from types import FrameType

from db.driver import ConnectionSettings


async def test_an_array_of_many_elements_asks_as_few_abstract_classes_as_one_of_one(database_url: str) -> None:
    connection = await ConnectionSettings(database_url, connect_timeout=10, statement_timeout=10).connect()

    async def questions(count: int) -> int:
        called: list[str] = []

        def note(frame: FrameType, event: str, _: object) -> None:
            if event == "call":
                called.append(frame.f_code.co_name)

        texts, numbers = ["a", None] * count, (1.5, None) * count
        sys.setprofile(note)
        try:
            row = await connection.fetchrow("SELECT $1::text[] AS texts, $2::float8[] AS numbers", texts, numbers)
        finally:
            sys.setprofile(None)
        assert (row.texts, row.numbers) == (texts, list(numbers))
        return called.count("__instancecheck__")

    try:
        await questions(1)  # prepares the statement
        assert await questions(1_000) == await questions(1)
    finally:
        await connection.close()

"""A few threads for work that would keep the event loop busy for long. All such work of a process shares them.

Python code in a thread lets the event loop go on every few milliseconds. More threads would add nothing, as only one of them
runs at a time, and each would take the event loop's turn. A caller with much to do gives it to a thread in parts, so that it
can be cancelled in between, and so that others have their turn.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

MAX_THREADS = 3
"""There is one more than there are large operations at once, for what others do meanwhile."""
_threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="worker")


async def run_in_worker(function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
    """Returns the result of a function that runs in one of the threads, when one is free."""
    return await asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)

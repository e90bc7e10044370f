"""Runs requests at the same time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.harness.servers import Api

TIMEOUT_SECONDS = 30.0
"""Seconds until a thread that waits for others says that something is wrong."""


@contextmanager
def new_client(url: str) -> Iterator[Api]:
    """Yields a client with connections of its own."""
    api = Api(url)
    try:
        yield api
    finally:
        api.http.close()


def run_concurrently(url: str, jobs: Sequence[Callable[[Api], Any]]) -> list[Any]:
    """Starts all jobs together, each with a client of its own, and returns their results."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[Api], Any]) -> Any:
        with new_client(url) as api:
            start.wait(TIMEOUT_SECONDS)
            return job(api)

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))

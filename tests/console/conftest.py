"""One server, with the console as its sources are, for all tests of the console."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from fasteners import InterProcessLock

from server.console import is_built
from tests.harness.databases import TestPostgres
from tests.harness.repository import REPOSITORY
from tests.harness.servers import RunningServer, running_server

BUILDING = REPOSITORY / "console" / ".building"
"""A lock file: processes that run tests at the same time build one after the other."""


@pytest.fixture(scope="session", autouse=True)
def _built() -> None:
    """Builds the console where it is not there, or older than its sources: one process does it, and others wait."""
    with InterProcessLock(BUILDING):
        done = subprocess.run(
            [sys.executable, REPOSITORY / "tools" / "hatch_build.py", "console"],
            check=True,
            capture_output=True,
            text=True,
        )
        if not is_built():
            pytest.skip(done.stderr)


@pytest.fixture(scope="package")
def console_server(postgres: TestPostgres) -> Iterator[RunningServer]:
    """A server with the demo for the tests of this package."""
    with postgres.database() as url, running_server(url, demo=True) as running:
        yield running

"""Fixtures of the tests of the executor."""

import gc
from collections.abc import Iterator

import pytest

from executor import execution_counts


@pytest.fixture(autouse=True)
def from_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("completed", "fell_back", "delegated", "inputs_fell_back"):
        monkeypatch.setattr(execution_counts, name, 0)


@pytest.fixture(autouse=True)
def collected(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collects coroutines that a test has left in reference cycles, if it ignores the warnings: a later test does not."""
    yield
    if any("PytestUnraisableExceptionWarning" in mark.args[0] for mark in request.node.iter_markers("filterwarnings")):
        gc.collect()

"""Fixtures of the tests of the executor."""

import pytest

from executor import execution_counts


@pytest.fixture(autouse=True)
def from_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("completed", "fell_back", "delegated", "inputs_fell_back"):
        monkeypatch.setattr(execution_counts, name, 0)

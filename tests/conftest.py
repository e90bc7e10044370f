"""Sets up the processes that run tests, and the order of the tests. The fixtures are in harness/fixtures.py."""

import gc
import pkgutil
from collections.abc import Generator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Imports the fixtures, and the server with them, but not into the process that only hands out tests to workers."""
    if worker(config) or not config.getoption("numprocesses", None):
        gc.disable()  # until all modules are imported: see `pytest_collection`
        config.pluginmanager.import_plugin("tests.harness.fixtures")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collects no garbage while modules are imported, and then as the server does, which leaves modules out of it."""
    if (this := worker(session.config)) and Path(session.config.args[0]).resolve() == HERE:
        import_tests(int(this["workerid"].removeprefix("gw")) / this["workercount"])
    try:
        return (yield)
    finally:
        if not gc.isenabled():
            from server.app import tune_garbage_collector

            tune_garbage_collector()
            gc.enable()


def worker(config: pytest.Config) -> dict[str, Any] | None:
    """Returns what is known of this process if it is a worker."""
    return getattr(config, "workerinput", None)


def import_tests(start: float) -> None:
    """Imports all test modules from a point between 0 and 1 on, and then the others.

    If workers begin at different points, each module is compiled by one of them, and the others find it compiled. Pytest
    imports a module again that cannot be imported, and says why.
    """
    names = [found.name for found in pkgutil.walk_packages([str(HERE)], "tests.") if ".test_" in found.name]
    first = int(len(names) * start)
    for name in names[first:] + names[:first]:
        with suppress(Exception, pytest.skip.Exception):
            import_module(name)


@pytest.hookimpl(tryfirst=True)  # before those with markers are chosen
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with what is slow, state machines first: the last test of all should not be one that takes a minute.

    Tests in a browser come next, together, as each process that runs one starts a browser. Tests of properties are slow, as
    they try many examples.
    """
    from hypothesis import is_hypothesis_test

    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.slow)
    items.sort(
        key=lambda item: (
            "stateful" not in item.path.parts,
            "browser" not in getattr(item, "fixturenames", ()),
            item.get_closest_marker("slow") is None,
        )
    )

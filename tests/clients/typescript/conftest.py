"""The client for TypeScript, packed and installed as programs install it, and a process that drives it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fasteners import InterProcessLock

from tests.harness.client_processes import ran
from tests.harness.repository import REPOSITORY
from tests.harness.typescript_client import TypeScriptClient, running_typescript_client

HERE = Path(__file__).parent
COMMANDS = HERE / "commands.mjs"
PACKAGE = REPOSITORY / "clients" / "typescript"
BUILD = HERE / ".build"
BUILDING = HERE / ".building"
"""A lock file: of the processes that run tests at the same time, one builds for all."""


@pytest.fixture(scope="session")
def typescript_client(node_modules: Path) -> Path:
    """A project in which nothing is installed but clients/typescript, as it is packed. It is kept while its sources are."""
    project, tarball = BUILD / "project", BUILD / "rapporteur-client.tgz"
    with InterProcessLock(BUILDING):
        if not project.exists() or project.stat().st_mtime < max(map(_modified, _sources())):
            shutil.rmtree(BUILD, ignore_errors=True)
            package = BUILD / "clients" / "typescript"
            shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("node_modules", "dist", "gql"))
            (package / "node_modules").symlink_to(node_modules)
            (BUILD / "graphql").symlink_to(REPOSITORY / "graphql")
            ran(package, "npm", "pack", "--loglevel=error")
            next(package.glob("*.tgz")).rename(tarball)
            unfinished = BUILD / "unfinished"
            unfinished.mkdir()
            (unfinished / "package.json").write_text('{"type": "module"}')
            # Its only dependency comes from the installed packages of the tests, not from a registry.
            install = ["npm", "install", "--offline", "--install-links", "--no-audit", "--no-fund", "--loglevel=error"]
            ran(unfinished, *install, tarball, node_modules / "yaml")
            shutil.copy(COMMANDS, unfinished)
            unfinished.rename(project)
    return project


def _sources() -> Iterator[Path]:
    folders = (PACKAGE, PACKAGE / "src", *(PACKAGE / "src" / name for name in ("configs", "node", "segments")))
    yield from (path for folder in folders for path in folder.glob("*.*") if path.is_file())
    yield from (REPOSITORY / "graphql").rglob("*.graphql")
    yield COMMANDS


def _modified(path: Path) -> float:
    return path.stat().st_mtime


@pytest.fixture(scope="module")
def client_process(typescript_client: Path) -> Iterator[TypeScriptClient]:
    """A process that runs commands: see commands.mjs. It ends by itself."""
    with running_typescript_client(typescript_client) as running:
        yield running


@pytest.fixture
def client(client_process: TypeScriptClient) -> Iterator[TypeScriptClient]:
    """The process, without clients."""
    yield client_process
    client_process.reset()

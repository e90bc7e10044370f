"""The packages of the clients, from npm and from PyPI."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fasteners import InterProcessLock

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
NODE_MODULES = HERE / "node_modules"
INSTALLED = NODE_MODULES / ".package-lock.json"
"""npm writes this one when it is done."""
INSTALLING = HERE / ".installing"
"""A lock file: processes that run tests at the same time install one after the other."""


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The clients of package.json, as package-lock.json has them."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js with npm is not here")
    with InterProcessLock(INSTALLING):
        if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
            install = [npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
            done = subprocess.run(install, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode and re.search("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH", done.stderr):
                pytest.skip(f"npm reaches no registry: {done.stderr}")
            assert done.returncode == 0, done.stderr
    return NODE_MODULES


@pytest.fixture(scope="session")
def ariadne_codegen() -> Path:
    """A folder with ariadne-codegen, apart from the server's packages: it needs an older graphql-core."""
    return _installed("ariadne-codegen")


@pytest.fixture(scope="session")
def openfeature() -> Path:
    """A folder with OpenFeature's SDK and its provider for OFREP."""
    return _installed("openfeature")


def _installed(name: str) -> Path:
    """Returns a folder with the Python packages that a lock names."""
    lock, folder = HERE / f"requirements-{name}.txt", HERE / f".{name}"
    done_before = folder / ".installed"
    with InterProcessLock(INSTALLING):
        if not done_before.exists() or done_before.stat().st_mtime < lock.stat().st_mtime:
            install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
            install += ["--target", str(folder), "-r", str(lock)]
            done = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode and re.search("error sending request|not found in the package registry", done.stderr):
                pytest.skip(f"uv reaches no index: {done.stderr}")
            assert done.returncode == 0, done.stderr
            done_before.touch()
    return folder

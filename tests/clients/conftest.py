"""The Node.js packages of the clients."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
NODE_MODULES = HERE / "node_modules"
INSTALLED = NODE_MODULES / ".package-lock.json"
"""npm writes this one when it is done."""


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The clients of package.json, as package-lock.json has them."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js with npm is not here")
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(install, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode and re.search("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH", done.stderr):
            pytest.skip(f"npm reaches no registry: {done.stderr}")
        assert done.returncode == 0, done.stderr
    return NODE_MODULES

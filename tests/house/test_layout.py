"""Checks how the repository is laid out: files of a size one can read, and tests that share code by the harness only."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.repository import REPOSITORY, python_files

MAX_LINES = 400
STILL_TOO_LONG: set[str] = set()


def _imported_modules(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_file_imports_a_test_module() -> None:
    imports = {
        (str(file.relative_to(REPOSITORY)), module)
        for file in python_files("tests", "bench")
        for module in _imported_modules(file)
        if module.startswith("tests.")
        and any(part.startswith(("test_", "conftest")) for part in module.split(".")[1:-1])
    }
    assert imports == set()


def test_the_python_client_needs_only_its_own_requirements() -> None:
    allowed = {*sys.stdlib_module_names, "httpx", "rapporteur_client", "websockets", "yaml"}
    imported = {module.partition(".")[0] for file in python_files("clients") for module in _imported_modules(file)}
    assert "websockets" in imported
    assert imported - allowed == set()


def test_no_file_is_too_long() -> None:
    lengths = {str(file.relative_to(REPOSITORY)): len(file.read_text().splitlines()) for file in python_files()}
    assert {name for name, lines in lengths.items() if lines > MAX_LINES} == STILL_TOO_LONG


@pytest.mark.parametrize("folder", ["console", "clients/typescript"])
def test_no_file_of_typescript_is_too_long(folder: str) -> None:
    files = (file for ending in ("ts", "tsx", "css") for file in (REPOSITORY / folder / "src").rglob(f"*.{ending}"))
    written = (file for file in files if "gql" not in file.parts)
    assert [file for file in written if len(file.read_text(encoding="utf-8").splitlines()) > MAX_LINES] == []


@pytest.mark.parametrize("text", ["/root/", "/home/"])
def test_no_file_names_a_path_of_one_machine(text: str) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    files = (REPOSITORY / name for name in tracked.stdout.splitlines())
    this = Path(__file__)
    assert [file for file in files if file.is_file() and file != this and text.encode() in file.read_bytes()] == []


def test_no_link_leads_out_of_the_repository() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    files = (REPOSITORY / name for name in tracked.stdout.splitlines())
    assert [file for file in files if file.is_symlink() and file.readlink().is_absolute()] == []

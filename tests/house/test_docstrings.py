"""Checks that docstrings are sentences: none begins as only a part of a sentence can, and functions say what they do."""

import ast
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.harness.repository import REPOSITORY, python_files

FRAGMENT_OPENINGS = {
    *("And", "As", "Beside", "But", "Else", "None", "Of", "Or", "That", "Those", "What", "Where", "Whether", "Who"),
    "Whose",
}
"""First words after which there is no main clause, or one that is hard to find."""
COMMANDS = "server/cli/"
"""The docstrings of commands are their help, which says what to do."""
FOLDERS = ("bench", "clients", "db", "domain", "executor", "resolvers", "schema", "server", "tests", "tools")


def _docstrings(tree: ast.Module) -> Iterator[str]:
    """Yields the docstrings of the module, its classes and functions, and those that follow assignments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
            for statement, following in pairwise(node.body):
                if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(following, ast.Expr):
                    value = following.value
                    yield value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_begin_as_sentences_do(folder: str) -> None:
    fragments = [
        f"{file.relative_to(REPOSITORY)}: {text.splitlines()[0]}"
        for file in python_files(folder)
        for text in _docstrings(ast.parse(file.read_text()))
        if text and text.split()[0].rstrip(".,:;") in FRAGMENT_OPENINGS
    ]
    assert fragments == []


def _names_something(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Returns whether the docstring names what the function stands for: of a property, of parameters."""
    return function.name == "__init__" or any("property" in ast.unparse(each) for each in function.decorator_list)


@pytest.mark.parametrize("folder", [*(folder for folder in FOLDERS if folder != "tests"), "tests/harness"])
def test_docstrings_of_functions_begin_with_a_verb(folder: str) -> None:
    nameless = [
        f"{name}: {text.splitlines()[0]}"
        for file in python_files(folder)
        if (name := str(file.relative_to(REPOSITORY)))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _names_something(node)
        if (text := ast.get_docstring(node)) and not text.split()[0].rstrip(".,").endswith("s")
        if not name.startswith(COMMANDS)
    ]
    assert nameless == []

"""Differences: a tool that applies them makes the one text of the other."""

import os
import shutil
import subprocess
from math import isqrt
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.configs import AgentConfig
from domain.diffs import MAX_DIFF_STEPS, ConfigDiff, text_diff

# Whatever some would take for the end of a line, beside words that look like parts of a diff.
PIECES = st.sampled_from(
    [
        *(
            "a",
            "b",
            "same",
            "",
            "\n",
            "\n",
            "\r",
            "\r\n",
            "\f",
            "\v",
            "\x1c",
            "\x85",
            "\u2028",
            "\u2029",
            "é",
            "議",
            "🤖",
        ),
        *("--- a", "+++ b", "@@ -1 +1 @@", "-", "+", " ", "\\ No newline at end of file", "\ufeff", "\t"),
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)
MOST = isqrt(MAX_DIFF_STEPS)
"""Lines that are all different."""
LINES = [f"line {number}\n" for number in range(2 * MOST)]


def patched(directory: Path, a: str, diff: str) -> str:
    """Returns the text that `git apply` makes of a."""
    file = directory / "prompt"
    file.write_bytes(a.encode())
    # Paths are taken as they are, and no repository is needed, nor minded.
    renamed = diff.replace("--- a\n+++ b\n", "--- prompt\n+++ prompt\n", 1)
    if shutil.which("git") is None:
        pytest.skip("git is not here")
    command = ["git", "apply", "-p0", "--whitespace=nowarn", "-"]
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(directory.parent), "GIT_DIR": str(directory / "none")}
    input = renamed.encode()
    done = subprocess.run(command, input=input, cwd=directory, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, (done.stderr, diff)
    return file.read_bytes().decode()


@settings(max_examples=60)
@given(a=TEXTS, b=TEXTS)
@example(a="", b="a")
@example(a="a", b="")
@example(a="", b="\n")
@example(a="a\n", b="a")
@example(a="a", b="a\n")
@example(a="a\r\nb", b="a\nb")
@example(a="a\fb\u2028c\x85d", b="a\fb\u2028c\x85e")
def test_a_patched_with_the_difference_is_b(tmp_path_factory: pytest.TempPathFactory, a: str, b: str) -> None:
    diff = text_diff(a, b)
    if a == b:
        assert diff == ""
    else:
        assert patched(tmp_path_factory.getbasetemp(), a, diff) == b


@pytest.mark.parametrize("lines", [MOST - 1, MOST, MOST + 1])
def test_texts_that_would_take_long_are_shown_as_replaced(tmp_path: Path, lines: int) -> None:
    """Up to the limit, lines that are in both stay as they are."""
    a, b = "".join(LINES[:lines]), "".join(["new\n", *LINES[1:lines]])
    diff = text_diff(a, b)
    assert patched(tmp_path, a, diff) == b
    removed = [line for line in diff.split("\n")[2:] if line.startswith("-")]
    assert len(removed) == (lines if lines > MOST else 1)


def test_short_texts_that_would_take_long_are_shown_as_replaced(tmp_path: Path) -> None:
    """Lines that stand in both texts again and again: ten kilobytes took seconds."""
    a = "".join(f"{number % 50}\na\n" for number in range(1249))
    b = "".join(f"{number % 50}\nb{number}\n" for number in range(1249))
    diff = text_diff(a, b)
    assert patched(tmp_path, a, diff) == b
    assert diff.startswith("--- a\n+++ b\n@@ -1,2498 +1,2498 @@\n-0\n-a\n")


@pytest.mark.parametrize("emptied", [True, False])
def test_a_long_text_can_come_from_nothing_and_go(tmp_path: Path, emptied: bool) -> None:
    text = "".join(LINES) + "without an end"
    a, b = (text, "") if emptied else ("", text)
    assert patched(tmp_path, a, text_diff(a, b)) == b


def test_of_a_line_that_changed_three_around_it_are_shown() -> None:
    a = "".join(LINES[:20])
    assert text_diff(a, a.replace("line 10\n", "other\n")) == (
        "--- a\n+++ b\n@@ -8,7 +8,7 @@\n line 7\n line 8\n line 9\n-line 10\n+other\n line 11\n line 12\n line 13\n"
    )


def test_fields_that_differ_are_listed_in_the_order_of_the_configuration() -> None:
    a = AgentConfig("openai", "gpt", system_prompt="One", temperature=0.0, max_retries=0)
    b = AgentConfig("openai", "other", system_prompt="Two", temperature=0.5, max_retries=1)
    fields = ConfigDiff(a, b).fields
    assert [(each.field, each.a, each.b) for each in fields] == [
        ("model_name", "gpt", "other"),
        ("system_prompt", "One", "Two"),
        ("temperature", 0.0, 0.5),
        ("max_retries", 0, 1),
    ]
    assert [each.text_diff for each in fields] == [None, text_diff("One", "Two"), None, None]
    assert ConfigDiff(a, a).fields == []

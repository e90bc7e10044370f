"""`rapporteur serve` and `make run` for a person on a terminal."""

import re
import shutil
import sys
from importlib.metadata import version

import httpx
import pytest

from tests.harness.commands import COMMAND, environment, run
from tests.harness.markdown import ROOT
from tests.harness.terminal import CTRL_C, Terminal
from tests.harness.waiting import eventually

pytestmark = pytest.mark.slow

SERVE = [*COMMAND, "serve"]
MADE = (".venv/.installed", "server/graphiql/vendor", "server/console/dist")
MAKE_RUN = ["make", *(f"--old-file={file}" for file in MADE), f"PYTHON={sys.executable}", "run"]
"""Nothing is installed: the environment of the tests is complete."""


def plain(text: str) -> str:
    """Returns the text without colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", text)


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        pytest.param(SERVE, {}, id="serve"),
        pytest.param(SERVE, {"workers": "2"}, id="two workers"),
        pytest.param(
            MAKE_RUN,
            {},
            id="make run",
            marks=pytest.mark.skipif(
                not shutil.which("make") or not (ROOT / ".venv").exists(), reason="no make, or no .venv"
            ),
        ),
    ],
)
def test_a_start_prints_a_banner_and_ctrl_c_ends_it_quietly(
    command: list[str], settings: dict[str, str], database_url: str
) -> None:
    terminal = Terminal(command, environment(port="0", database_url=database_url, **settings) | {"TERM": "xterm"}, ROOT)
    terminal.read_until("Ctrl-C stops it.")
    banner = plain(terminal.output)
    assert f"Rapporteur {version('rapporteur')}\n" in banner
    (url,) = re.findall(r"GraphiQL +(http://127\.0\.0\.1:\d+/graphql)\n", banner)
    assert f"console   {url.removesuffix('/graphql')}/console\n" in banner
    assert "database  postgresql://postgres@/" in banner
    assert "replay" in banner
    assert not re.search("warning|error|everything", banner, re.IGNORECASE)

    assert httpx.get(url, headers={"Accept": "text/html"}, timeout=60).status_code == 200
    after_banner = len(terminal.output)
    terminal.press(CTRL_C)
    assert terminal.wait() == 0
    end = plain(terminal.output[after_banner:]).splitlines()
    assert [line for line in end if "/graphql" not in line and line.strip() not in ("^C", "")] == []


def test_ctrl_c_before_the_server_is_ready_ends_it_quietly_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    data_dir = tmp_path_factory.mktemp("interrupted")
    terminal = Terminal(SERVE, environment(port="0", data_dir=str(data_dir)), ROOT)
    eventually(lambda: any(data_dir.glob("new-*")) or not terminal.is_running)
    assert terminal.is_running
    terminal.press(CTRL_C)
    assert terminal.wait() == 0
    assert terminal.output.strip() == "^C"
    assert sorted(path.name for path in data_dir.iterdir()) == ["start.lock", "users.lock"]


def test_the_version() -> None:
    assert run("--version").stdout == f"{version('rapporteur')}\n"

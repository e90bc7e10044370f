"""`make install`, step by step: after a try that failed the next one works, and each says what was missing.

Python's `venv` and pip are stand-ins here, which can be told to fail: every run of `make test` has used the real ones.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.markdown import ROOT

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "tools" / "install.py"
VENV = """
import os, sys
os.makedirs(os.path.join(sys.argv[1], "bin"))
os.symlink(sys.executable, os.path.join(sys.argv[1], "bin", "python"))
if "NO_ENSUREPIP" in os.environ:
    sys.exit("The virtual environment was not created successfully because ensurepip is not available.")
"""
PIP = """
import os, sys
open(os.path.join(".venv", "package"), "a").close()
sys.exit("NO_NETWORK" in os.environ)
"""


class Installation:
    """A folder in which the script makes `.venv`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.venv = folder / ".venv"
        (folder / "venv.py").write_text(VENV)
        (folder / "pip.py").write_text(PIP)

    def run(self, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), ".venv", "requirements.txt"]
        environment = os.environ | {"PYTHONPATH": str(self.folder)} | variables
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def finish(self) -> None:
        """Does what the Makefile does after an installation without an error."""
        (self.venv / ".installed").touch()


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    folder = tmp_path / """it's a "folder"; $HOME ö"""
    folder.mkdir()
    return Installation(folder)


def test_without_ensurepip_the_package_is_named_and_nothing_is_left(installation: Installation) -> None:
    failed = installation.run(NO_ENSUREPIP="1")
    assert failed.returncode != 0
    (line,) = failed.stderr.splitlines()
    assert f"python{sys.version_info.major}.{sys.version_info.minor}-venv" in line
    assert not installation.venv.exists()
    assert installation.run().returncode == 0


def test_after_a_first_try_without_a_network_the_next_begins_anew(installation: Installation) -> None:
    failed = installation.run(NO_NETWORK="1")
    assert failed.returncode != 0
    assert "run make again" in failed.stderr
    half = installation.venv / "half of a package"
    half.touch()
    assert installation.run().returncode == 0
    assert not half.exists()


def test_an_upgrade_keeps_the_environment_unless_the_one_before_was_interrupted(installation: Installation) -> None:
    installation.run()
    installation.finish()
    kept = installation.venv / "package"
    kept.write_text("kept")
    assert installation.run().returncode == 0
    assert kept.read_text() == "kept"

    installation.run(NO_NETWORK="1")
    assert installation.run().returncode == 0
    assert kept.read_text() == ""


def test_each_step_is_told(installation: Installation) -> None:
    steps = installation.run().stdout.splitlines()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert steps == [
        f"==> Making a virtual environment in .venv with Python {version} ({sys.executable})",
        "==> Installing the packages of requirements.txt (a minute or two, once)",
    ]


def test_a_python_that_is_too_old_is_told_so() -> None:
    program = "import sys, runpy; sys.version_info = (3, 8, 18); runpy.run_path(sys.argv[1], run_name='__main__')"
    command = [sys.executable, "-c", program, str(SCRIPT), ".venv", "requirements.txt"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "needs Python 3.11 or newer, and this is 3.8" in result.stderr


@pytest.mark.parametrize("is_optimized", [True, False])
def test_the_system_s_python_takes_the_place_of_one_without_optimizations(
    installation: Installation, is_optimized: bool
) -> None:
    system_python = installation.folder / "system_python"
    system_python.write_text(f'#!/bin/sh\necho "$@" >> system_calls\nexec {shlex.quote(sys.executable)} "$@"\n')
    system_python.chmod(0o755)
    program = f"""
import importlib.util, sys, sysconfig
spec = importlib.util.spec_from_file_location("install", {str(SCRIPT)!r})
install = importlib.util.module_from_spec(spec)
spec.loader.exec_module(install)
install.SYSTEM_PYTHON = {str(system_python)!r}
sysconfig.get_config_vars()["CONFIG_ARGS"] = "'--enable-optimizations'" if {is_optimized} else ""
sys.argv = [{str(SCRIPT)!r}, ".venv", "requirements.txt", "--fastest"]
install.main(*sys.argv[1:])
"""
    environment = os.environ | {"PYTHONPATH": str(installation.folder)}
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=installation.folder, env=environment, check=True)
    assert (installation.venv / "package").exists()
    calls = installation.folder / "system_calls"
    if is_optimized:
        assert not calls.exists()
    else:
        assert calls.read_text().splitlines()[-1] == f"{SCRIPT} .venv requirements.txt"

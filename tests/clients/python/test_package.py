"""The package of the Python library: built, installed into an environment of its own, and used by typed programs."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.harness.client_processes import ran
from tests.harness.markdown import ROOT, markdown_page
from tests.harness.repository import PRODUCTION

pytestmark = pytest.mark.slow

SOURCE = ROOT / "clients" / "python"
IMPORTS_NOTHING_ELSE = f"""
import sys, rapporteur_client
assert {str(SOURCE)!r} not in rapporteur_client.__file__
assert not sys.modules.keys() & {set(PRODUCTION)!r}
"""


def test_the_package_installs_and_programs_that_use_it_pass_a_strict_type_check(tmp_path: Path) -> None:
    source = shutil.copytree(SOURCE, tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__", "dist"))
    ran(source, sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"rapporteur_client"}
    assert "rapporteur_client/py.typed" in names

    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    with_dependencies = "RAPPORTEUR_TEST_INSTALL" in os.environ
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python), str(wheel)]
    subprocess.run([*install, *([] if with_dependencies else ["--no-deps", "--offline"])], check=True)
    if not with_dependencies:
        (site_packages,) = environment.glob("lib/python*/site-packages")
        (site_packages / "others.pth").write_text(str(Path(httpx.__file__).parents[1]))
    ran(tmp_path, python, "-c", IMPORTS_NOTHING_ELSE)

    (example,) = markdown_page("clients/python/README.md").blocks_in("python")
    (tmp_path / "example.py").write_text(example.text)
    shutil.copy(ROOT / "docs" / "recipes" / "worker.py", tmp_path)
    mypy: list[str | Path] = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--python-executable",
        python,
        "--cache-dir",
        tmp_path / "cache",
    ]
    ran(tmp_path, *mypy, "example.py", "worker.py")

"""The wheel, in an environment and a working directory that know nothing of the checkout."""

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fasteners
import httpx
import pytest

from server.console import is_built
from server.graphiql import is_vendored
from tests.harness.commands import Serving, environment
from tests.harness.databases import postgres_directory
from tests.harness.markdown import ROOT

pytestmark = pytest.mark.slow

VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nAda: Does the wheel hold everything?\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory], cwd=ROOT, check=True)
    (path,) = directory.glob("*.whl")
    return path


def test_the_wheel_holds_the_packages_and_what_they_serve(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.partition("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {
        *("db", "domain", "executor", "resolvers", "schema", "server")
    }
    operations = {f"server/graphql/operations/{path.name}" for path in (ROOT / "graphql" / "operations").iterdir()}
    served = {*operations, "server/graphql/schema.graphql", "server/graphiql/main.js", "server/graphiql/index.html"}
    assert served - set(names) == set()
    if is_vendored():
        assert "server/graphiql/vendor/graphiql.min.js" in names
    if is_built():
        assert "server/console/dist/index.html" in names
        assert [name for name in names if name.startswith("server/console/dist/assets/") and name.endswith(".js.br")]
    assert not [name for name in names if name.startswith("graphql/") or "node_modules" in name]


class Installed:
    """The command line of an environment, and its server's data."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder
        self.command = str(folder / "bin" / "rapporteur")
        variables = environment(port="0") | {"XDG_DATA_HOME": str(data), "HOME": str(data)}
        self.environment = {name: value for name, value in variables.items() if not name.startswith("PYTHON")}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.command, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The wheel with the packages of this environment; or with its own, where RAPPORTEUR_TEST_INSTALL lets it download them."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    own = "RAPPORTEUR_TEST_INSTALL" in os.environ
    install: list[str | Path] = [sys.executable, "-m", "uv", "pip", "install", "--quiet", wheel]
    target: list[str | Path] = ["--python", folder / "bin" / "python"]
    subprocess.run([*install, *target, *([] if own else ["--no-deps", "--offline"])], check=True)
    if not own:
        (site_packages,) = folder.glob("lib/python*/site-packages")
        (site_packages / "others.pth").write_text(str(Path(fasteners.__file__).parents[1]))
    with postgres_directory() as data:
        yield Installed(folder, data.resolve())


def test_an_installed_package_serves_imports_and_answers(installed: Installed) -> None:
    assert installed.run("--version").stdout.strip()
    process = subprocess.Popen(
        [installed.command, "serve"], cwd=installed.folder, env=installed.environment, stderr=subprocess.PIPE, text=True
    )
    server = Serving(process)
    try:
        data_dir = installed.environment["XDG_DATA_HOME"] + "/rapporteur"
        assert any(f"embedded PostgreSQL in {data_dir}" in line for line in server.log)
        transcript = installed.folder / "wheel.vtt"
        transcript.write_text(VTT)
        id = installed.run("import", str(transcript), "--url", server.url).stdout.split()[0]
        query = (
            f'{{ searchSegments(query: "everything") {{ nodes {{ id speaker }} }} meeting(id: "{id}") {{ title }} }}'
        )
        answer = server.api.post(query)["data"]
        assert answer["meeting"]["title"] == "wheel"
        assert answer["searchSegments"]["nodes"] == [{"id": f"{id}:1", "speaker": "Ada"}]
        assert server.api.run("Agents")["totalCount"] == 2  # those of the demo
        page = httpx.get(f"{server.url}/graphql", headers={"Accept": "text/html"}).text
        assert ("graphiql.min.js" in page) == is_vendored()
        assert len(httpx.get(f"{server.url}/graphiql/operations.json").json()) > 20
        assert f"embedded PostgreSQL in {data_dir}" in installed.run("keys", "list").stderr
    finally:
        server.api.http.close()
        code = server.stop()
    assert code == 0


def test_a_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path], cwd=ROOT, check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path], check=True)
    source = tmp_path / archive.name.removesuffix(".tar.gz")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=source, check=True)
    (rebuilt,) = tmp_path.glob("*.whl")
    assert set(zipfile.ZipFile(rebuilt).namelist()) == set(zipfile.ZipFile(wheel).namelist())

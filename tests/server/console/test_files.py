"""The files of the console: where they are built and where they are not, and in which coding they are sent."""

import gzip
from pathlib import Path

import pytest

from server import console
from tests.harness import http
from tests.harness.servers import RunningServer


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(console, "DIST", tmp_path / "dist")
    return tmp_path / "dist"


@pytest.fixture
def url(server: RunningServer, dist: Path) -> str:
    return f"{server.url}/console"


def build(dist: Path) -> None:
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<title>Console</title>")
    for ending, content in {"": b"script", ".br": b"in Brotli", ".gz": gzip.compress(b"script")}.items():
        (dist / "assets" / f"index-1a2b.js{ending}").write_bytes(content)


def test_where_it_is_not_built_its_page_says_how_and_its_files_are_not_found(url: str, dist: Path) -> None:
    assert "make install" in http.get(f"{url}/meetings").text
    assert http.get(f"{url}/assets/index-1a2b.js").status_code == 404
    build(dist)
    assert "Console" in http.get(f"{url}/meetings").text
    assert http.get(f"{url}/assets/index-1a2b.js").status_code == 200


@pytest.mark.parametrize("name", ["other.js", "index-1a2b.js.br", "%2e%2e/index.html", "", "a/b", "%00"])
def test_only_its_own_files_are_sent(url: str, dist: Path, name: str) -> None:
    build(dist)
    assert http.get(f"{url}/assets/{name}").status_code == 404


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("br, gzip", "br"),
        ("gzip;q=1.0, br;q=0.5", "br"),
        ("GZIP", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.000, *", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_a_file_is_sent_in_a_coding_that_the_client_accepts(
    url: str, dist: Path, accepted: str, coding: str | None
) -> None:
    build(dist)
    response = http.get(f"{url}/assets/index-1a2b.js", headers={"Accept-Encoding": accepted})
    assert response.headers.get("content-encoding") == coding
    assert response.headers["vary"] == "Accept-Encoding"
    assert "javascript" in response.headers["content-type"]

"""The console's files as the server gives them."""

import gzip
import re
from pathlib import Path

import pytest

from server import console
from tests.harness import http
from tests.harness.servers import RunningServer, running_server

pytestmark = pytest.mark.slow

MAX_SCRIPT_BYTES = 300_000
PLAIN = {"Accept-Encoding": "identity"}


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/meetings/1", "/console/no/such/page"])
def test_each_page_is_the_same_document(console_server: RunningServer, path: str) -> None:
    response = http.get(console_server.url + path)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.headers["Cache-Control"] == "no-cache"
    policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "img-src")} == {"'self'"}
    assert "<style" not in response.text
    assert not re.search(r"<script(?![^>]* src=)", response.text)


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("/console", "console/assets/"),
        ("/console/", "assets/"),
        ("/console/keys", "assets/"),
        ("/console/agents/1/history", "../../assets/"),
        ("/%63onsole/agents/%2F?a=/", "../assets/"),
    ],
)
def test_each_page_names_its_files_relative_to_itself(console_server: RunningServer, path: str, way: str) -> None:
    names = re.findall(r' (?:src|href)="([^"]+)"', http.get(console_server.url + path).text)
    assert names
    assert all(re.fullmatch(rf"{re.escape(way)}[^/]+", name) for name in names)


def test_files_are_kept_by_their_hash_and_were_compressed(console_server: RunningServer) -> None:
    names = re.findall(r'"console/assets/([^"]+)"', http.get(f"{console_server.url}/console").text)
    assert {Path(name).suffix for name in names} == {".js", ".css", ".svg"}
    script_bytes = 0
    for name in names:
        url = f"{console_server.url}/console/assets/{name}"
        plain = http.get(url, headers=PLAIN)
        assert "Content-Encoding" not in plain.headers
        assert "immutable" in plain.headers["Cache-Control"]
        assert plain.headers["Vary"] == "Accept-Encoding"
        compressed = http.get(url, headers={"Accept-Encoding": "gzip"})
        assert compressed.headers["Content-Encoding"] == "gzip"
        assert compressed.content == plain.content  # which the client has decompressed
        assert compressed.headers["Content-Type"] == plain.headers["Content-Type"]
        brotli = http.request("HEAD", url, headers={"Accept-Encoding": "gzip, deflate, br"})
        assert brotli.headers["Content-Encoding"] == "br"
        refused = http.request("HEAD", url, headers={"Accept-Encoding": "br;q=0, gzip"})
        assert refused.headers["Content-Encoding"] == "gzip"
        script_bytes += int(compressed.headers["Content-Length"]) if name.endswith(".js") else 0
        assert gzip.decompress((console.DIST / "assets" / f"{name}.gz").read_bytes()) == plain.content
    assert 0 < script_bytes < MAX_SCRIPT_BYTES


@pytest.mark.parametrize("name", ["none.js", "..%2findex.html", "index.html.gz"])
def test_other_files_are_not_served(console_server: RunningServer, name: str) -> None:
    assert http.get(f"{console_server.url}/console/assets/{name}").status_code == 404


def test_the_root_leads_to_the_console(console_server: RunningServer) -> None:
    response = http.get(f"{console_server.url}/")
    assert response.headers["Location"] == "console"


def test_a_console_that_is_not_built_says_how_to_build_it(
    console_server: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(console, "DIST", tmp_path)
    response = http.get(f"{console_server.url}/console/meetings")
    assert "make install" in response.text
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none';")


def test_where_it_is_switched_off_the_root_leads_to_graphiql(database_url: str) -> None:
    with running_server(database_url, console=False) as server:
        assert http.get(f"{server.url}/console").status_code == 404
        assert http.get(f"{server.url}/").headers["Location"] == "graphql"

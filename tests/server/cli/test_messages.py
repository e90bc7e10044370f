"""Checks what commands say of what is wrong: in the words of their arguments, naming the file, each cause once."""

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.certificates import self_signed
from tests.harness.commands import COMMAND, environment, run, run_process
from tests.harness.raw_answers import answering
from tests.harness.servers import RunningServer, running_server, segment

UNKNOWN = "01900000-0000-7000-8000-00000000dead"
VTT = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\nAda: Hello.\n"


def said(*arguments: str | Path, code: int = 1, **settings: str) -> str:
    """Returns what a command that fails says, without the frame and the line breaks of a usage error."""
    done = run(*arguments, **settings)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "nope"),
        ("meetings", "show", "nope"),
        ("search", "launch", "--meeting", "nope"),
        ("keys", "create", "bot", "--scope", "ingest", "--meeting", "nope"),
        ("keys", "revoke", "nope"),
    ],
)
def test_an_id_that_is_none_is_a_wrong_argument(arguments: tuple[str, ...]) -> None:
    message = said(*arguments, code=2)
    assert "Invalid value for" in message
    assert "UUID" in message
    assert "meeting_ids" not in message


def test_a_state_that_is_none_is_a_wrong_option_and_the_others_are_named() -> None:
    message = said("meetings", "list", "--state", "nope", code=2)
    assert "--state" in message
    assert "recording" in message.lower()


def test_a_setting_that_is_wrong_is_named_in_plain_words() -> None:
    message = said("serve", "--trusted-documents", "/nowhere", code=2)
    assert message.startswith("error: RAPPORTEUR_TRUSTED_DOCUMENTS (--trusted-documents): must be a folder")


@pytest.mark.parametrize("arguments", [("schema",), ("export", "01900000-0000-7000-8000-0000000000c1")])
def test_a_file_that_cannot_be_written_is_named(
    server: RunningServer, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    target = tmp_path / "missing" / "file"
    message = said(*arguments, "--output", target, url=server.url)
    assert message == f"error: {target}: No such file or directory"
    assert said(*arguments, "--output", tmp_path, url=server.url) == f"error: {tmp_path}: Is a directory"


def test_agents_are_not_pulled_into_a_file(server: RunningServer, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.touch()
    assert said("agents", "pull", target, url=server.url) == f"error: {target}: is no directory"


@pytest.mark.parametrize("temperature", ["9", "warm"], ids=["a value", "a type"])
def test_a_wrong_manifest_is_named_by_the_server_as_by_the_command(
    server: RunningServer, tmp_path: Path, temperature: str
) -> None:
    file = tmp_path / "scribe.yaml"
    file.write_text(
        f"name: A\nconfig: {{modelProvider: '', modelName: b, temperature: {temperature}}}\n", encoding="utf-8"
    )
    by_server = run("agents", "push", tmp_path, url=server.url).stderr.splitlines()
    assert by_server[-1] == "error: nothing was applied"
    assert all(line.startswith(f"{file}: config.") for line in by_server[:-1])
    file.write_text("name: A\nconfg: {}\n", encoding="utf-8")
    by_command = run("agents", "push", tmp_path, url=server.url).stderr.splitlines()
    assert by_command[0].startswith(f"{file}: confg is not known")
    assert by_command[1:] == ["error: nothing was applied"]


def test_an_import_that_ends_early_names_the_file_and_what_was_imported(database_url: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.vtt", tmp_path / "second.vtt"
    first.write_text(VTT, encoding="utf-8")
    second.write_text(VTT + "word " * 2_000, encoding="utf-8")
    with running_server(database_url, max_body=4096) as server:
        done = run("import", first, second, url=server.url)
    assert done.returncode == 1
    assert "  first  " in done.stdout
    summary, error = done.stderr.splitlines()
    assert summary == "1 imported (1 segment)"
    assert error.startswith(f"error: {second}: the body must have at most 4096 bytes")


# The wrong server


@pytest.fixture(scope="module")
def tls_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that speaks TLS, with a certificate that nobody trusts."""
    certificate = self_signed(tmp_path_factory.mktemp("tls"), "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("privkey.pem"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_refuse_requests, args=(listening, context))
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)  # ends accept()
        thread.join(10)


def _refuse_requests(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(10)
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                continue


def test_http_to_a_server_of_https_is_said_so(tls_port: int) -> None:
    for command in (("status",), ("agents", "list")):
        message = said(*command, url=f"http://127.0.0.1:{tls_port}")
        assert "speaks https, not http" in message
        assert f"use --url https://127.0.0.1:{tls_port}" in message


def test_https_to_a_server_of_http_is_said_so(server: RunningServer) -> None:
    for command in (("status",), ("agents", "list")):
        message = said(*command, url=server.url.replace("http", "https"))
        assert "speaks http, not https" in message
        assert f"use --url {server.url}/graphql" in message


def test_a_certificate_that_is_not_trusted_is_said_so(tls_port: int) -> None:
    message = said("status", url=f"https://127.0.0.1:{tls_port}")
    assert message.startswith(f"error: the certificate of https://127.0.0.1:{tls_port}/graphql is not trusted: self")


def test_a_path_without_an_api_is_said_so(server: RunningServer) -> None:
    message = said("agents", "list", url=f"{server.url}/api")
    assert message == f"error: what answers at {server.url}/api is no Rapporteur server (HTTP 404)"


def test_the_cause_is_said_once_and_without_its_number() -> None:
    message = said("agents", "list", url="http://127.0.0.1:1")
    assert message == (
        "error: no server answers at http://127.0.0.1:1/graphql (Connection refused); start one with: rapporteur serve"
    )


# Versions and encodings


def test_a_server_of_another_version_is_said_so() -> None:
    answer = json.dumps({"errors": [{"message": "Cannot query field 'newer' on type 'Query'."}]}).encode()
    response = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(answer), answer)
    with answering(response) as url:
        message = said("meetings", "list", url=url)
    assert message.startswith(
        "error: the server has another version than this command (rapporteur status shows both); "
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [("meetings", "list"), ("meetings", "show", "ID"), ("search", "Ünï", "--meeting", "ID")]
)
def test_what_an_encoding_does_not_have_is_escaped(server: RunningServer, arguments: tuple[str, ...]) -> None:
    meeting = server.api.meeting("漢字")["id"]
    server.api.run("UpsertSegments", meetingId=meeting, segments=[segment(1, text="Ünï", speaker="漢")])
    command = [*COMMAND, *(meeting if argument == "ID" else argument for argument in arguments)]
    done = subprocess.run(
        command,
        env=environment(url=server.url) | {"PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert b"\\u6f22" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [("schema",), ("meetings", "list"), ("meetings", "list", "--json")])
def test_a_full_disk_under_the_results_is_said_so(server: RunningServer, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run_process(*arguments, stdout=full, url=server.url)
    assert (done.returncode, done.stderr) == (1, "error: the results cannot be written: No space left on device\n")

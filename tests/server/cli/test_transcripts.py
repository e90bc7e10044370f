"""Runs `rapporteur import`, `export` and `replay` against a server."""

import io
from pathlib import Path

import orjson
import pytest

from tests.harness.commands import run
from tests.harness.servers import RunningServer, segment

VTT = "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\n{}: Hello.\n\n2\n100:00:03.000 --> 100:00:04.500\n<v Bo>Hi &amp; bye.\n"


def test_import_takes_transcripts_and_names_the_rest(server: RunningServer, tmp_path: Path) -> None:
    good, other, bad = tmp_path / "weekly.vtt", tmp_path / "daily.srt", tmp_path / "notes.txt"
    good.write_text(VTT.format("Ada"), newline="\r\n")
    other.write_text("\ufeff1\n00:00:01,000 --> 00:00:02,000\nAda: One.\n")
    bad.write_text("Buy milk.")
    missing = tmp_path / "missing.vtt"
    result = run("import", good, bad, missing, other, "--url", server.url)
    assert result.returncode == 1
    assert "notes.txt: not imported" in result.stderr
    assert "missing.vtt: not imported" in result.stderr
    lines = result.stdout.splitlines()
    assert [line.split("  ")[1] for line in lines] == ["weekly", "daily"]
    exported = run("export", lines[0].split()[0], "--format", "vtt", "--url", server.url).stdout
    assert "100:00:03.000 --> 100:00:04.500\n<v Bo>Hi &amp; bye." in exported


def test_importing_the_same_file_again_changes_nothing(server: RunningServer, tmp_path: Path) -> None:
    file = tmp_path / "again.vtt"
    file.write_text(VTT.format("Eve"))
    id = run("import", file, "--url", server.url).stdout.split()[0]
    # What was corrected since stays corrected, also when the file has another name now.
    server.api.run("UpsertSegments", meetingId=id, segments=[segment(1, text="Corrected")])
    before = server.api.run("Meeting", id=id)
    again = run("import", file.rename(tmp_path / "renamed.vtt"), "--url", server.url)
    assert again.stdout.startswith(id)
    assert "already there" in again.stdout
    assert server.api.run("Meeting", id=id) == before
    assert server.api.run("Meetings", filter={"metadata": before["metadata"]})["totalCount"] == 1


def test_an_interrupted_import_is_finished_by_the_next(server: RunningServer, tmp_path: Path) -> None:
    file = tmp_path / "interrupted.vtt"
    file.write_text(VTT.format("Ivo"))
    id = run("import", file, "--url", server.url).stdout.split()[0]
    metadata = server.api.run("Meeting", id=id)["metadata"]
    server.api.run("DeleteMeeting", id=id)
    half = server.api.run("CreateMeeting", input={"title": "interrupted", "metadata": metadata})
    result = run("import", file, "--url", server.url)
    assert result.stdout.startswith(half["id"])
    meeting = server.api.run("Meeting", id=half["id"])
    assert (meeting["state"], meeting["segmentCount"]) == ("COMPLETED", 2)


def test_import_says_what_it_repaired_and_takes_options(server: RunningServer, tmp_path: Path) -> None:
    file = tmp_path / "review.srt"
    file.write_bytes("1\n00:00:01,000 -> 00:00:02,000\nZoë: Café.\n".encode("cp1252"))
    refused = run("import", file, "--url", server.url)
    assert refused.returncode == 1
    assert "it may be in cp1252 (--encoding cp1252)" in refused.stderr
    options = ("--encoding", "cp1252", "--offset", "10", "--title", "Café")
    strict = run("import", file, *options, "--strict", "--url", server.url)
    assert (strict.returncode, strict.stdout) == (1, "")
    assert "line 2 is not written as SubRip writes times" in strict.stderr
    taken = run("import", file, *options, "--url", server.url)
    assert "review.srt:2: is not written as SubRip writes times" in taken.stderr
    id, title, *_ = taken.stdout.split()
    assert title == "Café"
    assert "00:00:11.000 --> 00:00:12.000\n<v Zoë>Café." in run("export", id, "--url", server.url).stdout


@pytest.mark.slow
def test_import_into_a_meeting_adds_segments_and_names_speakers(server: RunningServer, tmp_path: Path) -> None:
    first, second, turns = tmp_path / "first.vtt", tmp_path / "second.vtt", tmp_path / "call.rttm"
    first.write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nWe begin, into.\n")
    second.write_text("WEBVTT\n\n00:03.000 --> 00:04.000\nWe end, into.\n")
    turns.write_text("SPEAKER x 1 0.0 2.5 <NA> <NA> Ada <NA> <NA>\nSPEAKER x 1 2.5 9.0 <NA> <NA> Bo <NA> <NA>\n")
    id = run("import", first, "--url", server.url).stdout.split()[0]
    for expected in ("1 segment)", "already there)"):
        added = run("import", second, "--into", id, "--url", server.url)
        assert added.stdout.startswith(id)
        assert added.stdout.endswith(f"({expected}\n")
    named = run("import", turns, "--into", id, "--url", server.url)
    assert "2 revised" in named.stdout
    exported = run("export", id, "--url", server.url).stdout
    assert "<v Ada>We begin, into." in exported
    assert "<v Bo>We end, into." in exported
    refused = run("import", turns, "--url", server.url)
    assert "call.rttm: not imported: RTTM names speakers and has no words" in refused.stderr


def test_check_needs_no_server_and_changes_nothing(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.vtt", tmp_path / "bad.txt"
    good.write_text(VTT.format("Ada"))
    bad.write_text("Buy milk.")
    checked = run("import", "--check", good, bad, "--url", "http://127.0.0.1:1")
    assert checked.returncode == 1
    assert checked.stdout == f"{good}: WebVTT, 2 segments, 2 speakers, 0 notes\n"
    assert "bad.txt: would be refused: line 1 begins no transcript" in checked.stderr
    missing = run("import", "--check", tmp_path / "missing.vtt")
    assert (
        missing.stderr == f"{tmp_path / 'missing.vtt'}: would be refused: cannot be read: No such file or directory\n"
    )
    result = run("import", "--check", good, "--json")
    assert orjson.loads(result.stdout)[0]["speakers"] == ["Ada", "Bo"]


@pytest.mark.parametrize("encoding", ["nonsense", "rot13", "base64", "idna", "punycode", "\udcff"])
def test_an_unknown_encoding_is_refused(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "a.srt"
    file.write_bytes("1\n00:00:01,000 --> 00:00:02,000\nCafé.\n".encode("cp1252"))
    result = run("import", "--check", file, "--encoding", encoding)
    assert result.returncode == 1
    assert "there is no encoding" in result.stderr


@pytest.mark.parametrize("offset", ["nan", "inf", "-inf", "1e9"])
def test_an_offset_that_is_no_time_is_refused(offset: str, tmp_path: Path) -> None:
    file = tmp_path / "a.vtt"
    file.write_text(VTT.format("Ada"))
    for check in ((), ("--check",)):
        result = run("import", *check, file, f"--offset={offset}", "--url", "http://127.0.0.1:1")
        assert (result.returncode, result.stdout) == (1, "")
        assert "error: --offset must be a number of seconds" in result.stderr


def test_an_empty_id_is_no_new_meeting(server: RunningServer, tmp_path: Path) -> None:
    file = tmp_path / "a.vtt"
    file.write_text(VTT.format("Ann"))
    result = run("import", file, "--into", "", "--url", server.url)
    assert (result.returncode, result.stdout) == (1, "")
    assert "into must be a UUID" in result.stderr


def test_check_reads_turns_for_a_meeting(tmp_path: Path) -> None:
    file = tmp_path / "call.rttm"
    file.write_text("SPEAKER x 1 0.0 2.5 <NA> <NA> Ada <NA> <NA>\nnothing\n")
    options = ("import", "--check", file, "--into", "01900000-0000-7000-8000-0000000000c1")
    checked = run(*options)
    assert checked.stdout == f"{file}: RTTM, 1 turn, 1 speaker, 1 note\n"
    assert orjson.loads(run(*options, "--json").stdout)[0]["turns"] == 1
    assert "would be refused: it cannot be read strictly: line 2" in run(*options, "--strict").stderr


def test_standard_input_is_a_file(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def pipe(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    pipe(VTT.format("Ada"))
    checked = run("import", "--check", "-")
    assert checked.stdout == "-: WebVTT, 2 segments, 2 speakers, 0 notes\n"
    pipe(VTT.format("Pia"))
    imported = run("import", "-", "--title", "Piped", "--url", server.url)
    assert imported.stdout.endswith("  Piped  (2 segments)\n")


def test_a_device_without_an_end_is_refused() -> None:
    assert "/dev/zero: would be refused: is larger than 256 MiB" in run("import", "--check", "/dev/zero").stderr


def test_export_writes_files_and_refuses_what_is_not_there(server: RunningServer, tmp_path: Path) -> None:
    demo = "01900000-0000-7000-8000-0000000000c1"
    target = tmp_path / "out.json"
    assert run("export", demo, "--format", "json", "-o", target, "--url", server.url).returncode == 0
    assert '"Mara"' in target.read_text()
    refused = run("export", "01900000-0000-7000-8000-0000000000ff", "--url", server.url)
    assert refused.returncode == 1
    assert "error: there is no meeting" in refused.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "ftp://127.0.0.1"])
def test_without_a_server_the_commands_say_so(url: str, tmp_path: Path) -> None:
    file = tmp_path / "a.vtt"
    file.write_text(VTT.format("Ada"))
    for arguments in (["import", file], ["export", "01900000-0000-7000-8000-0000000000c1"]):
        result = run(*arguments, "--url", url)
        assert result.returncode == 1
        assert "error:" in result.stderr
        assert "Traceback" not in result.stderr


def test_replay_speaks_a_transcript_and_corrects_it(server: RunningServer, tmp_path: Path) -> None:
    spoken, corrected = tmp_path / "spoken.vtt", tmp_path / "spoken.corrected.vtt"
    words = "Ada: one two three four five six seven eight nine ten\n"
    spoken.write_text(
        f"WEBVTT\n\n1\n00:00:01.000 --> 00:00:03.000\n{words}\n2\n00:00:03.000 --> 00:00:04.000\nBo: Yes.\n"
    )
    corrected.write_text(spoken.read_text().replace("ten", "10"))
    result = run("replay", spoken, "--corrected", corrected, "--speed", "20", "--follow", "--url", server.url)
    assert result.returncode == 0
    id = result.stdout.strip()
    meeting = server.api.run("Meeting", id=id)
    assert meeting["state"] == "COMPLETED"
    assert meeting["startedAt"] < meeting["endedAt"]
    first, second = (edge["node"] for edge in server.api.run("Transcript", id=id)["segments"]["edges"])
    assert (first["text"].split()[-1], first["isFinal"], second["version"]) == ("10", True, 1)
    assert first["version"] > 1  # what came before its correction depends on how fast the machine is
    assert "Ada: one two three four five six seven eight nine 10" in result.stderr.replace("\n", " ").replace("  ", " ")


def test_replay_refuses_what_is_no_transcript(server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Buy milk.")
    before = server.api.post("{ meetingCount }")
    result = run("replay", tmp_path / "notes.txt", "--url", server.url)
    assert result.returncode == 1
    assert "error:" in result.stderr
    assert server.api.post("{ meetingCount }") == before

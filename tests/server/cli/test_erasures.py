"""`rapporteur erasures`: what was erased is erased again where a backup brought it back."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from tests.harness.commands import run
from tests.harness.databases import TestPostgres
from tests.harness.dumps import dump
from tests.harness.meeting_calls import in_state
from tests.harness.servers import running_server, segment

pytestmark = pytest.mark.slow

SENTINEL = "Zanzibar"
ID = "01900000-0000-7000-8000-000000000000"
ERASED_AT = "2026-11-28T12:00:00+00:00"
ERASURE = f'{{"workspaceId": "{ID}", "meetingId": "{ID}", "erasedBy": "x", "erasedAt": "{ERASED_AT}"'
NO_SPEAKERS = [
    '"pseudonym": "P"',
    '"pseudonym": "", "mode": "TEXT", "fingerprints": [], "keyId": "k"',
    '"pseudonym": 1, "mode": "TEXT", "fingerprints": [], "keyId": "k"',
    '"pseudonym": "P", "mode": "ALL", "fingerprints": [], "keyId": "k"',
    '"pseudonym": "P", "mode": "TEXT", "fingerprints": ["x"], "keyId": "k"',
    '"pseudonym": "P", "mode": "TEXT", "fingerprints": "", "keyId": null',
]
"""The ends of lines that are no erasures of speakers."""


def test_erasures_are_done_again_in_a_restored_database(
    database_url: str, postgres: TestPostgres, tmp_path: Path
) -> None:
    with running_server(database_url) as server:
        kept = server.api.meeting(segments=1)
        meetings = [server.api.meeting(title=SENTINEL, segments=1) for _ in range(2)]
        server.api.run("DeleteMeeting", id=meetings[1]["id"])
    database = database_url.partition("?")[0].rpartition("/")[2]
    with postgres.database(template=database) as restored:  # a backup of now
        with running_server(database_url) as server:
            later = server.api.meeting()
            for meeting in (*meetings, later):
                server.api.run("EraseMeeting", id=meeting["id"])
        exported = run("erasures", "export", database_url=database_url)
        assert exported.returncode == 0, exported.stderr
        file = tmp_path / "erasures.jsonl"
        file.write_text(exported.stdout)

        assert SENTINEL in dump(restored)
        for _ in range(2):
            replayed = run("erasures", "replay", file, database_url=restored)
            assert replayed.returncode == 0, replayed.stderr
            assert "2 of 3 meetings are erased" in replayed.stdout
            assert SENTINEL not in dump(restored)
        assert run("erasures", "export", database_url=restored).stdout == "".join(
            line for line in exported.stdout.splitlines(keepends=True) if later["id"] not in line
        )
        with running_server(restored) as server:
            assert server.api.run("Meeting", id=kept["id"])["id"] == kept["id"]


def test_a_meeting_that_is_held_in_the_backup_is_erased_again(
    database_url: str, postgres: TestPostgres, tmp_path: Path
) -> None:
    with running_server(database_url) as server:
        meeting = server.api.meeting(title=SENTINEL, segments=1)
        other = server.api.meeting()
        server.api.run("UpsertSegments", meetingId=other["id"], segments=[segment(1, speaker=SENTINEL)])
        for each in (meeting, other):
            server.api.run("HoldMeeting", id=each["id"], reason=SENTINEL)
    with postgres.database(template=database_url.partition("?")[0].rpartition("/")[2]) as restored:  # a backup of now
        with running_server(database_url) as server:
            for each in (meeting, other):
                server.api.run("HoldMeeting", id=each["id"], hold=False)
            server.api.run("EraseMeeting", id=meeting["id"])
            server.api.run("EraseSpeaker", name=SENTINEL, mode="PSEUDONYM", meetingIds=[other["id"]])
        file = tmp_path / "erasures.jsonl"
        file.write_text(run("erasures", "export", database_url=database_url).stdout)
        assert SENTINEL in dump(restored)
        for _ in range(2):
            replayed = run("erasures", "replay", file, database_url=restored)
            assert replayed.returncode == 0, replayed.stderr
            assert SENTINEL not in dump(restored)
            with running_server(restored) as server:
                left = server.api.run("Meeting", id=other["id"])
                assert left["heldAt"] is not None
                assert left["version"] == 4


@pytest.mark.parametrize(
    "line",
    [
        *("{}", "[]", "1", "not JSON", '{"workspaceId": 1, "meetingId": 2, "erasedBy": "x", "erasedAt": "now"}'),
        f"{ERASURE}}}".replace(ERASED_AT, "2026-11-28T12:00:00"),
        *(f"{ERASURE}, {more}}}" for more in NO_SPEAKERS),
    ],
)
def test_a_file_of_something_else_is_refused_before_anything_is_done(
    database_url: str, tmp_path: Path, line: str
) -> None:
    with running_server(database_url) as server:
        meeting = server.api.meeting()
        workspace = server.api.run("Viewer")["workspaceId"]
        good = f'{{"workspaceId": "{workspace}", "meetingId": "{UUID(meeting["id"])}", "erasedBy": "x",'
        file = tmp_path / "erasures.jsonl"
        file.write_text(f'{good} "erasedAt": "2026-11-28T12:00:00+00:00"}}\n{line}\n')
        refused = run("erasures", "replay", file, database_url=database_url)
        assert refused.returncode == 1
        assert "line 2: is no erasure" in refused.stderr
        assert server.api.run("Meeting", id=meeting["id"])["id"] == meeting["id"]


def test_speakers_are_erased_again_under_the_names_that_they_had_in_the_backup(
    database_url: str, postgres: TestPostgres, tmp_path: Path
) -> None:
    """Checks a backup in which the speaker has only the label yet, and one segment that is deleted since."""
    label = f"{SENTINEL} 1"
    with running_server(database_url) as server:
        api = server.api
        meetings = [api.meeting() for _ in range(3)]
        for meeting in meetings:
            segments = [segment(1, text="Timbuktu", speaker=label), segment(2, text="Timbuktu", speaker=label)]
            api.run("UpsertSegments", meetingId=meeting["id"], segments=[*segments, segment(3, speaker="Omar")])
        api.run("NameSpeakers", meetingId=meetings[1]["id"], names=[{"label": label, "name": f"{SENTINEL} Earlier"}])
        api.run("DeleteMeeting", id=meetings[2]["id"])
    with postgres.database(template=database_url.partition("?")[0].rpartition("/")[2]) as restored:  # a backup of now
        with running_server(database_url) as server:
            api = server.api
            later = api.meeting()
            for meeting in (*meetings[:2], later):
                api.run("UpsertSegments", meetingId=meeting["id"], segments=[segment(4, speaker=label)])
                api.run("NameSpeakers", meetingId=meeting["id"], names=[{"label": label, "name": SENTINEL}])
                api.run("DeleteSegments", meetingId=meeting["id"], segmentIds=[1])
            pseudonym = api.run("EraseSpeaker", name=SENTINEL, mode="TEXT")["pseudonym"]
        exported = run("erasures", "export", database_url=database_url)
        assert exported.returncode == 0, exported.stderr
        assert SENTINEL not in exported.stdout
        file = tmp_path / "erasures.jsonl"
        file.write_text(exported.stdout)

        left = dump(restored)
        assert SENTINEL in left
        assert "Timbuktu" in left
        for _ in range(2):
            replayed = run("erasures", "replay", file, database_url=restored)
            assert replayed.returncode == 0, replayed.stderr
            assert "2 of 3 erasures of speakers are done" in replayed.stdout
            left = dump(restored)
            assert SENTINEL not in "".join(line for line in left.splitlines() if meetings[2]["id"] not in line)
            assert "Timbuktu" not in left
            assert left.count(pseudonym) > 4
        assert run("erasures", "export", database_url=restored).stdout == "".join(
            line for line in exported.stdout.splitlines(keepends=True) if later["id"] not in line
        )
        with running_server(restored) as server:
            speakers = server.api.run("Meeting", id=meetings[0]["id"])["speakers"]
            assert {each["speaker"] for each in speakers} == {pseudonym, "Omar"}

        postgres.run_in(restored, "UPDATE workspaces SET erasure_key = sha256(erasure_key)")
        refused = run("erasures", "replay", file, database_url=restored)
        assert refused.returncode == 1
        assert "2 erasures of speakers cannot be done again" in refused.stderr


def test_what_is_due_is_listed_and_not_erased(database_url: str) -> None:
    with running_server(database_url) as server:
        api = server.api
        ended, deleted, recording, held = (in_state(api, "STOPPED") for _ in range(4))
        api.run("DeleteMeeting", id=deleted["id"])
        api.run("UpdateMeeting", id=recording["id"], input={"state": "RECORDING"})
        api.run("HoldMeeting", id=held["id"])
        for days, due in (("0", []), ("1", [ended["id"], deleted["id"]])):
            listed = run(
                "erasures", "due", "--retention-days", "1", "--within", days, "--json", database_url=database_url
            )
            assert [each["meetingId"] for each in json.loads(listed.stdout)] == due
        shown = run("erasures", "due", "--within", "1", database_url=database_url, retention_days="1").stdout
        assert f"{deleted['id']}  due " in shown
        assert "2 due within 1 days; meetings are kept for 1 days after their end." in shown
        assert api.run("Meeting", id=ended["id"])["id"] == ended["id"]


def test_what_is_due_needs_a_time(database_url: str) -> None:
    refused = run("erasures", "due", database_url=database_url)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "--retention-days, or RAPPORTEUR_RETENTION_DAYS" in refused.stderr

"""The files that the Python library keeps configurations in: what happens to them, and what is read then."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from rapporteur_client import ConfigAnswer, NoConfig, Origin, ResolvedConfig
from rapporteur_client.config_store import ConfigStore
from rapporteur_client.disk_cache import ABANDONED_SECONDS, DiskCache

URL = "http://127.0.0.1:8000/graphql"


def config(slug: str = "scribe", **values: Any) -> ResolvedConfig:
    return ResolvedConfig("openai", "gpt", agent_slug=slug, **values)


def loaded(folder: Path) -> dict[str, ResolvedConfig]:
    return {slug: found for slug, (found, _) in DiskCache(folder, URL).load().items()}


def test_what_is_stored_is_read_by_another_process(tmp_path: Path) -> None:
    stored = {
        "scribe": config(
            system_prompt="Ä\u2028\U0001f389", parameters={"stop": [None, {"a": 1}]}, variant_slug="brief"
        ),
        "host": config("host", temperature=1),
    }
    DiskCache(tmp_path / "new" / "folder", URL).store(stored)
    assert loaded(tmp_path / "new" / "folder") == stored


def test_servers_do_not_see_each_other(tmp_path: Path) -> None:
    DiskCache(tmp_path, URL).store({"scribe": config()})
    assert DiskCache(tmp_path, "http://127.0.0.1:8001/graphql").load() == {}


def test_agents_that_are_gone_are_removed_and_others_stay(tmp_path: Path) -> None:
    DiskCache(tmp_path, URL).store({"scribe": config(), "host": config("host")})
    DiskCache(tmp_path, URL).store({}, gone=["scribe", "unknown", "../host"])
    assert list(loaded(tmp_path)) == ["host"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\xff",
        b"[]",
        b'{"format": 2, "config": {"modelProvider": "a", "modelName": "b", "agentSlug": "scribe"}}',
        b'{"format": 1, "config": {"modelProvider": "a"}}',
        b'{"format": 1, "config": {"modelProvider": "a", "modelName": "b", "agentSlug": "host"}}',
        b'{"format": 1, "config": {"modelProvider": "a", "modelName": "b", "agentSlug": "scribe", "maxTokens": "1"}}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_cannot_be_read_counts_as_missing_and_is_written_anew(tmp_path: Path, content: bytes) -> None:
    cache = DiskCache(tmp_path, URL)
    cache.store({"host": config("host")})
    (cache.folder / "scribe.json").write_bytes(content)
    assert list(loaded(tmp_path)) == ["host"]
    cache.store({"scribe": config()})
    assert loaded(tmp_path)["scribe"] == config()


def test_a_folder_that_cannot_be_used_costs_a_warning_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    cache = DiskCache(tmp_path / "file" / "below", URL)  # even root cannot write there
    for _ in range(3):
        cache.store({"scribe": config()})
    assert cache.load() == {}
    assert len([record for record in caplog.records if "not kept" in record.message]) == 1


def test_a_file_in_place_of_a_file_is_never_seen_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = DiskCache(tmp_path, URL)
    cache.store({"scribe": config()})
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    cache.store({"scribe": config(temperature=1.5)})
    assert loaded(tmp_path) == {"scribe": config()}
    assert [path.name for path in cache.folder.iterdir()] == ["scribe.json"]


def test_what_a_process_with_older_knowledge_wrote_is_mended(tmp_path: Path) -> None:
    newer, older = DiskCache(tmp_path, URL), DiskCache(tmp_path, URL)
    newer.store({"scribe": config(temperature=1.0)})
    older.store({"scribe": config(temperature=0.0)})
    newer.store({"scribe": config(temperature=1.0)})
    assert loaded(tmp_path) == {"scribe": config(temperature=1.0)}


def test_an_unchanged_file_is_only_marked_as_current(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, URL)
    cache.store({"scribe": config()})
    file = cache.folder / "scribe.json"
    inode = file.stat().st_ino
    os.utime(file, (1, 1))
    for each in (cache, DiskCache(tmp_path, URL)):
        each.store({"scribe": config()})
        assert file.stat().st_ino == inode
    assert file.stat().st_mtime > 1
    cache.store({"scribe": config(temperature=0.0)})
    assert json.loads(file.read_bytes())["config"]["temperature"] == 0.0


def test_files_of_writers_that_died_are_removed(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, URL)
    cache.store({"scribe": config()})
    old, new = cache.folder / ".scribe.a.tmp", cache.folder / ".scribe.b.tmp"
    for file in (old, new):
        file.touch()
    os.utime(old, (time.time() - 2 * ABANDONED_SECONDS,) * 2)
    assert list(loaded(tmp_path)) == ["scribe"]
    assert (old.exists(), new.exists()) == (False, True)


def test_the_disk_answers_until_the_server_has(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, URL)
    cache.store({"scribe": config(), "host": config("host")})
    os.utime(cache.folder / "scribe.json", (time.time() - 100,) * 2)
    store = ConfigStore(cache, agent_slugs=["scribe"])
    answer = store.get("scribe")
    assert (answer.config, answer.origin) == (config(), Origin.DISK)
    assert answer.age is not None
    assert answer.age >= 100
    with pytest.raises(NoConfig, match="nobody knows the configuration of host"):
        store.get("host")  # which this process does not follow
    told: list[tuple[str, ConfigAnswer | None]] = []
    store.listen(lambda slug, change: told.append((slug, change)))
    assert store.replace([]) == {"scribe"}
    assert store.get("scribe", config(max_tokens=1)) == ConfigAnswer(config(max_tokens=1), Origin.DEFAULT, None)
    assert told == [("scribe", None)]

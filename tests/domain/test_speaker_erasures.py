"""Checks how the names of a speaker are found, and that the pseudonym takes their place only."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import MeetingId, new_id
from domain.speaker_erasures import (
    ErasureKey,
    MeetingEvent,
    Pseudonymization,
    SpeakerErasure,
    SpeakerErasureMode,
    fold,
    last_speaker_names,
)

P = "Speaker 1"
KEY = ErasureKey(bytes(32))
NAMES = st.sampled_from(["", "Dana", "DANA", "Dana R.", "Omar", "SPEAKER_00", "SPEAKER_01"])
SPEAKER_NAMES = st.dictionaries(NAMES, NAMES.filter(bool), max_size=5)


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Dana", "dANA"),
        ("Dana Reyes", " Dana  Reyes "),
        ("Jose\u0301", "José"),
        ("Straße", "STRASSE"),
        ("Ｄａｎａ", "Dana"),
        ("\u00a0Dana", "Dana"),
    ],
)
def test_what_makes_no_difference(name: str, same: str) -> None:
    assert fold(name) == fold(same)


@pytest.mark.parametrize(("name", "other"), [("Dana", "Dana R."), ("Jose", "José"), ("Dana", "Dan a"), ("Dana", "")])
def test_what_is_another_name(name: str, other: str) -> None:
    assert fold(name) != fold(other)


@pytest.mark.parametrize(
    ("name", "speaker_names", "expected"),
    [
        ("Dana", {}, {"dana"}),
        ("Dana", {"Omar": "Omar R."}, {"dana"}),
        ("DANA", {"A": "Dana"}, {"dana", "a"}),
        ("a", {"A": "Dana"}, {"dana", "a"}),
        ("A", {"A": "Dana", "B": "dana", "C": "Omar"}, {"dana", "a", "b"}),
        ("B", {"A": "B", "B": "C", "C": "D", "X": "Y"}, {"a", "b", "c", "d"}),
        ("Dana", {"": "Dana"}, {"dana"}),
        ("Dana", {"": "Dana", "A": "Dana"}, {"dana", "a"}),
        ("Dana", {P: P}, {"dana"}),
    ],
)
def test_all_names_of_a_speaker_are_found(name: str, speaker_names: dict[str, str], expected: set[str]) -> None:
    assert Pseudonymization.of(name, P, speaker_names).names == expected | {fold(P)}


@pytest.mark.parametrize(
    ("speaker_names", "expected"),
    [
        ({"A": "Dana", "B": "Omar"}, {P: P, "B": "Omar"}),
        ({"A": "Dana R.", "B": "Omar"}, {P: P, "B": "Omar"}),  # an earlier name of the label
        ({"C": "dana"}, {P: P}),
        ({"": "Dana", "B": "Dana R."}, {"": P, "B": "Dana R."}),
        ({}, {}),
    ],
)
def test_the_pseudonym_takes_the_place_of_labels_and_names(
    speaker_names: dict[str, str], expected: dict[str, str]
) -> None:
    dana = Pseudonymization(frozenset({"dana", "a", fold(P)}), P)
    assert dana.in_speaker_names(speaker_names) == expected


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        ("Dana asked", None),
        ("asked by DANA.", None),
        ('says "dana reyes"', None),
        ("Danaë asked", "Danaë asked"),
        ("a typo", "a typo"),
        (None, None),
        ("", ""),
    ],
)
def test_a_reason_with_a_name_in_it_goes(reason: str | None, left: str | None) -> None:
    dana = Pseudonymization.of("Dana", P, {})
    event = MeetingEvent(1, "anonymous", reason, None)
    assert dana.in_event(event) == MeetingEvent(1, "anonymous", left, None)


@given(SPEAKER_NAMES, NAMES.filter(bool))
def test_it_is_complete_changes_nothing_else_and_is_the_same_again(speaker_names: dict[str, str], name: str) -> None:
    speaker = Pseudonymization.of(name, P, speaker_names)
    event = MeetingEvent(3, name, f"by {name}", [None, speaker_names])
    erased = speaker.in_event(event)
    assert (erased.version, erased.actor, erased.reason) == (3, P, None)
    assert erased.speaker_names is not None
    after = erased.speaker_names[1]
    assert after is not None
    assert fold(name) not in {fold(each) for pair in after.items() for each in pair}
    others = {label: given for label, given in speaker_names.items() if not speaker.is_in([label, given])}
    assert {label: given for label, given in after.items() if given != P} == others
    assert speaker.in_event(erased) == erased
    assert Pseudonymization.of(name, P, after).in_event(erased) == erased


@given(SPEAKER_NAMES, NAMES.filter(bool))
def test_a_replay_finds_the_names_by_their_fingerprints(speaker_names: dict[str, str], name: str) -> None:
    id = MeetingId(new_id())
    speaker = Pseudonymization.of(name, P, speaker_names)
    record = SpeakerErasure(id, P, SpeakerErasureMode.TEXT, speaker.fingerprints(KEY, id, []), "key", datetime.now(UTC))
    present = [each for pair in speaker_names.items() for each in pair] + [name, "Eve"]
    again = Pseudonymization.again(record, KEY, present)
    assert again == speaker
    assert Pseudonymization.again(record, ErasureKey(bytes(31) + b"1"), present).names == {fold(P)}
    elsewhere = ErasureKey(bytes(32)).fingerprint(MeetingId(new_id()), fold(name))
    assert elsewhere not in record.fingerprints


def test_a_pseudonym_is_that_of_the_folded_name_and_tells_nothing_of_it() -> None:
    assert KEY.pseudonym("Dana") == KEY.pseudonym(" DANA") != KEY.pseudonym("Omar")
    assert ErasureKey(bytes(31) + b"1").pseudonym("Dana") != KEY.pseudonym("Dana")


def test_the_names_that_a_meeting_had_last_are_in_its_events() -> None:
    def events(*pairs: tuple[dict[str, str] | None, dict[str, str] | None] | None) -> list[MeetingEvent]:
        return [MeetingEvent(version, "x", None, pair) for version, pair in enumerate(pairs, 1)]

    named, renamed = {"A": "Dana"}, {"A": "Omar"}
    assert last_speaker_names([]) == {}
    assert last_speaker_names(events((None, {}), None)) == {}
    assert last_speaker_names(events((None, {}), ({}, named), None, (named, renamed))) == renamed
    assert last_speaker_names(events((None, {}), ({}, named), (named, {}))) == {}
    assert last_speaker_names(events((None, {}), ({}, named), (named, None))) == named
    assert last_speaker_names(events((None, None), (None, None))) == {}

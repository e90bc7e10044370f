"""Corrects segments that machines go on hearing, and names their speakers."""

import random
from typing import Any

import httpx

from bench.soak.shared_state import LABELS, SHARED, Soak, Transcript
from server.wire.graphql_files import operation

PEOPLE = 2


class Person:
    """Corrects some shared segments and names some labels, until the stop; each change is repeated until it is acknowledged."""

    def __init__(self, soak: Soak, number: int) -> None:
        self._soak = soak
        self._draw = random.Random(3000 + number)
        self._name = f"person {number}"
        self._segments = SHARED[number::PEOPLE]
        self._labels = LABELS[number::PEOPLE]
        self._changes = 0
        self.texts: dict[str, dict[int, str | None]] = {meeting: {} for meeting in soak.meetings}
        """The corrected text of each segment; None where the correction was taken back."""
        self.speakers: dict[str, dict[int, str | None]] = {meeting: {} for meeting in soak.meetings}
        self.names: dict[str, dict[str, str | None]] = {meeting: {} for meeting in soak.meetings}
        """The name of each label; None where it was taken back."""

    async def run(self, pace: float) -> None:
        async with httpx.AsyncClient(timeout=15) as client:
            while not self._soak.stopping.is_set():
                meeting = self._draw.choice(self._soak.meetings)
                await self._draw.choice([self._correct, self._correct, self._name_speaker])(client, meeting)
                await self._soak.rest(self._draw.uniform(0, 2 * pace))

    def _said(self) -> str | None:
        """Returns words that were never used before, or at times None, which takes them back."""
        self._changes += 1
        return None if self._draw.random() < 0.25 else f"{self._name} says {self._changes}"

    async def _correct(self, client: httpx.AsyncClient, meeting: str) -> None:
        number = self._draw.choice(self._segments)
        correction: dict[str, Any] = {"segmentId": number, "text": self._said()}
        if self._draw.random() < 0.5:
            correction["speaker"] = self._said()
        variables = {"meetingId": meeting, "corrections": [correction]}
        answer = await self._soak.ask(client, operation("CorrectSegments"), handled={"NOT_FOUND"}, **variables)
        if "code" in answer:  # nobody has written the segment yet
            return
        self.texts[meeting][number] = correction["text"]
        if "speaker" in correction:
            self.speakers[meeting][number] = correction["speaker"]
        self._soak.counts["corrections"] += 1

    async def _name_speaker(self, client: httpx.AsyncClient, meeting: str) -> None:
        label, name = self._draw.choice(self._labels), self._said()
        names = [{"label": label, "name": name}]
        await self._soak.ask(client, operation("NameSpeakers"), meetingId=meeting, names=names)
        self.names[meeting][label] = name
        self._soak.counts["speakers named"] += 1


def compare_people(soak: Soak, people: list[Person], tables: dict[str, Transcript]) -> None:
    """Checks that each segment says what people said of it last, and else what was heard."""
    for meeting, table in tables.items():
        texts = {number: text for person in people for number, text in person.texts[meeting].items()}
        speakers = {number: speaker for person in people for number, speaker in person.speakers[meeting].items()}
        names = {label: name for person in people for label, name in person.names[meeting].items()}
        for number, segment in table.items():
            heard = segment["heard"]
            text = texts.get(number) or heard["text"]
            speaker = speakers.get(number) or names.get(heard["speaker"]) or heard["speaker"]
            if (segment["text"], segment["speaker"]) != (text, speaker):
                soak.counts["corrections lost"] += 1
                soak.wrong(f"{number} of {meeting}: {segment} and not {speaker}: {text}")

"""Corrects segments that machines go on hearing, and names their speakers."""

import random
from typing import Any

import httpx

from bench.soak.shared_state import SHARED_SEGMENTS, SPEAKER_LABELS, SharedState, Transcript
from server.wire.graphql_files import operation

CORRECTOR_COUNT = 2


class Corrector:
    """Corrects some shared segments and names some labels, until the stop; each change is repeated until it is acknowledged."""

    def __init__(self, state: SharedState, number: int) -> None:
        self._state = state
        self._draw = random.Random(3000 + number)
        self._name = f"corrector {number}"
        self._segments = SHARED_SEGMENTS[number::CORRECTOR_COUNT]
        self._labels = SPEAKER_LABELS[number::CORRECTOR_COUNT]
        self._changes = 0
        self.texts: dict[str, dict[int, str | None]] = {meeting: {} for meeting in state.meetings}
        """The corrected text of each segment; None where the correction was taken back."""
        self.speakers: dict[str, dict[int, str | None]] = {meeting: {} for meeting in state.meetings}
        self.names: dict[str, dict[str, str | None]] = {meeting: {} for meeting in state.meetings}
        """The name of each label; None where it was taken back."""

    async def run(self, pace: float) -> None:
        async with httpx.AsyncClient(timeout=15) as client:
            while not self._state.stopping.is_set():
                meeting = self._draw.choice(self._state.meetings)
                await self._draw.choice([self._correct, self._correct, self._name_speaker])(client, meeting)
                await self._state.rest(self._draw.uniform(0, 2 * pace))

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
        answer = await self._state.ask(client, operation("CorrectSegments"), handled={"NOT_FOUND"}, **variables)
        if "code" in answer:  # nobody has written the segment yet
            return
        self.texts[meeting][number] = correction["text"]
        if "speaker" in correction:
            self.speakers[meeting][number] = correction["speaker"]
        self._state.counts["corrections"] += 1

    async def _name_speaker(self, client: httpx.AsyncClient, meeting: str) -> None:
        label, name = self._draw.choice(self._labels), self._said()
        names = [{"label": label, "name": name}]
        await self._state.ask(client, operation("NameSpeakers"), meetingId=meeting, names=names)
        self.names[meeting][label] = name
        self._state.counts["speakers named"] += 1


def compare_corrections(state: SharedState, correctors: list[Corrector], tables: dict[str, Transcript]) -> None:
    """Checks that each segment says what people said of it last, and else what was heard."""
    for meeting, table in tables.items():
        texts = {number: text for corrector in correctors for number, text in corrector.texts[meeting].items()}
        speakers = {
            number: speaker for corrector in correctors for number, speaker in corrector.speakers[meeting].items()
        }
        names = {label: name for corrector in correctors for label, name in corrector.names[meeting].items()}
        for number, segment in table.items():
            heard = segment["heard"]
            text = texts.get(number) or heard["text"]
            speaker = speakers.get(number) or names.get(heard["speaker"]) or heard["speaker"]
            if (segment["text"], segment["speaker"]) != (text, speaker):
                state.counts["corrections lost"] += 1
                state.wrong(f"{number} of {meeting}: {segment} and not {speaker}: {text}")

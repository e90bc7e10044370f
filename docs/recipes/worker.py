"""An agent that takes part in a meeting: it answers whoever addresses it by name.

pip install ./clients/python
python worker.py http://127.0.0.1:8000 concierge 01900000-0000-7000-8000-0000000000c1
"""

import asyncio
import logging
import os
import sys

from rapporteur_client import AsyncClient, PromptError, ResolvedConfig, Segment, SegmentInput

ANSWER = "answer-to-"
"""An answer's external id is this and the number of its question: to answer twice changes nothing."""


async def complete(config: ResolvedConfig, system_prompt: str, user_prompt: str) -> str:
    """Asks the model. Put your provider's library here; this one only says what it was asked."""
    return f"[{config.model_name} at {config.temperature}] {user_prompt}"


async def answer(config: ResolvedConfig, question: Segment, name: str) -> SegmentInput:
    system_prompt, user_prompt = config.render(speaker=question.speaker, question=question.text)
    text = await asyncio.wait_for(complete(config, system_prompt, user_prompt), config.timeout_seconds or None)
    at, id = question.end_time, f"{ANSWER}{question.segment_id}"
    return SegmentInput(text, at, at, speaker=name, external_id=id)


async def take_part(url: str, slug: str, meeting_id: str) -> None:
    name = slug.capitalize()
    questions: dict[int, Segment] = {}
    answered: set[int] = set()
    key, cache = os.environ.get("RAPPORTEUR_API_KEY"), "~/.cache/rapporteur-worker"
    async with AsyncClient(url, key=key, actor="worker", cache=cache) as client:
        await client.wait_until_current()
        async with client.segments(meeting_id) as answers:
            async for update in client.follow(meeting_id):
                for segment in update.segments:
                    if (segment.external_id or "").startswith(ANSWER):
                        # It is ours, perhaps from before a restart.
                        answered.add(int((segment.external_id or "").removeprefix(ANSWER)))
                    elif segment.is_final and segment.text.lower().startswith(f"{name.lower()},"):
                        questions[segment.segment_id] = segment
                if not update.caught_up:
                    continue
                for number in sorted(questions.keys() - answered):
                    # From memory, each time: whoever activates another variant changes the next answer.
                    config = client.config(slug).config
                    try:
                        answers.write(await answer(config, questions[number], name))
                    except (TimeoutError, PromptError) as error:
                        logging.warning("no answer to segment %s: %r", number, error)
                    answered.add(number)


if __name__ == "__main__":
    asyncio.run(take_part(*sys.argv[1:]))

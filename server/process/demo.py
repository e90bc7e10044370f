"""The demo: two agents with variants and one meeting, under fixed ids so that GraphiQL's tabs can show them."""

from pathlib import Path
from uuid import UUID

from db.database import Database
from domain.agents import CreateAgent
from domain.configs import AgentConfig, ConfigOverrides
from domain.history import Author
from domain.ids import AgentId, MeetingId, VariantId, WorkspaceId
from domain.meetings import Meeting, MeetingState, change_state
from domain.parameters import Parameters
from domain.transcripts import read_transcript
from domain.variants import CreateVariant

SCRIBE = AgentId(UUID("01900000-0000-7000-8000-0000000000a1"))
SCRIBE_BRIEF = VariantId(UUID("01900000-0000-7000-8000-0000000000b1"))
SCRIBE_LOCAL = VariantId(UUID("01900000-0000-7000-8000-0000000000b2"))
CONCIERGE = AgentId(UUID("01900000-0000-7000-8000-0000000000a2"))
CONCIERGE_FORMAL = VariantId(UUID("01900000-0000-7000-8000-0000000000b3"))
MEETING = MeetingId(UUID("01900000-0000-7000-8000-0000000000c1"))
TRANSCRIPT = Path(__file__).parent / "demo.vtt"


async def load_demo(database: Database, workspace_id: WorkspaceId) -> bool:
    """Loads the demo into a workspace in which nothing was ever written, and returns whether it did."""
    async with database.unit_of_work(workspace_id, Author("demo")) as uow:
        await uow.agents.lock_slugs()  # if two servers start at once, one of them loads the demo
        if await uow.events.any_exist():  # whoever deleted the demo does not want it back
            return False
        scribe = await uow.agents.create(
            CreateAgent(
                id=SCRIBE,
                name="Meeting scribe",
                description="Listens to a meeting and writes down decisions and open questions.",
                config=AgentConfig(
                    model_provider="anthropic",
                    model_name="claude-sonnet-4-5",
                    system_prompt="You take minutes. Write down what was decided, by whom, and what stays open. Add nothing.",
                    user_prompt_template="Transcript of {{title}} so far:\n{{transcript}}\n\nUpdate the minutes.",
                    temperature=0.2,
                ),
            )
        )
        brief = CreateVariant(
            id=SCRIBE_BRIEF,
            name="Brief",
            description="Five lines at most.",
            overrides=ConfigOverrides(
                system_prompt="You take minutes in at most five lines: decisions first, then open questions.",
                max_tokens=512,
            ),
        )
        local = CreateVariant(
            id=SCRIBE_LOCAL,
            name="Local model",
            description="For meetings that must not leave the building.",
            overrides=ConfigOverrides(model_provider="ollama", model_name="llama3.3:70b", timeout_seconds=180),
        )
        await uow.variants.create(scribe, brief)
        await uow.variants.create(scribe, local)
        await uow.agents.activate(SCRIBE_BRIEF)
        concierge = await uow.agents.create(
            CreateAgent(
                id=CONCIERGE,
                name="Concierge",
                description="Answers questions that are put to it in a meeting.",
                config=AgentConfig(
                    model_provider="openai",
                    model_name="gpt-5-mini",
                    system_prompt="You answer questions in a meeting, in one or two spoken sentences.",
                    user_prompt_template="{{speaker}} asks: {{question}}",
                    parameters=Parameters(temperature=None, reasoning_effort="low"),
                ),
            )
        )
        formal = CreateVariant(
            id=CONCIERGE_FORMAL,
            name="Formal",
            overrides=ConfigOverrides(
                system_prompt="You answer questions in a meeting, formally, in one or two sentences.", temperature=0.0
            ),
        )
        await uow.variants.create(concierge, formal)
        new = Meeting.create("Launch review", external_id="launch-review", agent_id=SCRIBE, metadata={"demo": True})
        new.id = MEETING
        meeting = await uow.meetings.create(new)
        await uow.segments.add_many(MEETING, read_transcript(TRANSCRIPT.read_bytes(), TRANSCRIPT.name).segments)
        await uow.meetings.update(change_state(meeting, MeetingState.COMPLETED))
        await uow.commit()
    return True

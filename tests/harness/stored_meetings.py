"""Stores meetings through a unit of work."""

from dataclasses import replace

from db.engine import SessionFactory
from db.unit_of_work import UnitOfWork
from domain.filters import MeetingFilter
from domain.ids import MeetingId
from domain.meetings import Meeting, MeetingState
from domain.segments import Segment
from tests.harness.stored_agents import WHOLE_LIST


async def store_meeting(factory: SessionFactory, state: MeetingState = MeetingState.CREATED) -> Meeting:
    """Stores a meeting."""
    async with UnitOfWork(factory) as uow:
        meeting = await uow.meetings.create(replace(Meeting.create(title="Weekly"), state=state))
        await uow.commit()
    return meeting


async def stored_titles(factory: SessionFactory) -> list[str]:
    """Returns the titles that a new session sees, sorted."""
    async with UnitOfWork(factory) as uow:
        return sorted(meeting.title for meeting in (await uow.meetings.page(WHOLE_LIST, MeetingFilter())).nodes)


def new_segment(meeting: Meeting, number: int) -> Segment:
    return Segment(
        meeting_id=MeetingId(meeting.id),
        segment_id=number,
        text=f"Text {number}",
        start_time=number,
        end_time=number + 1,
    )

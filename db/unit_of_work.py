"""The repositories together, and the unit of work that makes what they write one transaction."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from db.agents import AgentRepository
from db.api_keys import KeyRepository
from db.change_notifier import Changes
from db.config_sets import ConfigSetRepository
from db.connections import Connection
from db.corrections import CorrectionRepository
from db.engine import SessionFactory
from db.erasures import ErasureRepository
from db.history import EventRepository
from db.meeting_grants import GrantRepository
from db.meetings import MeetingRepository
from db.retention import RetentionRepository
from db.search import SearchRepository
from db.segments import SegmentRepository
from db.speaker_erasures import SpeakerErasureRepository
from db.variants import VariantRepository
from db.webhook_deliveries import DeliveryRepository
from db.webhooks import WebhookRepository
from domain.history import Author
from domain.ids import DEFAULT_WORKSPACE_ID, WorkspaceId

_NOBODY = Author()


class Repositories:
    """The repositories of one workspace, all on one connection. Concurrent tasks may use them if they may use that.

    They are not kept, as each request would leave a reference cycle behind.
    """

    def __init__(self, connection: Connection, workspace_id: WorkspaceId, author: Author | None = None) -> None:
        self._changes: Changes | None = None
        self.connection = connection
        self.workspace_id = workspace_id
        self.author = author or _NOBODY

    @property
    def changes(self) -> Changes:
        """Collects what is to be published. It is made for the first change, as most repositories only read."""
        if self._changes is None:
            self._changes = Changes()
        return self._changes

    @property
    def agents(self) -> AgentRepository:
        return AgentRepository(self)

    @property
    def config_sets(self) -> ConfigSetRepository:
        return ConfigSetRepository(self)

    @property
    def variants(self) -> VariantRepository:
        return VariantRepository(self)

    @property
    def meetings(self) -> MeetingRepository:
        return MeetingRepository(self)

    @property
    def segments(self) -> SegmentRepository:
        return SegmentRepository(self)

    @property
    def corrections(self) -> CorrectionRepository:
        return CorrectionRepository(self)

    @property
    def events(self) -> EventRepository:
        return EventRepository(self)

    @property
    def erasures(self) -> ErasureRepository:
        return ErasureRepository(self)

    @property
    def speaker_erasures(self) -> SpeakerErasureRepository:
        return SpeakerErasureRepository(self)

    @property
    def retention(self) -> RetentionRepository:
        return RetentionRepository(self)

    @property
    def search(self) -> SearchRepository:
        return SearchRepository(self)

    @property
    def keys(self) -> KeyRepository:
        return KeyRepository(self)

    @property
    def grants(self) -> GrantRepository:
        return GrantRepository(self)

    @property
    def webhooks(self) -> WebhookRepository:
        return WebhookRepository(self)

    @property
    def deliveries(self) -> DeliveryRepository:
        return DeliveryRepository(self)


class SingleWrite(Repositories):
    """A write of one statement, which is a transaction already. What it has changed is published when the block is left.

    What needs more than one statement to be true needs a unit of work.
    """

    def __init__(
        self,
        connection: Connection,
        workspace_id: WorkspaceId,
        publish: Callable[[Changes], None],
        author: Author | None = None,
    ) -> None:
        super().__init__(connection, workspace_id, author)
        self._publish = publish

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._changes:
            self._publish(self._changes)


class UnitOfWork(Repositories):
    """One transaction. Rollback is the default: what is not committed when the block is left did not happen.

        async with UnitOfWork(session_factory) as uow:
            meeting = await uow.meetings.create(Meeting.create(title="Weekly"))
            await uow.commit()

    Leaving the block, also by an exception or a cancellation, gives the connection back to the pool.
    """

    def __init__(
        self,
        session_factory: SessionFactory,
        workspace_id: WorkspaceId = DEFAULT_WORKSPACE_ID,
        publish: Callable[[Changes], None] | None = None,
        author: Author | None = None,
    ) -> None:
        """`publish` is called after each commit that changed what others may wait for; `author` is who writes, and why."""
        self.session = session_factory()
        self._publish = publish
        super().__init__(self.session, workspace_id, author)

    async def __aenter__(self) -> Self:
        await self.session.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.session.__aexit__(kind, error, traceback)

    async def commit(self) -> None:
        changes = self.changes.drain()
        try:
            await self.session.commit()
        finally:
            # Also if the outcome is unknown, as after a cancellation: a notification says where to look, not what is there.
            if changes and self._publish:
                self._publish(changes)

    async def rollback(self) -> None:
        self.changes.drain()
        await self.session.rollback()

"""The queries. What is not there is null."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from domain import agents as agent_entities
from domain import diffs
from domain import meetings as meeting_entities
from domain import pagination as pages
from domain import search as search_entities
from domain.principals import Principal
from domain.variants import AgentVariant as VariantEntity
from resolvers import agents as resolve_agents
from resolvers import api_keys as resolve_keys
from resolvers import diffs as resolve_diffs
from resolvers import history as resolve_history
from resolvers import meetings as resolve_meetings
from resolvers import nodes as resolve_nodes
from resolvers import search as resolve_search
from resolvers import variants as resolve_variants
from resolvers.context import Info
from schema.agents import Agent, AgentConnection, AgentFilter
from schema.api_keys import ApiKeyConnection, Viewer
from schema.configs import RenderedPrompt
from schema.diffs import ConfigDiff, ConfigRef
from schema.history import AgentEventConnection, MeetingEventConnection
from schema.inputs import given
from schema.meetings import Meeting, MeetingConnection, MeetingFilter
from schema.nodes import Node
from schema.ordering import AgentOrder, MeetingOrder
from schema.search import SegmentSearchConnection
from schema.variants import AgentVariant


@strawberry.type
class Query:
    agent: agent_entities.Agent | None = strawberry.field(resolver=resolve_agents.agent, graphql_type=Agent | None)
    agent_by_slug: agent_entities.Agent | None = strawberry.field(
        resolver=resolve_agents.agent_by_slug, graphql_type=Agent | None
    )
    variant: VariantEntity | None = strawberry.field(
        resolver=resolve_variants.variant, graphql_type=AgentVariant | None
    )
    meeting: meeting_entities.Meeting | None = strawberry.field(
        resolver=resolve_meetings.meeting, graphql_type=Meeting | None
    )
    meeting_count: int = strawberry.field(
        resolver=resolve_meetings.count, description="Of all meetings, or those in a state."
    )
    agent_history = strawberry.field(
        resolver=resolve_history.agent_history,
        graphql_type=AgentEventConnection,
        description="`Agent.history`, also of an agent that was deleted.",
    )
    meeting_history = strawberry.field(
        resolver=resolve_history.meeting_history,
        graphql_type=MeetingEventConnection,
        description="`Meeting.history`, also of a meeting that was deleted.",
    )
    node: resolve_nodes.Node | None = strawberry.field(resolver=resolve_nodes.node, graphql_type=Node | None)
    viewer: Principal = strawberry.field(
        resolver=resolve_keys.viewer,
        graphql_type=Viewer,
        description="Who asks: the key's name, its workspace, its scopes.",
    )
    api_keys = strawberry.field(
        resolver=resolve_keys.api_keys,
        graphql_type=ApiKeyConnection,
        description="Of this workspace, from the newest to the oldest, revoked ones too; at most 100 a page.",
    )
    nodes: list[resolve_nodes.Node | None] = strawberry.field(
        resolver=resolve_nodes.nodes,
        graphql_type=list[Node | None],
        description="In the order of the ids, at most 100.",
    )

    @strawberry.field(
        graphql_type=ConfigDiff | None,
        description="The fields in which b differs from a; null if either is not there.",
    )
    async def config_diff(self, info: Info, a: ConfigRef, b: ConfigRef) -> diffs.ConfigDiff | None:
        return await resolve_diffs.config_diff(info.context, given(a), given(b))

    @strawberry.field(
        graphql_type=RenderedPrompt | None,
        description="What the agent resolves to now, with a value for each {{name}} in its two prompts: a text, a number"
        " or a boolean. One that is missing or unknown is an error.",
    )
    async def render_prompt(
        self, info: Info, agent_id: strawberry.ID, variables: JSON | None = None
    ) -> agent_entities.RenderedPrompt | None:
        return await resolve_agents.render_prompt(info.context, agent_id, variables)

    @strawberry.field(
        graphql_type=AgentConnection,
        description="From the oldest to the newest, unless ordered otherwise; at most 100 a page.",
    )
    async def agents(
        self,
        info: Info,
        first: int | None = resolve_agents.DEFAULT_PAGE,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: AgentFilter | None = None,
        order_by: AgentOrder | None = None,
    ) -> pages.Page[agent_entities.Agent]:
        conditions, order = given(filter) if filter else {}, given(order_by) if order_by else None
        return await resolve_agents.page(info, first, after, last, before, conditions, order)

    @strawberry.field(
        graphql_type=MeetingConnection,
        description="From the newest to the oldest, unless ordered otherwise; at most 100 a page.",
    )
    async def meetings(
        self,
        info: Info,
        first: int | None = resolve_meetings.DEFAULT_PAGE,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: MeetingFilter | None = None,
        order_by: MeetingOrder | None = None,
    ) -> pages.Page[meeting_entities.Meeting]:
        conditions, order = given(filter) if filter else {}, given(order_by) if order_by else None
        return await resolve_meetings.page(info.context, first, after, last, before, conditions, order)

    @strawberry.field(
        graphql_type=SegmentSearchConnection,
        description="Segments by their words, best first; at most 100 a page. `query` is as for a search engine: all words,"
        f' "a phrase", or, -without; at most {search_entities.MAX_QUERY_WORDS} words. `createdAfter` is included,'
        " `createdBefore` is not; `fromTime` to `toTime` is a span of the meeting in seconds.",
    )
    def search_segments(
        self,
        query: str,
        meeting_id: strawberry.ID | None = None,
        speaker: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        from_time: float | None = None,
        to_time: float | None = None,
        first: int | None = resolve_search.DEFAULT_PAGE,
        after: str | None = None,
    ) -> search_entities.SearchRequest:
        return resolve_search.segments(
            query,
            meeting_id,
            speaker,
            created_after,
            created_before,
            from_time,
            to_time,
            first,
            after,
        )

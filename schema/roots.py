"""The three roots of the schema. Each aggregate's module declares its own root fields; here they are put together."""

import strawberry

from schema.agents import AgentMutations, AgentQueries, AgentSubscriptions
from schema.api_keys import ApiKeyMutations, ApiKeyQueries
from schema.corrections import CorrectionMutations
from schema.diffs import DiffQueries
from schema.erasures import ErasureMutations
from schema.history import HistoryQueries
from schema.manifests import ManifestMutations
from schema.meetings import MeetingMutations, MeetingQueries, MeetingSubscriptions
from schema.nodes import NodeQueries
from schema.search import SearchQueries
from schema.segments import SegmentMutations, SegmentSubscriptions
from schema.transcript_imports import TranscriptImportMutations
from schema.variants import VariantMutations, VariantQueries
from schema.webhooks import WebhookMutations, WebhookQueries


@strawberry.type(description="What can be asked. What is not there is null.")
class Query(
    AgentQueries,
    VariantQueries,
    HistoryQueries,
    DiffQueries,
    MeetingQueries,
    SearchQueries,
    NodeQueries,
    ApiKeyQueries,
    WebhookQueries,
):
    """Holds the queries of all aggregates."""


@strawberry.type(description="What can be done. Each mutation is done as a whole, or not at all.")
class Mutation(
    AgentMutations,
    VariantMutations,
    ManifestMutations,
    MeetingMutations,
    SegmentMutations,
    CorrectionMutations,
    TranscriptImportMutations,
    ErasureMutations,
    ApiKeyMutations,
    WebhookMutations,
):
    """Holds the mutations of all aggregates."""


@strawberry.type(description="What can be followed. Nothing is lost on the way.")
class Subscription(SegmentSubscriptions, MeetingSubscriptions, AgentSubscriptions):
    """Holds the subscriptions of all aggregates."""

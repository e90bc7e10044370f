"""The client library of Rapporteur: `Client` for threads, `AsyncClient` for asyncio, with the same methods."""

from rapporteur_client.answers import ConfigAnswer, Origin
from rapporteur_client.async_client import AsyncClient
from rapporteur_client.client import Client, MeetingUpdates, SegmentWriter
from rapporteur_client.configs import ResolvedConfig
from rapporteur_client.errors import (
    ClientClosed,
    NoConfig,
    NotWritten,
    QueueFull,
    RapporteurError,
    Refused,
    SegmentsRefused,
    Unauthenticated,
    Unavailable,
)
from rapporteur_client.keys import Key
from rapporteur_client.meeting_updates import MeetingUpdate, Segment
from rapporteur_client.prompts import PromptError
from rapporteur_client.segment_writer import AsyncSegmentWriter
from rapporteur_client.segments import SegmentInput, Word

__all__ = [
    "AsyncClient",
    "AsyncSegmentWriter",
    "Client",
    "ClientClosed",
    "ConfigAnswer",
    "Key",
    "MeetingUpdate",
    "MeetingUpdates",
    "NoConfig",
    "NotWritten",
    "Origin",
    "PromptError",
    "QueueFull",
    "RapporteurError",
    "Refused",
    "ResolvedConfig",
    "Segment",
    "SegmentInput",
    "SegmentWriter",
    "SegmentsRefused",
    "Unauthenticated",
    "Unavailable",
    "Word",
]

"""Who may ask for what: declared here, by `Type.field` for the fields of the roots, and for types what a bot may see of them.

A document is refused before anything of it is executed if it asks for a field that the caller's scopes do not cover.
"""

from domain.principals import ALL, Scope, Scopes

_READERS = frozenset({Scope.READ})
_WRITERS = frozenset({Scope.WRITE})
_ADMINS = frozenset({Scope.ADMIN})
_READERS_AND_BOTS = frozenset({Scope.READ, Scope.INGEST})
_WRITERS_AND_BOTS = frozenset({Scope.WRITE, Scope.INGEST})

ROOTS = {
    "Query": {
        "agent": _READERS,
        "agentBySlug": _READERS,
        "agentHistory": _READERS,
        "agents": _READERS,
        "apiKeys": _ADMINS,
        "configDiff": _READERS,
        "meeting": _READERS_AND_BOTS,
        "meetingCount": _READERS,
        "meetingHistory": _READERS,
        "meetings": _READERS,
        "node": _READERS_AND_BOTS,
        "nodes": _READERS_AND_BOTS,
        "renderPrompt": _READERS,
        "searchSegments": _READERS,
        "variant": _READERS,
        "viewer": ALL,
    },
    "Mutation": {
        "activateVariant": _WRITERS,
        "applyAgents": _WRITERS,
        "cloneVariant": _WRITERS,
        "createAgent": _WRITERS,
        "createApiKey": _ADMINS,
        "createMeeting": _WRITERS_AND_BOTS,
        "createVariant": _WRITERS,
        "deactivateVariant": _WRITERS,
        "deleteAgent": _WRITERS,
        "deleteMeeting": _WRITERS,
        "deleteSegments": _WRITERS,
        "deleteVariant": _WRITERS,
        "revertAgent": _WRITERS,
        "revertVariant": _WRITERS,
        "revokeApiKey": _ADMINS,
        "rollbackActivation": _WRITERS,
        "updateAgent": _WRITERS,
        "updateMeeting": _WRITERS,
        "updateVariant": _WRITERS,
        "upsertSegments": _WRITERS_AND_BOTS,
    },
    "Subscription": {
        "resolvedConfigUpdates": _READERS,
        "segmentUpdates": _READERS_AND_BOTS,
    },
}

SEEN_BY_BOTS = {
    "Conflict",
    "Error",
    "InvalidField",
    "InvalidInput",
    "Meeting",
    "MeetingResult",
    "Mutation",
    "Node",
    "NotFound",
    "PageInfo",
    "Query",
    "Segment",
    "SegmentConnection",
    "SegmentEdge",
    "SegmentUpdates",
    "SpeakerStats",
    "Subscription",
    "UpsertSegmentsResult",
    "UpsertedSegments",
    "Viewer",
}
"""All other types are for readers only."""


def scopes_of(type_: str, field: str, result: str | None) -> Scopes:
    """Of a field of a type, and what it results in, if that has fields: one of these scopes is needed.

    Raises KeyError for a field of a root that is not declared.
    """
    if type_ in ROOTS:
        return ROOTS[type_][field]
    return ALL if result is None else scopes_of_type(result)


def scopes_of_type(type_: str) -> Scopes:
    return ALL if type_ in SEEN_BY_BOTS or type_.startswith("__") else _READERS

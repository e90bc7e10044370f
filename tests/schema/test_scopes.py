"""The built schema, walked: who may ask for what. (Who may ask for how much of it is in `test_cost.py`.)"""

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType, get_named_type

from domain.principals import ALL, Scope
from schema.documents.field_rules import field_rules
from schema.documents.scopes import type_scopes
from schema.schema import schema

SCHEMA = schema._schema
COMPOSITE = {
    name: type_
    for name, type_ in SCHEMA.type_map.items()
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType) and not name.startswith("__")
}
RULES = field_rules(SCHEMA)
ROOTS = {
    root.name: {name: rule.scopes for name, rule in RULES[root.name].items()}
    for root in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
    if root
}
SEEN_BY_BOTS = {
    "Conflict",
    "Error",
    "HeardSegment",
    "InvalidField",
    "InvalidInput",
    "Meeting",
    "MeetingResult",
    "MeetingUpdate",
    "Mutation",
    "Node",
    "NotFound",
    "PageInfo",
    "Query",
    "Segment",
    "SegmentConnection",
    "SegmentCorrection",
    "SegmentEdge",
    "SegmentUpdates",
    "SpeakerName",
    "SpeakerStats",
    "Subscription",
    "UpsertSegmentsResult",
    "UpsertedSegments",
    "Viewer",
    "Word",
}
CLOSED_TO_BOTS = {"Meeting.agent", "Meeting.history"}
"""Fields of types that bots may see which are closed to bots. New fields are open, unless they lead to other types."""


def fields_of(name: str) -> dict[str, str]:
    """By their names the names of what they result in."""
    type_ = COMPOSITE[name]
    if isinstance(type_, GraphQLUnionType):
        return {}
    return {field_name: get_named_type(field.type).name for field_name, field in type_.fields.items()}


def is_open(scope: Scope, type_: str, field: str) -> bool:
    return scope in RULES[type_][field].scopes


def reached(scope: Scope) -> set[str]:
    """Finds the types that documents of this scope can reach."""
    found: set[str] = set()
    rest = set(ROOTS)
    while rest:
        name = rest.pop()
        type_ = COMPOSITE.get(name)
        if type_ is None or name in found:
            continue
        found.add(name)
        if isinstance(type_, GraphQLUnionType):
            rest |= {member.name for member in type_.types}
        else:
            rest |= {interface.name for interface in type_.interfaces}
        rest |= {result for field, result in fields_of(name).items() if is_open(scope, name, field)}
    return found


def test_every_root_field_declares_its_scopes() -> None:
    assert all(scopes and scopes <= ALL for declared in ROOTS.values() for scopes in declared.values())


def test_every_mutation_needs_write_or_more() -> None:
    """Checks that the scope read changes nothing, and that a bot only adds to meetings."""
    declared = ROOTS["Mutation"]
    assert not [name for name, scopes in declared.items() if Scope.READ in scopes]
    assert {name for name, scopes in declared.items() if Scope.INGEST in scopes} == {"createMeeting", "upsertSegments"}


def test_only_administrators_hold_meetings_and_come_to_keys_webhooks_and_erasures() -> None:
    erasures = {"Erasure", "ErasedSpeaker", "EraseMeetingResult", "EraseSpeakerResult"}
    keys = {name for name in COMPOSITE if "ApiKey" in name or "Webhook" in name or name in erasures}
    for name, declared in ROOTS.items():
        results = fields_of(name)
        assert {field for field in declared if results[field] in keys or field in ("holdMeeting", "deleteWebhook")} == {
            field for field, scopes in declared.items() if scopes == {Scope.ADMIN}
        }
    others = COMPOSITE.keys() - keys - ROOTS.keys()
    assert not [name for name in others if keys & set(fields_of(name).values())]


def test_what_bots_may_see_leads_to_nothing_else() -> None:
    visible = {name for name, scopes in type_scopes(SCHEMA).items() if Scope.INGEST in scopes and name in COMPOSITE}
    assert reached(Scope.INGEST) == SEEN_BY_BOTS
    assert visible - SEEN_BY_BOTS == {"MeetingConnection", "MeetingEdge"}, (
        "no field that a bot may ask for leads to these"
    )
    closed = {
        f"{name}.{field}"
        for name in SEEN_BY_BOTS - ROOTS.keys()
        for field in fields_of(name)
        if not is_open(Scope.INGEST, name, field)
    }
    assert closed == CLOSED_TO_BOTS

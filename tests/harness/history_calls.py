"""Reads histories and changes agents through the API."""

from typing import Any

from tests.harness.servers import Api

UNKNOWN_ID = "01900000-0000-7000-8000-00000000dead"


def event_kinds(events: list[Any]) -> list[str]:
    return [event["kind"] for event in events]


def agent_history(api: Api, agent: Any, **arguments: Any) -> Any:
    """Returns the first page of its events, newest first."""
    return api.run("AgentHistory", id=agent["id"], **arguments)["history"]["nodes"]


def variant_history(api: Api, variant: Any, **arguments: Any) -> Any:
    return api.run("VariantHistory", id=variant["id"], **arguments)["history"]["nodes"]


def meeting_history(api: Api, meeting: Any, **arguments: Any) -> Any:
    return api.run("MeetingHistory", id=meeting["id"], **arguments)["history"]["nodes"]


def field_change(event: Any, field: str) -> tuple[Any, Any]:
    """Returns the values of a field before and after."""
    ((before, after),) = [(each["before"], each["after"]) for each in event["changes"] if each["field"] == field]
    return before, after


def update(api: Api, agent: Any, **input: Any) -> Any:
    return api.run("UpdateAgent", id=agent["id"], input=input)


def activate(api: Api, variant: Any) -> Any:
    return api.run("ActivateVariant", id=variant["id"])


def roll_back(api: Api, agent: Any, **arguments: Any) -> Any:
    return api.run("RollbackActivation", agentId=agent["id"], **arguments)

"""Reads and clones agents through the API."""

from typing import Any

from tests.harness.agent_strategies import CONFIG_NAMES
from tests.harness.servers import Api

UNKNOWN_ID = "01900000-0000-7000-8000-00000000dead"
RESOLVED = (
    f"query Resolved($id: ID!) {{ agent(id: $id) {{ resolvedConfig {{ variantId {' '.join(CONFIG_NAMES)} }} }} }}"
)


def read(api: Api, agent: Any) -> Any:
    """Reads an agent with its variants."""
    return api.run("Agent", id=agent["id"])


def resolved(api: Api, agent: Any) -> Any:
    return api.post(RESOLVED, {"id": agent["id"]})["data"]["agent"]["resolvedConfig"]


def variant(api: Api, id: str) -> Any:
    return api.run("Variant", id=id)


def clone(api: Api, agent: Any, **input: Any) -> Any:
    return api.run("CloneVariant", agentId=agent["id"], input={"name": "Clone", **input})


def paths(result: Any) -> set[str]:
    """Returns the paths of the fields that a mutation finds invalid."""
    assert result["__typename"] == "InvalidInput", result
    return {field["path"] for field in result["fields"]}

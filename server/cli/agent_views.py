"""`rapporteur agents list`, `show`, `activate` and `rollback`: looks at a running server's agents and switches variants."""

from typing import Annotated, Any

import typer

from server.cli.connected import connected
from server.cli.options import DEFAULT_URL, ApiKeyToken, ServerUrl, fail
from server.cli.output import JsonOutput, json_line, print_fields, print_json, print_table
from server.client.api_client import ApiClient

PAGE_SIZE = 100

AgentSlug = Annotated[str, typer.Argument(metavar="AGENT", help="The agent's slug.")]
Reason = Annotated[str | None, typer.Option(help="For the history.")]


def list_agents(url: ServerUrl = DEFAULT_URL, api_key: ApiKeyToken = None, json: JsonOutput = False) -> None:
    """List the agents, oldest first, with the active variant and the model that it resolves to."""
    with connected(url, api_key) as client:
        agents = [agent for page in client.pages("Agents", first=PAGE_SIZE) for agent in page]
    if json:
        print_json(agents)
        return
    columns = ("slug", "name", "active", "variants", "model", "version")
    print_table(columns, (_row(agent) for agent in agents))


def _row(agent: Any) -> tuple[object, ...]:
    active, config = agent["activeVariant"], agent["resolvedConfig"]
    model = f"{config['modelProvider']}/{config['modelName']}"
    return (
        agent["slug"],
        agent["name"],
        active["slug"] if active else "(base)",
        len(agent["variants"]),
        model,
        agent["version"],
    )


def show_agent(
    agent: AgentSlug, url: ServerUrl = DEFAULT_URL, api_key: ApiKeyToken = None, json: JsonOutput = False
) -> None:
    """Show an agent: its variants, and the configuration that a worker gets now."""
    with connected(url, api_key) as client:
        found = client.run("Agent", id=_found(client, agent)["id"])
        resolved = client.run("ResolvedConfig", slug=agent)["resolvedConfig"]
    if json:
        print_json({**found, "resolvedConfig": resolved})
        return
    active = next((variant["slug"] for variant in found["variants"] if variant["isActive"]), "(base)")
    print_fields(
        [
            ("slug", found["slug"]),
            ("name", found["name"]),
            ("description", found["description"] or None),
            ("version", found["version"]),
            ("variants", ", ".join(variant["slug"] for variant in found["variants"]) or None),
            ("active", active),
            *(
                (name, json_line(value) if isinstance(value, dict) else value)
                for name, value in resolved.items()
                if not isinstance(value, list)
            ),
        ]
    )


def activate_variant(
    agent: AgentSlug,
    variant: Annotated[
        str | None, typer.Argument(metavar="[VARIANT]", help="The variant's slug; left out: the base.")
    ] = None,
    reason: Reason = None,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
    json: JsonOutput = False,
) -> None:
    """Make a variant the active one of its agent, or none."""
    with connected(url, api_key) as client:
        found = _found(client, agent, variant)
        if variant is None:
            changed = client.run("DeactivateVariant", agentId=found["id"], reason=reason)
        elif found["variant"] is None:
            raise fail(f"the agent {agent} has no variant {variant}")
        else:
            changed = client.run("ActivateVariant", id=found["variant"]["id"], reason=reason)
    _tell(changed, json)


def roll_back_activation(
    agent: AgentSlug,
    reason: Reason = None,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
    json: JsonOutput = False,
) -> None:
    """Make active again what was active before."""
    with connected(url, api_key) as client:
        changed = client.run("RollbackActivation", agentId=_found(client, agent)["id"], reason=reason)
    _tell(changed, json)


def _found(client: ApiClient, slug: str, variant: str | None = None) -> Any:
    """Returns the agent with this slug. Ends the command if there is none. Raises ApiError."""
    agent = client.run("AgentBySlug", slug=slug, variant=variant or slug)
    if agent is None:
        raise fail(f"there is no agent {slug}: see rapporteur agents list")
    return agent


def _tell(agent: Any, json: bool) -> None:
    if json:
        print_json(agent)
    else:
        active = agent["activeVariant"]
        typer.echo(
            f"{agent['slug']}: {active['slug'] if active else 'the base'} is active (version {agent['version']})"
        )

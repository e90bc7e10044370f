"""clients/typescript renders prompts as the server does."""

from typing import Any

import pytest

from server.wire.graphql_files import operation
from tests.harness.servers import RunningServer
from tests.harness.typescript_client import CommandFailed, TypeScriptClient

pytestmark = pytest.mark.slow

CASES: list[tuple[str, Any]] = [
    ("{{name}} and {{ name }}, {{other}}", {"name": "Mara", "other": "$& {{name}}"}),
    ("{{#if}} {{a.b}} {{1st}} {{}} {{ }} { {name} } {{{name}}}", {"name": 1}),
    ("{{name}}", {}),
    ("none", {"name": "unknown"}),
    ("{{n}} {{m}} {{k}}", {"n": 0.5, "m": True, "k": -3}),
    ("{{e\u0301t\u00e9}}", {"\u00e9te\u0301": "in two forms of Unicode"}),
    ("{{\u0928\u093e\u092e}} {{_\u00b2}} {{\u0663}}", {"\u0928\u093e\u092e": "with a combining mark", "_\u00b2": "a"}),
    ("{{" + "n" * 101 + "}} {{" + "m" * 100 + "}}", {"m" * 100: "long"}),
    ("{{name}}", {"name": None}),
]


def test_prompts_are_rendered_as_the_server_renders_them(client: TypeScriptClient, server: RunningServer) -> None:
    agent = server.api.agent("Rendered")
    for template, variables in CASES:
        server.api.run("UpdateAgent", id=agent["id"], input={"config": {"userPromptTemplate": template}})
        asked = {"agentId": agent["id"], "variables": variables}
        answer = server.api.post(operation("RenderPrompt"), asked, "RenderPrompt")
        config = {"systemPrompt": "", "userPromptTemplate": template}
        if "errors" in answer:
            with pytest.raises(CommandFailed) as failed:
                client.run("render", config, variables)
            assert failed.value.name == "PromptError"
        else:
            assert client.run("render", config, variables)["userPrompt"] == answer["data"]["renderPrompt"]["userPrompt"]
    server.api.run("DeleteAgent", id=agent["id"])

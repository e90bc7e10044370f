"""Reads revisions and differences through the API."""

from typing import Any

from tests.harness.history_calls import (
    UNKNOWN_ID,
    update,
)
from tests.harness.servers import Api


class TestRevisionsAndDiffs:
    def fields(self, api: Api, a: Any, b: Any) -> Any:
        found = api.run("ConfigDiff", a=a, b=b)
        return found and found["fields"]

    def test_a_revision_that_is_not_there_is_null(self, api: Api) -> None:
        agent = api.agent()
        variant = api.variant(agent)
        assert api.run("AgentRevision", id=agent["id"], version=2)["revision"] is None
        assert api.run("VariantRevision", id=variant["id"], version=2)["revision"] is None
        assert api.run("AgentRevision", id=agent["id"], version=1)["revision"]["event"]["kind"] == "CREATED"

    def test_a_past_revision_of_a_variant_lies_over_the_base_of_now(self, api: Api) -> None:
        agent = api.agent(maxTokens=1, maxRetries=1)
        variant = api.variant(agent, maxTokens=2)
        api.run("UpdateVariant", id=variant["id"], input={"overrides": {"maxTokens": 3}})
        update(api, agent, config={"maxRetries": 9})
        revision = api.run("VariantRevision", id=variant["id"], version=1)["revision"]
        assert (revision["config"]["maxTokens"], revision["config"]["maxRetries"]) == (2, 9)
        of_then = {"variantRevision": {"variantId": variant["id"], "version": 1}}
        assert self.fields(api, of_then, {"variant": variant["id"]}) == [
            {"field": "maxTokens", "a": 2, "b": 3, "textDiff": None}
        ]
        was = {"baseRevision": {"agentId": agent["id"], "version": 1}}
        assert [each["field"] for each in self.fields(api, was, of_then)] == ["maxTokens", "maxRetries"]

    def test_prompts_have_a_unified_diff(self, api: Api) -> None:
        agent = api.agent(systemPrompt="One\nTwo\n")
        variant = api.variant(agent, systemPrompt="One\n2")
        (field,) = self.fields(api, {"base": agent["id"]}, {"variant": variant["id"]})
        assert (field["a"], field["b"]) == ("One\nTwo\n", "One\n2")
        assert field["textDiff"] == "--- a\n+++ b\n@@ -1,2 +1,2 @@\n One\n-Two\n+2\n\\ No newline at end of file\n"

    def test_what_was_deleted_can_still_be_compared(self, api: Api) -> None:
        agent, present = api.agent(maxTokens=1), api.agent(maxTokens=2)
        variant = api.variant(agent, maxTokens=3)
        of_then = {"variantRevision": {"variantId": variant["id"], "version": 1}}
        api.run("DeleteVariant", id=variant["id"])
        (field,) = self.fields(api, of_then, {"base": present["id"]})
        assert (field["a"], field["b"]) == (3, 2)
        assert self.fields(api, {"variant": variant["id"]}, {"base": present["id"]}) is None
        deletion = {"variantRevision": {"variantId": variant["id"], "version": 2}}
        assert self.fields(api, deletion, {"base": present["id"]}) is None
        api.run("DeleteAgent", id=agent["id"])
        (field,) = self.fields(api, {"baseRevision": {"agentId": agent["id"], "version": 1}}, {"base": present["id"]})
        assert (field["a"], field["b"]) == (1, 2)
        assert self.fields(api, of_then, {"base": present["id"]}) is None  # there is no base of now

    def test_what_is_of_another_kind_is_not_there(self, api: Api) -> None:
        agent, meeting = api.agent(), api.meeting()
        variant = api.variant(agent)
        base = {"base": agent["id"]}
        for id in (variant["id"], meeting["id"], UNKNOWN_ID):
            assert self.fields(api, base, {"baseRevision": {"agentId": id, "version": 1}}) is None
            assert self.fields(api, base, {"resolved": id}) is None
        for id in (agent["id"], meeting["id"], UNKNOWN_ID):
            assert self.fields(api, base, {"variantRevision": {"variantId": id, "version": 1}}) is None

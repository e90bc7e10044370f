"""Keeps the configurations fresh: one subscription for all agents, and their files on disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from rapporteur_client.backoff import Backoff
from rapporteur_client.config_store import ConfigStore
from rapporteur_client.configs import from_json
from rapporteur_client.disk_cache import DiskCache
from rapporteur_client.errors import RapporteurError, Refused
from rapporteur_client.server import Server
from rapporteur_client.subscription import Event, follow

DISK_CONFIRMATION_SECONDS = 30.0
"""The time after which the files on disk are marked as current again, while the server is heard."""
REFUSED_PAUSE_SECONDS = 30.0
"""The pause after a refusal, which only a person can mend: another key, another version of the server."""

RESOLVED_CONFIGS_UPDATES = """
subscription ResolvedConfigsUpdates($agentSlugs: [String!]) {
  resolvedConfigsUpdates(agentSlugs: $agentSlugs) {
    deletedAgentSlugs
    configs {
      agentSlug
      agentId
      variantSlug
      variantId
      modelProvider
      modelName
      systemPrompt
      userPromptTemplate
      promptVersion
      temperature
      maxTokens
      contextWindow
      inputTokenLimit
      tokenBudget
      timeoutSeconds
      maxRetries
      parameters
      modelParameters
      etag
    }
  }
}
"""

_log = logging.getLogger("rapporteur_client")


class ConfigFeed:
    """Takes what the server says into the store, for as long as it runs."""

    def __init__(
        self, server: Server, store: ConfigStore, disk: DiskCache | None, agent_slugs: Sequence[str] | None
    ) -> None:
        """`agent_slugs` are the agents to follow; None: all of the workspace."""
        self._server = server
        self._store = store
        self._disk = disk
        self._agent_slugs = None if agent_slugs is None else list(agent_slugs)
        self._gone: set[str] = set()
        self._changed = asyncio.Event()
        self.has_begun = asyncio.Event()
        """Is set when the server has said what there is, for the first time."""
        self.last_error: Exception | None = None
        """The reason why the server is not heard now; None while it is."""

    async def run(self) -> None:
        """Follows the server until it is cancelled; raises nothing else."""
        if self._disk is None:
            await self._follow()
            return
        storing = asyncio.create_task(self._store_on_disk(self._disk))
        try:
            await self._follow()  # until its connection is closed: to wait for both at once would end with the first
        finally:
            storing.cancel()
            await asyncio.gather(storing, return_exceptions=True)

    async def _follow(self) -> None:
        backoff = Backoff()
        while True:
            try:
                events = follow(
                    self._server,
                    RESOLVED_CONFIGS_UPDATES,
                    lambda: {"agentSlugs": self._agent_slugs},
                    heard=self._store.confirm,
                    lost=self._note,
                )
                async with aclosing(events):
                    async for event in events:
                        backoff.reset()
                        self._take(event)
                self._note(RapporteurError("the server ended the subscription"))
            except Refused as error:
                self._note(error)
                _log.error("the server refuses to give configurations: %s", error)
            except Exception as error:  # a fault of ours must not stop the worker's configurations
                self._note(error)
                _log.exception("configurations are not followed")
            await asyncio.sleep(backoff.next_pause(REFUSED_PAUSE_SECONDS))

    def _note(self, error: Exception) -> None:
        self.last_error = error

    def _take(self, event: Event) -> None:
        values: dict[str, Any] = event.data["resolvedConfigsUpdates"]
        configs = [from_json(each) for each in values["configs"]]
        changed = {config.agent_slug for config in configs}
        self.last_error = None  # before the store: who sees the new configuration sees no error
        if event.is_first:
            gone = self._store.replace(configs)
        else:
            gone = set(values["deletedAgentSlugs"])
            self._store.update(configs, gone)
        self._gone = (self._gone | gone) - changed
        self._changed.set()
        self.has_begun.set()

    async def _store_on_disk(self, disk: DiskCache) -> None:
        """Writes each change, in a thread, so that a slow disk delays no configuration."""
        while True:
            try:
                await asyncio.wait_for(self._changed.wait(), DISK_CONFIRMATION_SECONDS)
            except asyncio.TimeoutError:
                if self.last_error is not None or not self.has_begun.is_set():
                    continue  # nothing is known to be current
            self._changed.clear()
            gone, self._gone = self._gone, set()
            await asyncio.to_thread(disk.store, dict(self._store.configs), gone)

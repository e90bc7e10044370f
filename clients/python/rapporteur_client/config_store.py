"""The configurations that this process knows, and where else to look: disk, manifests, the caller's defaults."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping

from rapporteur_client.answers import ConfigAnswer, Origin
from rapporteur_client.configs import ResolvedConfig
from rapporteur_client.disk_cache import DiskCache
from rapporteur_client.errors import NoConfig
from rapporteur_client.manifests import ManifestFolder

Listener = Callable[[str, ConfigAnswer | None], object]
"""Is called with an agent's slug and its new configuration; None: the server has no such agent any more."""

_log = logging.getLogger("rapporteur_client")


class ConfigStore:
    """Answers from dictionaries only. One thread changes them, and any may read: each change is a single assignment."""

    def __init__(
        self,
        disk: DiskCache | None = None,
        manifests: ManifestFolder | None = None,
        defaults: Mapping[str, ResolvedConfig] | None = None,
        agent_slugs: Collection[str] | None = None,
    ) -> None:
        """`agent_slugs` are the agents that the server is asked for; None: all."""
        self._memory: dict[str, ResolvedConfig] = {}
        self._confirmed_at = 0.0  # by the monotonic clock
        stored = {} if disk is None else disk.load()
        self._disk = {slug: each for slug, each in stored.items() if agent_slugs is None or slug in agent_slugs}
        self._manifests = manifests
        self._defaults = dict(defaults or {})
        self._listeners: list[Listener] = []

    def get(self, slug: str, default: ResolvedConfig | None = None) -> ConfigAnswer:
        """Returns the agent's configuration from the first place that knows it. Raises NoConfig."""
        config = self._memory.get(slug)
        if config is not None:
            return ConfigAnswer(config, Origin.MEMORY, time.monotonic() - self._confirmed_at)
        stored = self._disk.get(slug)
        if stored is not None:
            return ConfigAnswer(stored[0], Origin.DISK, max(0.0, time.time() - stored[1]))
        written = None if self._manifests is None else self._manifests.get(slug)
        if written is not None:
            return ConfigAnswer(written[0], Origin.MANIFESTS, max(0.0, time.time() - written[1]))
        config = self._defaults.get(slug) if default is None else default
        if config is not None:
            return ConfigAnswer(config, Origin.DEFAULT, None)
        raise NoConfig(
            f"nobody knows the configuration of {slug}: wait for the server with `wait_until_current`, or give a default"
        )

    @property
    def configs(self) -> Mapping[str, ResolvedConfig]:
        """Returns what the server has said."""
        return self._memory

    def confirm(self) -> None:
        """Notes that the server has just been heard: what it has said is current."""
        self._confirmed_at = time.monotonic()

    def replace(self, configs: Iterable[ResolvedConfig]) -> set[str]:
        """Takes all configurations there are. Returns the slugs of agents that the server does not have."""
        current = {config.agent_slug: config for config in configs}
        gone = (self._memory.keys() | self._disk.keys()) - current.keys()
        self._change(current, current.values(), gone)
        return gone

    def update(self, configs: Iterable[ResolvedConfig], gone: Iterable[str]) -> None:
        """Takes the configurations that have changed, and lets go of those of agents that are gone."""
        changed = list(configs)
        removed = set(gone)
        current = {slug: config for slug, config in self._memory.items() if slug not in removed}
        current |= {config.agent_slug: config for config in changed}
        self._change(current, changed, removed)

    def _change(self, current: dict[str, ResolvedConfig], given: Iterable[ResolvedConfig], gone: Iterable[str]) -> None:
        before = {slug: stored for slug, (stored, _) in self._disk.items()} | self._memory
        self.confirm()
        self._disk = {slug: stored for slug, stored in self._disk.items() if slug not in gone}
        self._memory = current
        for config in given:
            if before.get(config.agent_slug) != config:
                self._tell(config.agent_slug, ConfigAnswer(config, Origin.MEMORY, 0.0))
        for slug in gone:
            self._tell(slug, None)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Has a function called at each change; the returned one ends that."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def _tell(self, slug: str, answer: ConfigAnswer | None) -> None:
        for listener in list(self._listeners):
            try:
                listener(slug, answer)
            except Exception:
                _log.exception("a listener failed at a change of %s", slug)

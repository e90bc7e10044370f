"""Configurations from a folder of manifests, as `rapporteur agents pull` writes it: one YAML file for each agent.

Needs PyYAML (`pip install 'rapporteur-client[manifests]'`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rapporteur_client.configs import ResolvedConfig, from_json, is_slug
from rapporteur_client.merge_patch import merge_patch

_log = logging.getLogger("rapporteur_client")


class ManifestFolder:
    """Reads an agent's file when it is first asked for, and keeps it."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Raises ImportError if there is no PyYAML."""
        try:
            from rapporteur_client.core_yaml import load
        except ImportError as error:
            raise ImportError("manifests are YAML: pip install 'rapporteur-client[manifests]'") from error
        self._load = load
        self._folder = Path(folder).expanduser()
        self._read: dict[str, tuple[ResolvedConfig, float] | None] = {}

    def get(self, slug: str) -> tuple[ResolvedConfig, float] | None:
        """Returns what the agent's file resolves to, and the time (seconds since 1970) when it was written.

        Returns None if there is no such file, or it is no manifest, which is logged.
        """
        if slug not in self._read and is_slug(slug):
            self._read[slug] = self._get(slug)
        return self._read.get(slug)

    def _get(self, slug: str) -> tuple[ResolvedConfig, float] | None:
        path = self._folder / f"{slug}.yaml"
        try:
            manifest = self._load(path.read_text(encoding="utf-8-sig"))
            return resolve_manifest(slug, manifest), path.stat().st_mtime
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            _log.warning("%s is not read: %s", path, error)
            return None


def resolve_manifest(slug: str, manifest: Mapping[str, Any]) -> ResolvedConfig:
    """Returns what an agent resolves to: the overrides of its active variant over its base.

    Without the key `active`, the base. Raises ValueError, LookupError or AttributeError if it is no manifest.
    """
    base: dict[str, Any] = manifest["config"]
    active = manifest.get("active")
    overrides = {} if active is None else manifest["variants"][active].get("overrides") or {}
    own_parameters = overrides.get("parameters") or {}
    values = base | {name: value for name, value in overrides.items() if value is not None}
    values["parameters"] = merge_patch(base.get("parameters") or {}, own_parameters)
    resolved = from_json({**values, "agentSlug": slug, "variantSlug": active})
    # A null of the variant's is not among the merged parameters any more, but is not to be sent, either.
    return replace(resolved, model_parameters=merge_patch(resolved.model_parameters, own_parameters))

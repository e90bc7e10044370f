"""The answer to `config()`: a configuration, where it comes from, and how old that knowledge is."""

from enum import Enum
from typing import NamedTuple

from rapporteur_client.configs import ResolvedConfig


class Origin(str, Enum):
    """The places that a configuration can come from, in the order in which they are asked."""

    MEMORY = "memory"
    """The server pushed it to this process."""
    DISK = "disk"
    """A process of this machine had it from the server."""
    MANIFESTS = "manifests"
    """The agent's file in the folder of manifests says so."""
    DEFAULT = "default"
    """The caller gave it."""


class ConfigAnswer(NamedTuple):
    """A configuration to run with now."""

    config: ResolvedConfig
    origin: Origin
    age: float | None
    """Seconds since it was known to be what the server has: since the last sign of life of the connection, the last
    confirmation on disk, or the writing of the manifest. None for a default."""

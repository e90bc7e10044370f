"""The exit codes of `rapporteur`, which `docs/starting.md` lists."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The ways in which a command ends; 0 is success, and also the end of a server by a signal."""

    FAILED = 1
    USAGE = 2
    """A wrong option, argument or setting."""
    DATABASE_UNAVAILABLE = 3
    """The database does not answer now: the same command may succeed later."""
    DATABASE_UNUSABLE = 4
    """There is no database, or somebody has to change something before it can be used."""
    CANNOT_LISTEN = 5
    """The port is taken, or the address is none of this machine."""

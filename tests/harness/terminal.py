"""Runs a program on a terminal, as a person would: what it prints there, and what Ctrl-C does."""

import os
import pty
import select
import time
from pathlib import Path

CTRL_C = b"\x03"


class Terminal:
    """A program that runs on a pseudo-terminal of its own; what it has printed so far is in `output`."""

    def __init__(self, command: list[str], environment: dict[str, str], cwd: Path) -> None:
        self.output = ""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:  # the program's process
            os.chdir(cwd)
            os.execvpe(command[0], command, environment)

    def read_until(self, text: str, seconds: float = 60) -> None:
        """Reads what is printed until there is the text."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert self._read(deadline), f"{text!r} was not printed: {self.output}"

    def press(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def wait(self, seconds: float = 60) -> int:
        """Reads to the end, and returns the exit code; negative for a signal."""
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        _, status = os.waitpid(self._pid, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)

    @property
    def is_running(self) -> bool:
        return os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def _read(self, deadline: float) -> bool:
        """Returns whether there may be more."""
        ready, _, _ = select.select([self._terminal], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"nothing more was printed: {self.output}"
        try:
            data = os.read(self._terminal, 65_536)
        except OSError:  # Linux says so at the end
            return False
        self.output += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)

"""Drives clients/typescript in a process of Node.js, command by command: see tests/clients/typescript/commands.mjs."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from tests.harness.client_processes import TIMEOUT_SECONDS


class CommandFailed(Exception):
    """The command threw an error in JavaScript."""

    def __init__(self, error: Any) -> None:
        super().__init__(error["message"])
        self.name: str = error["name"]
        self.texts: list[str] | None = error.get("texts")


class TypeScriptClient:
    """The process. `messages` are the lines that it has written so far, in their order."""

    def __init__(self, project: Path, script: Path) -> None:
        self.messages: list[Any] = []
        self._ids = count(1)
        self._changed = threading.Condition()
        self._is_over = False
        self._process = subprocess.Popen(
            ["node", str(script)], cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._changed:
                    self.messages.append(orjson.loads(line))
                    self._changed.notify_all()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def start(self, name: str, *arguments: Any) -> int:
        """Gives a command, and returns its id."""
        id = next(self._ids)
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps([id, name, *arguments]).decode() + "\n")
        self._process.stdin.flush()
        return id

    def result(self, id: int) -> Any:
        """Waits for the result of a command. Raises CommandFailed if it threw an error."""
        answer = self.wait_for(lambda message: message.get("id") == id)
        if "error" in answer:
            raise CommandFailed(answer["error"])
        return answer["result"]

    def run(self, name: str, *arguments: Any) -> Any:
        """Runs a command. Raises CommandFailed if it threw an error."""
        return self.result(self.start(name, *arguments))

    def wait_for(self, condition: Callable[[Any], bool]) -> Any:
        """Returns the first message that fulfils the condition, once there is one."""

        def found() -> Any:
            return next((message for message in self.messages if condition(message)), None)

        with self._changed:
            self._changed.wait_for(lambda: self._is_over or found(), TIMEOUT_SECONDS)
            message = found()
        assert message, self.messages
        return message

    def said(self, **fields: Any) -> list[Any]:
        """Returns the messages that have these fields."""
        return [message for message in list(self.messages) if fields.items() <= message.items()]

    def reset(self) -> None:
        """Has all clients closed, and forgets what was said."""
        self.run("reset")
        assert self.said_warnings() == []
        self.messages.clear()

    def said_warnings(self) -> list[Any]:
        """Returns the warnings of Node.js."""
        return [message for message in list(self.messages) if "warning" in message]

    def end(self) -> int | None:
        """Has the clients closed, and returns the exit code; None if the process had to be killed."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            return self._process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()


@contextmanager
def running_typescript_client(project: Path) -> Iterator[TypeScriptClient]:
    """Runs the process in a project into which the client is installed. It must end by itself when its clients are closed."""
    client = TypeScriptClient(project, project / "commands.mjs")
    code: int | None = None
    try:
        yield client
    finally:
        code = client.end()
    assert code == 0, client.messages
    assert client.said_warnings() == []

"""Runs the proxies that the docs configure, before servers of the tests."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.harness.markdown import markdown_page
from tests.harness.servers import RunningServer

NAME = "api.example.com"
WAIT_SECONDS = 20
PROGRAMS_PATH = "/usr/sbin:/usr/bin"


@contextmanager
def running_proxy(name: str, server: RunningServer, folder: Path, prefix: str = "") -> Iterator[int]:
    """Runs the proxy as the page configures it, on a free port; only addresses and paths are other ones.

    With a `prefix`, nginx serves below it, as the page says.
    """
    port = free_port()
    language = {"nginx": "nginx", "caddy": "caddyfile"}[name]
    (block,) = markdown_page("docs/self-hosting.md").blocks_in(language)
    text = block.text.replace("127.0.0.1:8000", server.url.removeprefix("http://"))
    configuration = folder / f"{name}.conf"
    if name == "nginx":
        if prefix:
            text = text.replace("location / {", f"location {prefix}/ {{")
            text = re.sub(r"(proxy_pass http://[^;]+);", r"\1/;", text)
        text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        text = re.sub(r"/etc/letsencrypt/live/\S+/(\w+)\.pem", rf"{folder}/\1.pem", text)
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration.write_text(
            f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{temporary}{text}}}\n"
        )
        command = ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(configuration)]
    else:
        text = text.replace(NAME, f"https://{NAME}:{port}", 1)
        text = text.replace("{\n", f"{{\n\tbind 127.0.0.1\n\ttls {folder}/fullchain.pem {folder}/privkey.pem\n", 1)
        configuration.write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{text}")
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(configuration)]
    with proxy_process(command, port, folder):
        yield port


@contextmanager
def proxy_process(command: Sequence[str], port: int, folder: Path) -> Iterator[None]:
    """Runs a proxy until the block is left, and waits until it listens. Its log is in the folder."""
    log = folder / f"{command[0]}.log"
    with log.open("wb") as output:
        environment = {"HOME": str(folder), "PATH": PROGRAMS_PATH}
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        end = time.monotonic() + WAIT_SECONDS
        while not listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)
        sys.stdout.write(log.read_text())  # which pytest shows if the test fails


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0

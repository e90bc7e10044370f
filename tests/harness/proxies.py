"""Runs the proxies that docs/self-hosting.md configures, before a server of the tests."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness.markdown import page
from tests.harness.servers import RunningServer

NAME = "api.example.com"
WAIT_SECONDS = 20


@contextmanager
def running_proxy(name: str, server: RunningServer, folder: Path, prefix: str = "") -> Iterator[int]:
    """Runs the proxy as the page configures it, on a free port; only addresses and paths are other ones.

    With a `prefix`, nginx serves below it, as the page says.
    """
    port = free_port()
    language = {"nginx": "nginx", "caddy": "caddyfile"}[name]
    (block,) = page("docs/self-hosting.md").blocks_in(language)
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
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin"}
        )
    try:
        end = time.monotonic() + WAIT_SECONDS
        while not listens(port):
            assert process.poll() is None, (folder / f"{name}.log").read_text()
            assert time.monotonic() < end, (folder / f"{name}.log").read_text()
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)
        sys.stdout.write((folder / f"{name}.log").read_text())  # which pytest shows if the test fails


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0

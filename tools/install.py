"""Installs into a virtual environment, for the Makefile: a try that failed half-way is no obstacle to the next.

Usage: python3 tools/install.py VENV REQUIREMENTS [--editable]

It needs only Python's own library, and can be read by versions of Python that are too old, to say so.
"""

import os
import shutil
import subprocess
import sys

MINIMUM = (3, 11)
UNFINISHED = ".unfinished"
"""A file that is in the environment while packages are installed: an interrupted pip may leave half of one."""


def main(venv: str, requirements: str, *options: str) -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if sys.version_info < MINIMUM:
        fail(
            f"Rapporteur needs Python 3.11 or newer, and this is {version}: name another, as in make PYTHON=python3.13"
        )
    unfinished = os.path.join(venv, UNFINISHED)
    if os.path.exists(unfinished) or not os.path.exists(os.path.join(venv, ".installed")):
        create(venv, version)
    open(unfinished, "w").close()
    say(f"Installing the packages of {requirements} (a minute or two, once)")
    pip_install(venv, "--require-hashes", "-r", requirements)
    if "--editable" in options:
        say("Installing Rapporteur")
        pip_install(venv, "--no-deps", "--no-build-isolation", "--editable", ".")
        mend_script(os.path.join(venv, "bin", "rapporteur"))
    os.remove(unfinished)


def create(venv: str, version: str) -> None:
    """Makes an empty environment, in place of one that was never finished."""
    say(f"Making a virtual environment in {venv} with Python {version}")
    shutil.rmtree(venv, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", venv], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if made.returncode == 0:
        return
    shutil.rmtree(venv, ignore_errors=True)
    output = made.stdout.decode(errors="replace").strip()
    if "ensurepip" in output or "No module named" in output:
        fail(
            "this Python lacks venv and ensurepip, which make virtual environments. On Debian and Ubuntu they are in the"
            f" package python{version}-venv: sudo apt install python{version}-venv. Then run make again."
        )
    fail(f"no virtual environment can be made in {venv}: {output}")


def pip_install(venv: str, *arguments: str) -> None:
    command = [os.path.join(venv, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.call([*command, *arguments]) != 0:
        fail("pip failed, as it says above. Once that is mended (the network, a proxy, the disk), run make again.")


def mend_script(path: str) -> None:
    """Rewrites the script where pip's would not find its Python, whose path it puts between double quotes of a shell."""
    if set(os.path.abspath(path)) & set('"$`\\\n'):
        with open(path, "w") as script:
            script.write('#!/bin/sh\nexec "$(dirname "$0")/python" -P -m server "$@"\n')


def say(line: str) -> None:
    print("==> " + line, flush=True)  # noqa: T201


def fail(message: str) -> None:
    sys.exit("error: " + message)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        fail("interrupted. The next make begins anew.")

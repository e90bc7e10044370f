"""Installs into a virtual environment, for the Makefile: a try that failed half-way is no obstacle to the next.

Usage: python3 tools/install.py VENV REQUIREMENTS [--editable] [--fastest]

--editable  installs Rapporteur, too
--fastest   goes on with the system's Python, if this one was built without optimizations

It needs only Python's own library, and can be read by versions of Python that are too old, to say so.
"""

import os
import shutil
import subprocess
import sys
import sysconfig

MINIMUM = (3, 11)
SYSTEM_PYTHON = "/usr/bin/python3"
UNFINISHED = ".unfinished"
"""A file that is in the environment while packages are installed: an interrupted pip may leave half of one."""


def main(venv: str, requirements: str, *options: str) -> None:
    if "--fastest" in options and not is_optimized() and is_system_python_usable():
        os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON, *(argument for argument in sys.argv if argument != "--fastest")])
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


def is_optimized() -> bool:
    """Returns whether this Python was built with optimizations. pyenv leaves them out, and it takes a fifth longer then."""
    return "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS"))


def is_system_python_usable() -> bool:
    """Returns whether the system has a Python of this version, or a newer one, that can make virtual environments.

    Distributions build theirs with optimizations, though Debian's says so nowhere.
    """
    minimum = max(MINIMUM, sys.version_info[:2])
    check = (
        "import sys; from importlib.util import find_spec;"
        f" sys.exit(sys.version_info < {minimum} or not (find_spec('venv') and find_spec('ensurepip')))"
    )
    return os.path.exists(SYSTEM_PYTHON) and subprocess.call([SYSTEM_PYTHON, "-c", check]) == 0


def create(venv: str, version: str) -> None:
    """Makes an empty environment, in place of one that was never finished."""
    say(f"Making a virtual environment in {venv} with Python {version} ({sys.executable})")
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

"""Dumps a database of the tests with the embedded PostgreSQL's own pg_dump."""

import os
import subprocess

from db.embedded.os_account import Account
from db.embedded.programs import environment, find_programs


def dump(database_url: str) -> str:
    """Returns all rows of the database as text, as a backup has them."""
    program = str(find_programs(Account(os.geteuid(), os.getegid())) / "pg_dump")
    command = [program, "--data-only", "--inserts", f"--dbname={database_url}"]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=True).stdout

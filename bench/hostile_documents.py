"""`python -m bench.hostile_documents`: what documents that are made to cost much cost the server, in CPU time.

The server runs in a process of its own; its CPU is read from the system before and after a series of requests of one document.
Each is asked for with a comment of its own in each request, so that no cache knows it, and then again and again as it is.
Compare figures of one run only.
"""

import argparse
from itertools import count

import psutil
from rich.console import Console
from rich.table import Table

from server.wire.graphql_files import operation
from tests.harness.commands import serving
from tests.harness.databases import postgres_directory, running_postgres
from tests.harness.hostile_documents import OVER_THE_LIMITS, WITHIN_THE_LIMITS
from tests.harness.servers import Api

USUAL_DOCUMENTS = {
    "{ meetingCount }": "{ meetingCount }",
    "the operation Agents": operation("Agents"),
    "the operation Meetings": operation("Meetings"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=50, help="of each document (default: 50)")
    requests: int = parser.parse_args().requests
    table = Table("document", "KB", "answer", "CPU ms, new", "CPU ms, again", title=f"{requests} requests each")
    over = {name: hostile.query for name, hostile in OVER_THE_LIMITS.items()}
    with (
        postgres_directory() as directory,
        running_postgres(directory) as postgres,
        postgres.database() as url,
        serving(database_url=url, log_level="info") as server,
    ):
        process = psutil.Process(server.process.pid)
        for part in (USUAL_DOCUMENTS, over, WITHIN_THE_LIMITS):
            for name, query in part.items():
                times = [measure(server.api, process, query, requests, new=new) for new in (True, False)]
                figures = [f"{time:.1f}" for time in times]
                table.add_row(name, f"{len(query) / 1000:.1f}", answer(server.api, query), *figures)
            table.add_section()
    Console(width=120).print(table)


_numbers = count()


def measure(api: Api, process: psutil.Process, query: str, requests: int, *, new: bool) -> float:
    """Returns the milliseconds of the server's CPU per request."""
    bodies = [{"query": f"#{next(_numbers)}\n{query}" if new else query} for _ in range(requests)]
    api.http.post("/graphql", json=bodies[-1] if not new else {"query": query})
    before = process.cpu_times()
    for body in bodies:
        api.http.post("/graphql", json=body)
    after = process.cpu_times()
    used: float = after.user + after.system - before.user - before.system
    return used / requests * 1000


def answer(api: Api, query: str) -> str:
    """Returns the answer in short."""
    found = api.http.post("/graphql", json={"query": query}, headers={"Rapporteur-Cost": "1"}).json()
    if "errors" not in found:
        return f"cost {found['extensions']['cost']}"
    extensions = found["errors"][0]["extensions"]
    if "measure" not in extensions:
        return str(extensions["code"])
    return f"{extensions['measure']} {extensions['cost']}, at most {extensions['limit']}"


if __name__ == "__main__":
    main()

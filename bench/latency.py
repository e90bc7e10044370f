"""`python -m bench.latency`: how long others wait while one client sends the worst that passes the limits.

One client sends a document or a body again and again, on some connections at once, while another asks for `/healthz` and for
one row, each 20 ms. The table has the longest waits of the second client. Everything that a document can load is there: a
meeting of 100,000 segments, meetings of 10,000, meetings of 1,000 long segments, and agents with the longest prompts.
"""

import argparse
import http.client
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson
import psutil
from rich.console import Console
from rich.table import Table

from domain.ids import DEFAULT_WORKSPACE_ID
from tests.harness.commands import serving
from tests.harness.databases import TestPostgres, postgres_directory, running_postgres
from tests.harness.large_transcripts import usual_files
from tests.harness.servers import Api

LARGE_MEETING_SEGMENTS, MEETING_SEGMENTS, MEETING_COUNT = 100_000, 10_000, 20
LONG_MEETING_SEGMENTS, LONG_TEXT_CHARS = 1_000, 20_000
AGENT_COUNT, VARIANTS_PER_AGENT, PROMPT_CHARS = 50, 5, 200_000
PROBE_INTERVAL_SECONDS = 0.02
ANSWER_TIMEOUT_SECONDS = 60
INSERT_SEGMENTS = """
    INSERT INTO segments (workspace_id, meeting_id, segment_id, text, speaker, start_time, end_time, is_final, change_seq)
    SELECT '{workspace}', '{meeting}', n, {text}, 'Speaker ' || n % 7, n * 2, n * 2 + 1.5, true, 1
    FROM generate_series(1, {count}) AS n"""
SHORT_TEXT = "'Segment ' || n || ': we talked about what to ship next, and who is going to do what by then.'"
LONG_TEXT = f"rpad(n || ' ', {LONG_TEXT_CHARS}, md5(n::text) || ' ')"


class Case(NamedTuple):
    """A request that one client sends."""

    body: bytes
    connections: int = 1


class Stored(NamedTuple):
    """The ids of what the documents read."""

    large: str
    meetings: list[str]
    long: str
    agents: list[str]


def fill(api: Api, postgres: TestPostgres, url: str) -> Stored:
    def meeting(title: str, count: int, text: str) -> str:
        id: str = api.meeting(title)["id"]
        insert = INSERT_SEGMENTS.format(workspace=DEFAULT_WORKSPACE_ID, meeting=id, text=text, count=count)
        postgres.run_in(url, insert, f"UPDATE meetings SET change_seq = 1 WHERE id = '{id}'")
        return id

    large = meeting("Large", LARGE_MEETING_SEGMENTS, SHORT_TEXT)
    long = meeting("Long texts", LONG_MEETING_SEGMENTS, LONG_TEXT)
    meetings = [meeting(f"Meeting {n}", MEETING_SEGMENTS, SHORT_TEXT) for n in range(MEETING_COUNT)]
    prompt = "".join(f"Line {n}: be brief with {{{{name_{n % 50}}}}}.\n" for n in range(10_000))[:PROMPT_CHARS]
    agents = []
    for n in range(AGENT_COUNT):
        agent = api.agent(f"Agent {n}", systemPrompt=f"{n}{prompt[3:]}", userPromptTemplate=f"{prompt[3:]}{n}")
        agents.append(agent["id"])
        for v in range(VARIANTS_PER_AGENT):
            api.variant(agent, f"Variant {v}", systemPrompt=f"{v}{prompt[3:]}")
    postgres.run_in(url, "VACUUM ANALYZE")
    return Stored(large, meetings, long, agents)


def cases(stored: Stored) -> Iterator[tuple[str, Case]]:
    def aliased(field: str, count: int) -> str:
        return " ".join(f"a{n}: {field}" for n in range(count))

    def case(query: str, connections: int = 1, **variables: Any) -> Case:
        return Case(orjson.dumps({"query": query, "variables": variables}), connections)

    large, ten_thousand, long = (f'meeting(id: "{id}")' for id in (stored.large, stored.meetings[0], stored.long))
    for format in ("VTT", "SRT", "TEXT", "JSON"):
        yield f"transcript of 100,000 as {format}", case(f"{{ {large} {{ transcript(format: {format}) }} }}")
    twelve = case(f"{{ {large} {{ {aliased('transcript(format: VTT)', 12)} }} }}")
    yield "twelve aliases of it", twelve
    yield (
        "all formats under aliases, 8 connections",
        case(
            f"{{ {large} {{ a: transcript(format: VTT) b: transcript(format: SRT) c: transcript(format: JSON) }} }}", 8
        ),
    )
    yield "sixty aliases of 10,000", case(f"{{ {ten_thousand} {{ {aliased('transcript(format: VTT)', 60)} }} }}")
    yield "transcripts of 22 meetings", case("{ meetings(first: 30) { nodes { transcript(format: SRT) } } }")
    yield "long transcript", case(f"{{ {long} {{ transcript(format: VTT) }} }}")
    yield "33,000 segments", case("{ meetings(first: 22) { nodes { segments(first: 1000) { nodes { text } } } } }")
    yield (
        "33,000 segments, 20 connections",
        case("{ meetings(first: 22) { nodes { segments(first: 1000) { nodes { text } } } } }", 20),
    )
    yield (
        "1,000 segments x 90",
        case(f"{{ {large} {{ segments(first: 1000) {{ nodes {{ {aliased('text', 90)} }} }} }} }}"),
    )
    yield (
        "1,000 long segments x 90",
        case(f"{{ {long} {{ segments(first: 1000) {{ nodes {{ {aliased('text', 90)} }} }} }} }}"),
    )
    yield (
        "1,000 long segments x 15",
        case(f"{{ {long} {{ segments(first: 1000) {{ nodes {{ {aliased('text', 15)} }} }} }} }}"),
    )
    fields = "segmentId text speaker startTime endTime isFinal version"
    bad = 'bad: segments(after: "no cursor") { nodes { text } }'
    yield (
        "an error beside 1,000 segments",
        case(f"{{ {large} {{ segments(first: 1000) {{ nodes {{ {fields} {aliased('text', 80)} }} }} {bad} }} }}"),
    )
    yield (
        "an error beside 20,000 segments",
        case(f"{{ meetings(first: 22) {{ nodes {{ segments(first: 1000) {{ nodes {{ text }} }} {bad} }} }} }}"),
    )
    yield (
        "speakers",
        case(f"{{ meetings(first: 30) {{ nodes {{ {aliased('speakers { speaker segmentCount }', 10)} }} }} }}"),
    )
    yield "counts", case(f"{{ meetings(first: 30) {{ nodes {{ {aliased('segmentCount', 10)} }} }} }}")
    yield (
        "search",
        case(
            '{ searchSegments(query: "ship talked", first: 100) { totalCount'
            " edges { node { text } highlights { start end } } } }"
        ),
    )
    yield (
        "prompts, their variables and warnings",
        case(
            "{ agents(first: 100) { nodes { config { variables warnings systemPrompt }"
            " resolvedConfig { variables warnings sources { field } } variants { overrides { systemPrompt } } } } }"
        ),
    )
    yield "prompts x 60", case(f"{{ agents(first: 50) {{ nodes {{ config {{ {aliased('systemPrompt', 60)} }} }} }} }}")
    a, b = stored.agents[:2]
    diff = f'configDiff(a: {{ base: "{a}" }}, b: {{ base: "{b}" }}) {{ fields {{ field textDiff }} }}'
    yield "diffs", case(f"{{ {aliased(diff, 50)} }}")
    upsert = (
        "mutation($m: ID!, $s: [SegmentInput!]!) { upsertSegments(meetingId: $m, segments: $s) { __typename"
        " ... on InvalidInput { message fields { path } } } }"
    )
    segment = {"text": "A text", "speaker": "Ann", "startTime": 1.0, "endTime": 2.0}
    yield "upsert of 150,000", case(upsert, m=stored.meetings[1], s=[segment] * 150_000)
    yield "upsert of 150,000, one wrong", case(upsert, m=stored.meetings[1], s=[segment] * 150_000 + [{"text": 1}])
    yield (
        "upsert of 1,000 long ones",
        case(
            upsert,
            m=stored.meetings[1],
            s=[segment | {"segmentId": n, "text": "é text " * 1_900} for n in range(1, 1_001)],
        ),
    )
    importing = (
        "mutation($i: ImportTranscriptInput!) { importTranscript(input: $i) { __typename"
        " ... on InvalidInput { message } } }"
    )
    files = dict(usual_files())
    for name in ("WebVTT, labels", "WebVTT, times of words", "Deepgram"):
        content = files[name].content(9_500_000)
        yield f"import of {name}", case(importing, i={"content": content, "title": "Import"})
        yield f"import of {name}, into a meeting", case(importing, i={"content": content, "into": stored.meetings[2]})
    yield "a body of {}", Case(b'{"query": "{ meetingCount }", "variables": {"x": [' + b"{}," * 5_500_000 + b"{}]}}")
    yield (
        "a body of {}, 8 connections",
        Case(b'{"query": "{ meetingCount }", "variables": {"x": [' + b"{}," * 5_500_000 + b"{}]}}", 8),
    )
    yield "a body of NaN", Case(b'{"query": "{ meetingCount }", "variables": {"x": [' + b"NaN," * 4_000_000 + b"1]}}")


def send(url: str, case: Case, stop: Event, answers: Any) -> None:
    """Sends a request again and again until `stop` is set; in a process of its own."""

    def one() -> None:
        while not stop.is_set():
            connection = _connection(url)
            started = time.perf_counter()
            try:
                connection.request("POST", "/graphql", case.body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                start, size = response.read(200), 0
                while part := response.read(1 << 20):
                    size += len(part)
                answers.put((time.perf_counter() - started, size + len(start), start.decode(errors="replace")))
            except OSError as error:
                answers.put((time.perf_counter() - started, 0, repr(error)))
                time.sleep(0.1)
            finally:
                connection.close()

    threads = [threading.Thread(target=one, daemon=True) for _ in range(case.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(ANSWER_TIMEOUT_SECONDS)


def _connection(url: str) -> http.client.HTTPConnection:
    address = urlsplit(url)
    assert address.hostname
    return http.client.HTTPConnection(address.hostname, address.port, timeout=ANSWER_TIMEOUT_SECONDS)


class Probe:
    """Asks for something small again and again, and keeps the longest wait in seconds."""

    def __init__(self, url: str, method: str, path: str, body: bytes | None = None) -> None:
        self.waits: list[float] = []
        self._connection = _connection(url)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = (method, path, body, {"Content-Type": "application/json"})

    def ask(self) -> None:
        started = time.perf_counter()
        self._connection.request(*self._request)
        self._connection.getresponse().read()
        self.waits.append(time.perf_counter() - started)


@contextmanager
def probing(probes: list[Probe]) -> Iterator[None]:
    """Asks with all probes, one after the other, while the block runs."""
    stopped = threading.Event()

    def run(probe: Probe) -> None:
        while not stopped.wait(PROBE_INTERVAL_SECONDS):
            probe.ask()

    threads = [threading.Thread(target=run, args=(probe,), daemon=True) for probe in probes]
    for thread in threads:
        thread.start()
    yield
    stopped.set()
    for thread in threads:
        thread.join(ANSWER_TIMEOUT_SECONDS)


def measure(
    url: str, case: Case | None, seconds: float, stored: Stored
) -> tuple[list[Probe], list[tuple[float, int, str]]]:
    """Returns the probes, and for each answer of the hostile client its time, its size and its beginning."""
    row = orjson.dumps({"query": "query($id: ID!) { meeting(id: $id) { title } }", "variables": {"id": stored.large}})
    probes = [Probe(url, "GET", "/healthz"), Probe(url, "POST", "/graphql", row)]
    for probe in probes:
        probe.ask()
        probe.waits.clear()
    context = multiprocessing.get_context("spawn")
    stop, answers = context.Event(), context.Queue()
    sender = context.Process(target=send, args=(url, case, stop, answers)) if case else None
    with probing(probes):
        if sender:
            sender.start()
            found = [answers.get(timeout=2 * ANSWER_TIMEOUT_SECONDS)]
        time.sleep(seconds)
        stop.set()
        if sender:
            sender.join(2 * ANSWER_TIMEOUT_SECONDS)
    while not answers.empty():
        found.append(answers.get())
    return probes, found if sender else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2, help="of each case after its first answer (default: 2)")
    parser.add_argument("--only", default="", help="cases whose names have this text")
    options = parser.parse_args()
    columns = (
        "case",
        "answers",
        "s",
        "MB",
        "answer",
        "healthz ms, worst",
        "row ms, worst",
        "row ms, p50",
        "RSS MB, after",
    )
    table = Table(*columns, title="How long others wait")
    with (
        postgres_directory() as directory,
        running_postgres(directory) as postgres,
        postgres.database() as url,
        serving(database_url=url, demo="false", operation_timeout="20") as server,
    ):
        process = psutil.Process(server.process.pid)
        stored = fill(server.api, postgres, url)
        for name, case in [("nothing", None), *cases(stored)]:
            if case and options.only not in name:
                continue
            probes, answers = measure(server.url, case, options.seconds, stored)
            time_, size, start = max(answers, default=(0.0, 0, ""))
            text = "data" if start.startswith('{"data"') else start.partition('"message":')[2][:60] or start[:60]
            worst = [f"{max(probe.waits) * 1000:,.0f}" for probe in probes]
            middle = sorted(probes[1].waits)[len(probes[1].waits) // 2]
            row = (name, f"{len(answers)}", f"{time_:.1f}", f"{size / 1e6:.1f}", text, *worst, f"{middle * 1000:.1f}")
            Console(width=200).print(*row, f"{process.memory_info().rss / 1e6:,.0f}", sep=" | ")
            table.add_row(*row, f"{process.memory_info().rss / 1e6:,.0f}")
    Console(width=200).print(table)


if __name__ == "__main__":
    main()

"""The floor of `make bench`: each workload answered by asyncpg, orjson and SQL of its own, without GraphQL, checks and history.

It is what this machine, Python and PostgreSQL take at least. Its answers have the rows that the server's answers have.
"""

import asyncio
import multiprocessing
import socket
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import orjson
import uvicorn
from strawberry.utils.str_converters import to_camel_case

from domain.configs import CONFIG_FIELDS

CONNECTION_COUNT = 8
CONFIG = {to_camel_case(name): name for name in CONFIG_FIELDS if name != "parameters"}
_RESOLVED = ", ".join(f'coalesce(v.{column}, a.{column}) AS "{name}"' for name, column in CONFIG.items())
_AGENTS = f"""SELECT a.id, a.slug, a.name, v.id AS "variantId", {_RESOLVED}
    FROM agents a LEFT JOIN agent_variants v ON v.workspace_id = a.workspace_id AND v.id = a.active_variant_id"""
_SEGMENT = 'segment_id AS "segmentId", text, speaker, start_time AS "startTime", end_time AS "endTime"'
CONSOLE = f"{_AGENTS} ORDER BY a.id LIMIT $1"
VARIANTS = """SELECT v.agent_id, v.id, v.slug, v.name, v.id = a.active_variant_id AS "isActive", v.temperature,
    v.model_name AS "modelName" FROM agent_variants v JOIN agents a USING (workspace_id)
    WHERE v.agent_id = a.id AND v.agent_id = ANY ($1) ORDER BY v.id"""
RESOLVE = f"{_AGENTS} WHERE a.slug = $1"
MEETING = "SELECT id, title FROM meetings WHERE id = $1"
MEETINGS = "SELECT id, title, state FROM meetings ORDER BY created_at DESC, id DESC LIMIT $1"
SEGMENTS = f"""SELECT m.id AS meeting_id, s.* FROM meetings m, LATERAL (
        SELECT {_SEGMENT} FROM segments s WHERE s.workspace_id = m.workspace_id AND s.meeting_id = m.id AND NOT s.deleted
        ORDER BY segment_id LIMIT $2) s WHERE m.id = ANY ($1)"""
APPEND = """WITH raised AS (UPDATE meetings SET change_seq = change_seq + 1,
        last_segment_id = last_segment_id + cardinality($2::text[]) WHERE id = $1 RETURNING *),
    added AS (
        INSERT INTO segments (workspace_id, meeting_id, segment_id, text, speaker, start_time, end_time, is_final, change_seq)
        SELECT workspace_id, id, last_segment_id - cardinality($2::text[]) + n, text, speaker, s, e, true, change_seq
        FROM raised, unnest($2, $3::text[], $4::float8[], $5::float8[]) WITH ORDINALITY AS u (text, speaker, s, e, n))
    SELECT id, version FROM raised"""


def _config(row: asyncpg.Record) -> dict[str, Any]:
    return {name: row[name] for name in (*CONFIG, "variantId")}


async def console(db: Any, first: int) -> Any:
    rows = await db.fetch(CONSOLE, first)
    agents = {
        row["id"]: {"id": row["id"], "slug": row["slug"], "name": row["name"], "variants": []}
        | {"resolvedConfig": _config(row)}
        for row in rows
    }
    for agent_id, id, slug, name, is_active, temperature, model in await db.fetch(VARIANTS, list(agents)):
        overrides = {"temperature": temperature, "modelName": model}
        variant = {"id": id, "slug": slug, "name": name, "isActive": bool(is_active), "overrides": overrides}
        agents[agent_id]["variants"].append(variant)
    return {"agents": {"nodes": list(agents.values())}}


async def transcript(db: Any, id: str, first: int) -> Any:
    meeting = await db.fetchrow(MEETING, id)
    return {"meeting": dict(meeting) | {"segments": {"nodes": (await _segments(db, [id], first))[meeting["id"]]}}}


async def dashboard(db: Any, first: int, segments: int) -> Any:
    meetings = [dict(row) for row in await db.fetch(MEETINGS, first)]
    found = await _segments(db, [meeting["id"] for meeting in meetings], segments)
    return {"meetings": {"nodes": [meeting | {"segments": {"nodes": found[meeting["id"]]}} for meeting in meetings]}}


async def _segments(db: Any, ids: list[Any], first: int) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for id, number, text, speaker, start, end in await db.fetch(SEGMENTS, ids, first):
        found[id].append({"segmentId": number, "text": text, "speaker": speaker, "startTime": start, "endTime": end})
    return found


async def resolve(db: Any, slug: str) -> Any:
    return {"agent": {"resolvedConfig": _config(await db.fetchrow(RESOLVE, slug))}}


async def ingest(db: Any, meetingId: str, segments: list[dict[str, Any]]) -> Any:  # noqa: N803
    columns = ([given[name] for given in segments] for name in ("text", "speaker", "startTime", "endTime"))
    row = await db.fetchrow(APPEND, meetingId, *columns)
    return {"appendSegments": {"created": len(segments), "meeting": dict(row)}}


Handlers = dict[str, Callable[..., Awaitable[Any]]]
HANDLERS: Handlers = {
    "/W1": console,
    "/W2": transcript,
    "/W3": dashboard,
    "/W4": resolve,
    "/W5": ingest,
}


def _serve(listening: socket.socket, database_url: str) -> None:
    connections: asyncio.LifoQueue[Any] = asyncio.LifoQueue()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            for _ in range(CONNECTION_COUNT):
                connections.put_nowait(await asyncpg.connect(database_url))
            await send({"type": "lifespan.startup.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body")
        db = await connections.get()
        try:
            data = await HANDLERS[scope["path"]](db, **orjson.loads(body)["variables"])
        finally:
            connections.put_nowait(db)
        answer = orjson.dumps({"data": data}, default=str)  # the driver's UUIDs are of a class of its own
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning")).run([listening])


@contextmanager
def floor_server(database_url: str) -> Iterator[tuple[str, int]]:
    """Yields the URL, to which `/W1` to `/W5` are to be appended, and the process's id."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        process = multiprocessing.get_context("spawn").Process(target=_serve, args=(listening, database_url))
        process.start()
        assert process.pid
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", process.pid
        finally:
            process.terminate()
            process.join()

"""Python's gql over WebSocket: the same as the clients in JavaScript (see common.mjs) do.

python gql_client.py URL MEETING_ID SEGMENT_ID
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

OPERATIONS = Path(__file__).parents[2] / "graphql" / "operations"


def request(name: str, **variables: Any) -> GraphQLRequest:
    return GraphQLRequest((OPERATIONS / f"{name}.graphql").read_text(), variable_values=variables)


def say(**message: Any) -> None:
    print(json.dumps(message), flush=True)  # noqa: T201


async def main(url: str, meeting_id: str, segment_id: str) -> None:
    def connect() -> Client:
        return Client(transport=WebsocketsTransport(f"ws{url.removeprefix('http')}/graphql"))

    async with connect() as session:
        meeting = await session.execute(request("Meeting", id=meeting_id))
        say(title=meeting["meeting"]["title"])
        segment = {"segmentId": int(segment_id), "text": "Written", "speaker": "Me", "startTime": 0, "endTime": 1}
        written = await session.execute(request("UpsertSegments", meetingId=meeting_id, segments=[segment]))
        say(created=written["upsertSegments"]["created"])
    after = None
    while True:
        try:
            async with connect() as session:
                async for data in session.subscribe(request("SegmentUpdates", meetingId=meeting_id, after=after)):
                    after = data["segmentUpdates"]["cursor"]
                    say(updates=data["segmentUpdates"])
            say(complete=True)
            return
        except TransportQueryError:
            raise
        except (TransportError, TimeoutError) as error:
            say(lost=str(error))
            await asyncio.sleep(0.1)


asyncio.run(main(*sys.argv[1:]))

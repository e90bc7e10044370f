"""Follows a meeting and loses nothing: each time that it has caught up, it prints the transcript as one line of JSON.

pip install 'gql[websockets]'
python resume.py ws://127.0.0.1:8000/graphql 01900000-0000-7000-8000-0000000000c1
"""

import asyncio
import json
import logging
import os
import random
import sys
from collections.abc import AsyncIterator
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

UPDATES = """
  subscription ($meetingId: ID!, $after: String) {
    segmentUpdates(meetingId: $meetingId, after: $after) {
      cursor
      caughtUp
      deletedSegmentIds
      segments { segmentId speaker text startTime endTime isFinal version }
    }
  }
"""


def connect(url: str) -> Client:
    token = os.environ.get("RAPPORTEUR_API_KEY")
    headers = {"Authorization": f"Bearer {token}"} if token else None
    # Ask for a sign of life, and end a connection that gives none: a lost network does not say so.
    # `websockets` ends a connection at a message over 1 MiB, and a batch of long segments is larger.
    options = {"headers": headers, "ping_interval": 10, "pong_timeout": 5, "connect_args": {"max_size": None}}
    return Client(transport=WebsocketsTransport(url, **options))


async def segment_updates(url: str, meeting_id: str, after: str | None = None) -> AsyncIterator[dict[str, Any]]:
    """Every batch after the cursor (None: from the start), through every loss of the connection.

    Ends when the meeting is deleted.
    """
    pause = 0.0
    while True:
        try:
            async with connect(url) as session:
                request = GraphQLRequest(UPDATES, variable_values={"meetingId": meeting_id, "after": after})
                async for data in session.subscribe(request):
                    yield data["segmentUpdates"]
                    after = data["segmentUpdates"]["cursor"]  # only now: the batch has been dealt with
                    pause = 0.0
                return
        except TransportQueryError as error:  # the server's answer
            if any(each["extensions"]["code"] != "SERVICE_UNAVAILABLE" for each in error.errors or []):
                raise
            logging.warning("not connected: %r", error)
        except (TransportError, TimeoutError) as error:
            logging.warning("not connected: %r", error)
        pause = min(pause * 2 or 0.1, 5.0)
        await asyncio.sleep(pause * random.random())


async def main(url: str, meeting_id: str) -> None:
    transcript: dict[int, Any] = {}
    async for updates in segment_updates(url, meeting_id):
        transcript |= {segment["segmentId"]: segment for segment in updates["segments"]}
        for segment_id in updates["deletedSegmentIds"]:
            transcript.pop(segment_id, None)
        if updates["caughtUp"]:
            print(json.dumps([transcript[number] for number in sorted(transcript)]), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

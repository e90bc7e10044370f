"""`rapporteur meetings` and `rapporteur search`: looks at a running server's meetings."""

from itertools import islice
from typing import Annotated, Any
from uuid import UUID

import typer

from domain.meetings import MeetingState
from server.cli.connected import connected
from server.cli.options import DEFAULT_URL, ApiKeyToken, MeetingArgument, ServerUrl, fail
from server.cli.output import JsonOutput, counted, print_fields, print_json, print_table
from server.printable import printable

PAGE_SIZE = 100

meetings = typer.Typer(add_completion=False, no_args_is_help=True, help="Look at a running server's meetings.")

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="At most so many.")]


@meetings.command("list")
def list_meetings(
    limit: Limit = 20,
    state: Annotated[
        MeetingState | None, typer.Option(case_sensitive=False, help="Only meetings in this state.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="Only meetings with this text in their titles.")] = None,
    external_id: Annotated[str | None, typer.Option(help="Only the meeting with this externalId.")] = None,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
    json: JsonOutput = False,
) -> None:
    """List meetings, from the newest to the oldest."""
    given = {"state": state and state.name, "text": text, "externalId": external_id}
    filter = {name: value for name, value in given.items() if value is not None}
    with connected(url, api_key) as client:
        pages = client.pages("Meetings", first=min(limit, PAGE_SIZE), filter=filter, segments=0)
        found = list(islice((meeting for page in pages for meeting in page), limit))
    if json:
        print_json(found)
        return
    print_table(
        ("id", "state", "created", "segments", "agent", "title"),
        (
            (
                meeting["id"],
                meeting["state"],
                meeting["createdAt"][:16].replace("T", " "),
                meeting["segmentCount"],
                meeting["agent"] and meeting["agent"]["slug"],
                meeting["title"],
            )
            for meeting in found
        ),
    )


@meetings.command("show")
def show_meeting(
    meeting: MeetingArgument,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
    json: JsonOutput = False,
) -> None:
    """Show a meeting and its speakers."""
    with connected(url, api_key) as client:
        found = client.run("Meeting", id=str(meeting))
    if found is None:
        raise fail(f"there is no meeting {meeting}")
    if json:
        print_json(found)
        return
    fields = ("id", "externalId", "title", "state", "createdAt", "startedAt", "endedAt", "segmentCount", "version")
    print_fields([(name, found[name]) for name in fields])
    print_fields([("agent", found["agent"] and found["agent"]["slug"])])
    for speaker in found["speakers"]:
        name = printable(speaker["speaker"] or "(unknown)")
        typer.echo(f"  {name}: {counted(speaker['segmentCount'], 'segment')}, {speaker['speakingTime']:.0f} s")


def search(
    query: Annotated[str, typer.Argument(help='Words, "a phrase", or, -without, begin*.')],
    meeting: Annotated[UUID | None, typer.Option(help="Only in the meeting with this id.")] = None,
    speaker: Annotated[str | None, typer.Option(help="Only what this speaker said.")] = None,
    limit: Limit = 20,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
    json: JsonOutput = False,
) -> None:
    """Find segments by their words, best first.

    Case, accents and width do not matter. Words of names such as help.desk@example.com are found on their own, and Chinese,
    Japanese, Korean or Thai by any characters that follow each other.
    """
    asked = {"query": query, "meetingId": meeting and str(meeting), "speaker": speaker, "first": min(limit, PAGE_SIZE)}
    with connected(url, api_key) as client:
        found: list[Any] = []
        after = None
        while len(found) < limit:
            page = client.run("SearchSegments", **asked, after=after)
            found += page["edges"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
    if json:
        print_json(found[:limit])
        return
    for edge in found[:limit]:
        node = edge["node"]
        clock = f"{node['startTime'] // 3600:02.0f}:{node['startTime'] // 60 % 60:02.0f}:{node['startTime'] % 60:02.0f}"
        where = f"{node['meeting']['id']}  {printable(node['meeting']['title'])}  {clock}"
        typer.echo(f"{where}\n  {printable(node['speaker'] or '(unknown)')}: {printable(node['text'])}")
    typer.echo(f"{page['totalCount']:,} found" + (f", {limit:,} shown" if page["totalCount"] > limit else ""), err=True)

"""Commands that work on the transcripts of a running server."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from domain.segments import SegmentContent
from domain.transcripts import NotATranscript, TranscriptFormat
from server.cli.options import DEFAULT_URL, ApiKeyToken, ServerUrl, fail, stderr
from server.client.api_client import ApiClient, ApiError
from server.client.transcript_import import import_file, read_file, readable
from server.client.transcript_replay import Follower, script
from server.client.transcript_replay import replay as replay_lines


def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="VTT, SRT or JSON.")],
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
) -> None:
    """Import transcripts into a running server: a meeting for each file.

    A file that is not a transcript is named and left out, the others go in. The same file again changes nothing.
    """
    refused = 0
    try:
        with (
            ApiClient(url, api_key) as client,
            Progress(
                TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), console=stderr
            ) as bar,
        ):
            for path in files:
                task = bar.add_task(path.name, total=None)

                def progress(done: int, total: int, task: Any = task) -> None:
                    bar.update(task, completed=done, total=total)

                try:
                    result = import_file(client, path, progress)
                except NotATranscript as error:
                    refused += 1
                    bar.remove_task(task)
                    stderr.print(f"{path}: not imported: {error}", style="red", markup=False, soft_wrap=True)
                    continue
                done = "already there" if result.again else f"{result.segments} segments"
                typer.echo(f"{result.meeting_id}  {result.title}  ({done})")
    except ApiError as error:
        raise fail(error) from error
    if refused:
        raise typer.Exit(1)


def export(
    meeting_id: Annotated[str, typer.Argument(help="The meeting's id.")],
    format: Annotated[TranscriptFormat, typer.Option(case_sensitive=False)] = TranscriptFormat.VTT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; left out: standard output.")] = None,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
) -> None:
    """Write a meeting's transcript to a file."""
    try:
        with ApiClient(url, api_key) as client:
            meeting = client.run("TranscriptFile", id=meeting_id, format=format.name)
    except ApiError as error:
        raise fail(error) from error
    if meeting is None:
        raise fail(f"there is no meeting {meeting_id}")
    data = meeting["transcript"].encode()
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        try:
            output.write_bytes(data)
        except OSError as error:
            raise fail(f"{output}: {error.strerror}") from error


def replay(
    file: Annotated[Path, typer.Argument(help="VTT, SRT or JSON.")],
    corrected: Annotated[
        Path | None, typer.Option(help="The same transcript, corrected: its texts follow as revisions.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.01, max=100_000, help="How many times as fast as it was spoken.")] = 1.0,
    follow: Annotated[bool, typer.Option("--follow", help="Show what a subscriber of the meeting gets.")] = False,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
) -> None:
    """Stream a transcript into a new, live meeting as if it were being spoken.

    Subscribe to SegmentUpdates in GraphiQL meanwhile, with the meeting's id, which is printed first.
    """
    try:
        contents = read_file(file)
        better = {content.segment_id or 0: content for content in read_file(corrected)} if corrected else {}
    except NotATranscript as error:
        raise fail(error) from error
    lines = script(contents, better)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}", markup=False))
    try:
        with ApiClient(url, api_key) as client, Progress(*columns, console=stderr) as bar:
            meeting = client.run("CreateMeeting", input={"title": readable(file.stem)})
            typer.echo(meeting["id"])
            follower = Follower(client.url, api_key, meeting["id"], _printer(bar)) if follow else None
            task = bar.add_task("", total=len(lines), said="")

            def show(sent: int, content: SegmentContent) -> None:
                bar.update(task, completed=sent, said=f"{content.speaker}: {content.text}"[:60])

            replay_lines(client, meeting["id"], lines, speed, show)
            if follower:
                follower.finish(client.run("Meeting", id=meeting["id"])["updatesCursor"])
    except ApiError as error:
        raise fail(error) from error
    except KeyboardInterrupt:
        raise fail("interrupted") from None


def _printer(bar: Progress) -> Callable[[Mapping[str, Any]], None]:
    """Prints updates above the bar: hypotheses dim, revisions of what was final with a mark."""

    def show(updates: Mapping[str, Any]) -> None:
        for segment in updates["segments"]:
            clock = time.strftime("%H:%M:%S", time.gmtime(segment["startTime"]))
            mark = "~" if not segment["isFinal"] else "*" if segment["segmentId"] in final else " "
            if segment["isFinal"]:
                final.add(segment["segmentId"])
            line = f"{clock} {mark} {segment['speaker']}: {segment['text']}"
            bar.console.print(line, style="dim" if mark == "~" else "green" if mark == "*" else "", markup=False)

    final: set[int] = set()
    return show

"""Commands for the transcripts of a running server: `rapporteur import`, `export` and `replay`."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TaskID, TextColumn

from domain.segments import SegmentContent
from domain.times import MAX_TIME_SECONDS
from domain.transcripts import NotATranscript, Note, SpeakerTurns, TranscriptFormat
from domain.transcripts.speaker_turns import Turn
from server.cli.connected import connected
from server.cli.options import DEFAULT_URL, ApiKeyToken, MeetingArgument, ServerUrl, fail, stderr
from server.cli.output import JsonOutput, counted, print_json
from server.client.api_client import ApiError
from server.client.transcript_import import ImportResult, ReadOptions, check_file, import_file, read_file, readable
from server.client.transcript_replay import SAMPLE_TRANSCRIPT, Follower, schedule
from server.client.transcript_replay import replay as replay_lines
from server.printable import printable


def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="VTT, SRT, SBV, TTML, CSV, JSON or text; - reads standard input."),
    ],
    title: Annotated[
        str, typer.Option(help="The meeting's title; left out: that of the file, or the file's name.")
    ] = "",
    into: Annotated[
        str | None,
        typer.Option(metavar="MEETING", help="The id of a meeting to add the segments to; its speakers, for RTTM."),
    ] = None,
    offset: Annotated[float, typer.Option(help="Seconds that are added to every time.")] = 0.0,
    encoding: Annotated[
        str | None, typer.Option(help="The files' encoding, such as cp1252; left out: Unicode.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse files that need any repair.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only say what would be read and repaired.")] = False,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
    json: JsonOutput = False,
) -> None:
    """Import transcripts into a running server: one meeting each, or all into one.

    What is repaired or left out is named with its line. A file that is not a transcript is named and left out, the others go
    in. The same file again changes nothing.
    """
    if not abs(offset) <= MAX_TIME_SECONDS:  # NaN is not, either
        raise fail(f"--offset must be a number of seconds, of {MAX_TIME_SECONDS:,} at most")
    options = ReadOptions(encoding, offset, strict)
    if check:
        _check_files(files, options, into, json)
        return
    results: list[dict[str, Any]] = []
    refused = 0
    failure: ApiError | None = None
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with (
        connected(url, api_key) as client,
        # Lines that are printed to a terminal go above the bar; what a pipe reads must not pass through the bar's console.
        _progress(*columns, transient=True) as bar,
    ):
        for path in files:
            task = bar.add_task(printable(readable(path.name)), total=None)

            try:
                result = import_file(client, path, options, title=title, into=into)
            except NotATranscript as error:
                refused += 1
                _print_refusal(bar.console, path, "not imported", error)
            except ApiError as error:  # the next files would meet it, too
                failure = ApiError(f"{path}: {error}")
                break
            else:
                results.append({"file": str(path), **asdict(result), "notes": _note_objects(result.notes)})
                _print_notes(bar.console, path, result.notes)
                if not json:
                    _print_above(bar, f"{result.meeting_id}  {printable(result.title)}  ({_outcome(result)})")
            finally:
                bar.remove_task(task)
    if json:
        print_json(results)
    if results or refused:
        _sum_up(results, refused)
    if failure:
        raise fail(failure) from failure
    if refused:
        raise typer.Exit(1)


def _progress(*columns: ProgressColumn, transient: bool = False) -> Progress:
    """Returns a progress bar for a terminal; elsewhere it shows nothing. Standard output does not pass through it."""
    return Progress(
        *columns, console=stderr, transient=transient, redirect_stdout=False, disable=not stderr.is_terminal
    )


def _check_files(files: Sequence[Path], options: ReadOptions, into: str | None, json: bool) -> None:
    """Prints what each file would be read as, and its notes, without a server."""
    results: list[dict[str, Any]] = []
    refused = 0
    for path in files:
        try:
            transcript = check_file(path, options, into=into)
        except NotATranscript as error:
            refused += 1
            _print_refusal(stderr, path, "would be refused", error)
            continue
        items: Sequence[Turn | SegmentContent]
        if isinstance(transcript, SpeakerTurns):
            title, items, what = "", transcript.turns, "turn"
        else:
            title, items, what = transcript.title, transcript.segments, "segment"
        speakers = {item.speaker for item in items if item.speaker}
        _print_notes(stderr, path, transcript.notes)
        results.append(
            {
                "file": str(path),
                "dialect": transcript.dialect,
                "title": title,
                f"{what}s": len(items),
                "speakers": sorted(speakers),
                "notes": _note_objects(transcript.notes),
            }
        )
        if not json:
            found = (
                counted(len(items), what),
                counted(len(speakers), "speaker"),
                counted(len(transcript.notes), "note"),
            )
            typer.echo(printable(f"{path}: {', '.join((transcript.dialect, *found))}"))
    if json:
        print_json(results)
    if refused:
        raise typer.Exit(1)


def _print_refusal(console: Console, path: Path, outcome: str, error: NotATranscript) -> None:
    console.print(printable(f"{path}: {outcome}: {error}"), style="red", markup=False, soft_wrap=True)


def _print_notes(console: Console, path: Path, notes: Sequence[Note]) -> None:
    for note in notes:
        place = f"{path}:{note.line}" if note.line else str(path)
        console.print(printable(f"{place}: {note.message}"), style="yellow", markup=False, soft_wrap=True)


def _outcome(result: ImportResult) -> str:
    if result.again:
        return "already there"
    revised = f", {result.updated:,} revised" if result.updated else ""
    return counted(result.segments, "segment") + revised


def _note_objects(notes: Sequence[Note]) -> list[dict[str, object]]:
    return [note._asdict() for note in notes]


def _print_above(bar: Progress, line: str) -> None:
    """Prints a line of the results: to a pipe as it is, on a terminal above the progress bar."""
    if sys.stdout.isatty():
        bar.console.print(line, markup=False, soft_wrap=True)
    else:
        typer.echo(line)


def _sum_up(results: Sequence[dict[str, Any]], refused: int) -> None:
    again = sum(result["again"] for result in results)
    segments = sum(result["segments"] for result in results)
    parts = [f"{len(results) - again:,} imported ({counted(segments, 'segment')})"]
    parts += [f"{again:,} already there"] * bool(again) + [f"{refused:,} refused"] * bool(refused)
    typer.echo(", ".join(parts), err=True)


def export(
    meeting: MeetingArgument,
    format: Annotated[TranscriptFormat, typer.Option(case_sensitive=False)] = TranscriptFormat.VTT,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; left out: standard output.")] = None,
    final_only: Annotated[bool, typer.Option("--final-only", help="Leave out hypotheses.")] = False,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
) -> None:
    """Write a meeting's transcript to a file, in the order of time."""
    with connected(url, api_key) as client:
        found = client.run("TranscriptFile", id=str(meeting), format=format.name, finalOnly=final_only)
    if found is None:
        raise fail(f"there is no meeting {meeting}")
    data = found["transcript"].encode()
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        try:
            output.write_bytes(data)
        except OSError as error:
            raise fail(f"{output}: {error.strerror}") from error


def replay(
    file: Annotated[Path | None, typer.Argument(help="A transcript file; left out: a sample.")] = None,
    corrected: Annotated[
        Path | None, typer.Option(help="The same transcript, corrected: its texts follow as revisions.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.01, max=100_000, help="How many times as fast as it was spoken.")] = 1.0,
    follow: Annotated[bool, typer.Option("--follow", help="Show what a subscriber of the meeting gets.")] = False,
    url: ServerUrl = DEFAULT_URL,
    api_key: ApiKeyToken = None,
    json: JsonOutput = False,
) -> None:
    """Stream a transcript into a new, live meeting as if it were being spoken.

    The meeting's id is printed first, with a link to watch it: GraphiQL's tab SegmentUpdates subscribes to it.
    """
    title = readable(file.stem) if file else "Sample meeting"
    file = file or SAMPLE_TRANSCRIPT
    try:
        contents = _read_named(file)
        better = {content.segment_id or 0: content for content in _read_named(corrected)} if corrected else {}
    except NotATranscript as error:
        raise fail(printable(str(error))) from error
    lines = schedule(contents, better)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}", markup=False))
    try:
        with connected(url, api_key) as client, _progress(*columns) as bar:
            meeting = client.run("CreateMeeting", input={"title": title})
            link = f"{client.url}?meeting={meeting['id']}"
            if json:
                print_json({"meetingId": meeting["id"], "title": meeting["title"], "link": link})
            else:
                typer.echo(meeting["id"])
            bar.console.print(f"watch it: {link}", markup=False, soft_wrap=True)
            task = bar.add_task("", total=len(lines), said="")
            follower = Follower(client.url, api_key, meeting["id"], _printer(bar, task)) if follow else None

            def show(sent: int, content: SegmentContent) -> None:
                bar.update(task, completed=sent)
                if not follow:
                    bar.update(task, said=printable(f"{content.speaker}: {content.text}")[:60])

            replay_lines(client, meeting["id"], lines, speed, show)
            if follower:
                follower.wait_for(client.run("Meeting", id=meeting["id"])["updatesCursor"])
    except KeyboardInterrupt:
        raise fail("interrupted: the meeting is stopped") from None


def _read_named(path: Path) -> list[SegmentContent]:
    """Returns the segments of a file. Raises NotATranscript with the file's name in the message."""
    try:
        return read_file(path).segments
    except NotATranscript as error:
        raise NotATranscript(f"{path}: {error}") from error


def _printer(bar: Progress, task: TaskID) -> Callable[[Mapping[str, Any]], None]:
    """Shows updates: final texts above the bar, marked with * if they replace a final text; a hypothesis in the bar, where
    the next one replaces it.
    """

    def show(updates: Mapping[str, Any]) -> None:
        for segment in updates["segments"]:
            clock = time.strftime("%H:%M:%S", time.gmtime(segment["startTime"]))
            said = printable(f"{segment['speaker']}: {segment['text']}")
            if not segment["isFinal"]:
                bar.update(task, said=f"~ {said}"[:60])
                continue
            mark = "*" if segment["segmentId"] in final else " "
            final.add(segment["segmentId"])
            bar.update(task, said="")
            style = "green" if mark == "*" else ""
            bar.console.print(f"{clock} {mark} {said}", style=style, markup=False, soft_wrap=True)

    final: set[int] = set()
    return show

"""`python -m bench.transcripts`: what reading the largest transcript files costs, in seconds of CPU.

The ratio is that of the cost to the cost of half the file: 2 is linear. Bar: 3 seconds, which a machine under load exceeds, as
its CPU seconds are longer: compare them with a loop of three million additions, which takes 0.1 seconds on a machine without.

The hostile files are more than a thousand. Each is first read at a twentieth of the size, and only the dearest are read whole.
"""

import argparse
import time
from itertools import chain

from rich.console import Console
from rich.progress import track
from rich.table import Table

from domain.transcript_imports import MAX_CONTENT_CHARS
from domain.transcripts import NotATranscript, read_transcript, read_turns
from tests.harness.hostile_transcripts import hostile_files
from tests.harness.large_meeting_transcripts import meeting_files
from tests.harness.large_transcripts import File, usual_files
from tests.harness.large_word_transcripts import word_files

SAMPLE_CHARS = MAX_CONTENT_CHARS // 20


def cost(content: str, name: str) -> tuple[float, str]:
    """Returns the seconds of CPU that reading takes, and its outcome."""
    began = time.process_time()
    try:
        if (turns := read_turns(content, name)) is not None:
            outcome = f"{len(turns.turns):,} turns"
        else:
            read = read_transcript(content, name)
            words = sum(len(segment.words or ()) for segment in read.segments)
            outcome = f"{read.dialect}: {len(read.segments):,} segments, {words:,} words, {len(read.notes):,} notes"
    except NotATranscript as error:
        outcome = f"refused: {str(error)[:80]!r}"
    return time.process_time() - began, outcome


def dearest(files: list[tuple[str, File]], count: int) -> list[tuple[str, File]]:
    """Returns the files that cost the most, by what a part of each costs: by itself, and for how it grows with its size.

    A reader that is not linear shows it in a small file, too, as the second half of one costs more than the first.
    """
    found: list[tuple[float, float, int]] = []
    for index, (_, file) in enumerate(track(files, "read in part")):
        half, _ = cost(file.content(SAMPLE_CHARS // 2), file.name)
        whole, _ = cost(file.content(SAMPLE_CHARS), file.name)
        found.append((whole, whole - 2 * half, index))
    by_cost = [index for _, _, index in sorted(found, reverse=True)[:count]]
    by_growth = [index for _, index in sorted(((growth, index) for _, growth, index in found), reverse=True)]
    chosen = dict.fromkeys([*by_cost[: count - count // 4], *by_growth[: count // 4]])
    return [files[index] for index in chosen]


def yardstick() -> float:
    """Returns the seconds of CPU that a loop of three million additions takes now."""
    began = time.process_time()
    total = 0
    for number in range(3_000_000):
        total += number & 7
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="files whose names have this text")
    parser.add_argument("--hostile", action="store_true", help="measure the files that are made to cost much")
    parser.add_argument(
        "--slowest", type=int, default=40, help="of the hostile files, the number to read whole (default: 40)"
    )
    options = parser.parse_args()
    known = hostile_files() if options.hostile else chain(usual_files(), word_files(), meeting_files())
    files = [each for each in known if options.only in each[0]]
    if options.hostile:
        files = dearest(files, options.slowest)
    rows: list[tuple[float, float, float, str, str]] = []
    for name, file in track(files, "read whole"):
        loop = yardstick()
        half, _ = cost(file.content(MAX_CONTENT_CHARS // 2), file.name)
        whole, outcome = cost(file.content(MAX_CONTENT_CHARS), file.name)
        loop = (loop + yardstick()) / 2
        rows.append((whole, whole / half if half else 0.0, loop, name, outcome))
    table = Table(
        "file", "CPU s", "ratio", "loop s", "outcome", title=f"{MAX_CONTENT_CHARS / 1e6:g} million characters"
    )
    if options.hostile:
        rows.sort(reverse=True)
    for whole, ratio, loop, name, outcome in rows:
        table.add_row(name, f"{whole:.2f}", f"{ratio:.1f}", f"{loop:.2f}", outcome)
    Console(width=160).print(table, markup=False)


if __name__ == "__main__":
    main()

"""Puts the metrics of all workers of a server together: whichever answers a scrape has those of the others, too.

Each worker writes its metrics to a file now and then, if there are several. Counters and histograms are summed up, also those
of workers that have ended: a sum that becomes smaller would look like a restart of all. Gauges are summed up over the workers
that live. What describes a process, such as its memory, has the label `pid` instead.
"""

import asyncio
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

import fasteners
import orjson
import psutil
from prometheus_client import Metric

from resolvers.worker_threads import run_in_worker

WRITE_INTERVAL_SECONDS = 2.0
"""The age that the metrics of other workers in a scrape may have. Monitoring asks every 15 seconds or so."""
DESCRIBES_PROCESS = ("process_", "python_", "rapporteur_build_info", "rapporteur_replica_lag_")
"""Beginnings of the names of metrics that describe a process, so that their sum would say nothing."""
_ACCUMULATING = ("counter", "histogram", "summary")
_ENDED = "ended.json"
"""The file with the sums of the workers that have ended."""

Sample = tuple[str, tuple[tuple[str, str], ...]]
"""The name and the labels of a sample."""


class Family(NamedTuple):
    documentation: str
    type: str
    samples: dict[Sample, float]


Families = dict[str, Family]


class MetricsSnapshot(NamedTuple):
    """The metrics of a worker at one moment; a later one has a higher number."""

    number: int
    metrics: list[Metric]


class WorkerMetrics:
    """The metrics of a server's workers, in files of a folder that they share."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._own = directory / f"{os.getpid()}.{token_hex(4)}.json"
        self._numbers = itertools.count(1)
        self._written = 0
        self._between_threads = threading.Lock()
        self._between_workers = fasteners.InterProcessLock(directory / "lock")

    def snapshot(self, metrics: Iterable[Metric]) -> MetricsSnapshot:
        """Takes the metrics of this worker as they are now."""
        return MetricsSnapshot(next(self._numbers), list(metrics))

    async def run(self, collect: Callable[[], Iterable[Metric]]) -> None:
        """Writes the metrics of this worker from time to time, until cancelled, and then once more."""
        try:
            while True:
                await run_in_worker(self.write, self.snapshot(collect()))
                await asyncio.sleep(WRITE_INTERVAL_SECONDS)
        finally:
            with suppress(OSError):  # the supervisor, whose folder it is, may have ended before
                self.write(self.snapshot(collect()))

    def write(self, own: MetricsSnapshot) -> None:
        """Writes the metrics of this worker, unless later ones were written: a sum must never become smaller."""
        with self._between_threads:
            self._write(own)

    def merged(self, own: MetricsSnapshot) -> list[Metric]:
        """Returns the metrics of all workers; `own` are the metrics of this one."""
        with self._between_threads, self._between_workers:
            self._write(own)
            ended = _read(self._directory / _ENDED)
            merged: Families = {}
            for file in sorted(self._directory.glob("*.*.json")):
                pid, families = int(file.name.partition(".")[0]), _read(file)
                if _is_worker(pid):
                    _add(merged, _of_process(families, pid))
                else:
                    _add(ended, _accumulated(families))
                    _write(self._directory / _ENDED, ended)
                    file.unlink()
            if ended:
                (self._directory / _ENDED).touch()  # else programs that tidy up might remove it after some days
            _add(merged, ended)
        return [_metric(name, family) for name, family in merged.items()]

    def _write(self, own: MetricsSnapshot) -> None:
        if own.number > self._written:
            self._written = own.number
            _write(self._own, _families(own.metrics))


def _is_worker(pid: int) -> bool:
    """Returns whether the process is a living worker of this one's supervisor, and not one that has got an old number."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return bool(process.ppid() == os.getppid() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _families(metrics: Iterable[Metric]) -> Families:
    return {
        metric.name: Family(
            metric.documentation,
            metric.type,
            {(sample.name, tuple(sample.labels.items())): sample.value for sample in metric.samples},
        )
        for metric in metrics
    }


def _metric(name: str, family: Family) -> Metric:
    metric = Metric(name, family.documentation, family.type)
    for (sample, labels), value in family.samples.items():
        metric.add_sample(sample, dict(labels), value)
    return metric


def _add(families: Families, others: Families) -> None:
    for name, family in others.items():
        samples = families.setdefault(name, family._replace(samples={})).samples
        for key, value in family.samples.items():
            samples[key] = samples.get(key, 0.0) + value


def _of_process(families: Families, pid: int) -> Families:
    """Returns the metrics; the ones that describe the process get the label `pid`."""
    label = (("pid", str(pid)),)
    return {
        name: family
        if not name.startswith(DESCRIBES_PROCESS)
        else family._replace(
            samples={(sample, labels + label): value for (sample, labels), value in family.samples.items()}
        )
        for name, family in families.items()
    }


def _accumulated(families: Families) -> Families:
    """Returns what stays of the metrics when the process has ended."""
    return {
        name: family
        for name, family in families.items()
        if family.type in _ACCUMULATING and not name.startswith(DESCRIBES_PROCESS)
    }


def _write(file: Path, families: Families) -> None:
    """Writes the file at once: whoever reads it has the old one or the new one."""
    written = [
        (name, family.documentation, family.type, [(*key, value) for key, value in family.samples.items()])
        for name, family in families.items()
    ]
    new = file.with_suffix(".new")
    new.write_bytes(orjson.dumps(written))
    new.replace(file)


def _read(file: Path) -> Families:
    """Returns what was written to the file; nothing if it does not exist."""
    if not file.exists():
        return {}
    return {
        name: Family(documentation, type_, dict(_samples(written)))
        for name, documentation, type_, written in orjson.loads(file.read_bytes())
    }


def _samples(written: list[tuple[str, list[tuple[str, str]], float]]) -> Iterator[tuple[Sample, float]]:
    for name, labels, value in written:
        yield (name, tuple((label, text) for label, text in labels)), value

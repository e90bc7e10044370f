"""Checks that a scrape has the metrics of all workers, and that those of workers that have ended stay counted."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from server.metrics.processes import WorkerMetrics
from tests.harness.commands import serving
from tests.harness.scrapes import scrape
from tests.harness.waiting import TIMEOUT_SECONDS, eventually


def metrics(count: int) -> list[Metric]:
    """Returns what a worker may have collected: a counter, a gauge, and the memory of its process."""
    counter = CounterMetricFamily("rapporteur_errors", "", labels=["code"])
    counter.add_metric(["INTERNAL"], count)
    return [
        counter,
        GaugeMetricFamily("rapporteur_streams_open", "", count),
        GaugeMetricFamily("process_open_fds", "", count),
    ]


def values(metrics: list[Metric]) -> dict[str, float]:
    samples = [sample for metric in metrics for sample in metric.samples]
    return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


def test_the_metrics_of_workers_are_summed_up(tmp_path: Path) -> None:
    this, other = WorkerMetrics(tmp_path), WorkerMetrics(tmp_path)
    other.write(other.snapshot(metrics(1)))
    assert values(this.merged(this.snapshot(metrics(2)))) == {
        "rapporteur_errors_total INTERNAL": 3,
        "rapporteur_streams_open": 3,
        f"process_open_fds {os.getpid()}": 3,  # both are this process
    }


def test_what_workers_that_have_ended_have_counted_stays(tmp_path: Path) -> None:
    this = WorkerMetrics(tmp_path)
    for count in (1, 2):
        with subprocess.Popen([sys.executable, "-c", ""]) as ended:
            pass
        other = WorkerMetrics(tmp_path)
        other.write(other.snapshot(metrics(count)))
        (file,) = (each for each in tmp_path.glob("*.*.json") if each.name.startswith(f"{os.getpid()}."))
        file.rename(tmp_path / f"{ended.pid}.ended.json")
    expected = {
        "rapporteur_errors_total INTERNAL": 7,
        "rapporteur_streams_open": 4,
        f"process_open_fds {os.getpid()}": 4,
    }
    assert values(this.merged(this.snapshot(metrics(4)))) == expected
    assert values(this.merged(this.snapshot(metrics(4)))) == expected
    assert len(list(tmp_path.glob("*.*.json"))) == 1


def test_another_process_with_the_number_of_a_worker_is_none(tmp_path: Path) -> None:
    this, other = WorkerMetrics(tmp_path), WorkerMetrics(tmp_path)
    other.write(other.snapshot(metrics(1)))
    (file,) = tmp_path.glob("*.*.json")
    file.rename(tmp_path / "1.other.json")  # there is always a process with this number, whose parent is another
    assert values(this.merged(this.snapshot(metrics(2))))["rapporteur_streams_open"] == 2


def test_metrics_that_were_overtaken_are_not_written(tmp_path: Path) -> None:
    this, other = WorkerMetrics(tmp_path), WorkerMetrics(tmp_path)
    earlier, later = this.snapshot(metrics(1)), this.snapshot(metrics(2))
    this.write(later)
    this.write(earlier)
    assert values(other.merged(other.snapshot([])))["rapporteur_errors_total INTERNAL"] == 2


@pytest.mark.slow
def test_a_scrape_has_all_workers_also_after_one_was_killed(database_url: str) -> None:
    with serving(database_url=database_url, workers="2", demo="false") as server:

        def workers() -> set[int]:
            return {int(key.split()[1]) for key in scrape(server.api) if key.startswith("process_open_fds ")}

        def errors() -> float:
            return scrape(server.api)["rapporteur_errors_total BAD_USER_INPUT"]

        eventually(lambda: len(workers()) == 2)
        before = workers()
        for _ in range(20):
            server.api.http.post("/graphql", json={"query": "{"}, headers={"Connection": "close"})
        eventually(lambda: errors() == 20)
        children = {child.pid for child in psutil.Process(server.process.pid).children()}
        assert before <= children
        killed = psutil.Process(min(before))
        killed.kill()
        killed.wait(TIMEOUT_SECONDS)  # until then, the client might ask it on the connection that it keeps
        eventually(lambda: killed.pid not in workers())
        assert errors() == 20

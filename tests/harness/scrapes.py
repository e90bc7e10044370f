"""Reads `/metrics` as Prometheus does."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.harness.servers import Api


class Scrape(dict[str, float]):
    """Values of samples, each by its name and the values of its labels in the order of their names. Absent ones are 0."""

    def __missing__(self, key: str) -> float:
        return 0.0


def scrape(api: Api) -> Scrape:
    response = api.http.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    samples = [sample for family in text_string_to_metric_families(response.text) for sample in family.samples]
    return Scrape({_key(sample.name, sample.labels): sample.value for sample in samples})


def _key(name: str, labels: Mapping[str, str]) -> str:
    return " ".join([name, *(labels[label] for label in sorted(labels))])

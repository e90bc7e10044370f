"""Checks the dashboard and the alert rules in `deploy/monitoring/`: against a real scrape, and by Prometheus' own tool."""

import json
import re
import shutil
import subprocess

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.harness.repository import REPOSITORY
from tests.harness.servers import Api

FOLDER = REPOSITORY / "deploy" / "monitoring"
RULES = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
DASHBOARD = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())
]
_OF_PROMETHEUS = {"up"}

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def test_every_metric_that_they_name_is_in_a_scrape(api: Api) -> None:
    families = list(text_string_to_metric_families(api.http.get("/metrics").text))
    served = {sample.name for family in families for sample in family.samples} | _OF_PROMETHEUS
    for family in families:  # those of subscriptions have no samples before there is one
        endings = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
        served |= {family.name + ending for ending in endings.get(family.type, ())}
    named = {name for text in EXPRESSIONS for name in re.findall(r"\b((?:rapporteur|process|python)_\w+|up)\b", text)}
    assert len(named) > 30
    assert named - served == set()


def test_every_alert_is_tested_and_says_what_to_do() -> None:
    tests = yaml.safe_load((FOLDER / "alerts-test.yaml").read_text(encoding="utf-8"))["tests"]
    alerts = {rule["alert"] for rule in RULES}
    silent = {case["alertname"] for case in tests[0]["alert_rule_test"]}
    firing = {re.findall(r'"(\w+)"', sample["labels"])[0] for sample in tests[1]["promql_expr_test"][0]["exp_samples"]}
    assert alerts == silent == firing
    assert all(rule["annotations"].keys() == {"summary", "description"} for rule in RULES)


def test_panels_have_titles_of_their_own_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["title"] for panel in panels}) == len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))


@needs_promtool
@pytest.mark.parametrize("arguments", [("check", "rules", "alerts.yaml"), ("test", "rules", "alerts-test.yaml")])
def test_prometheus_accepts_the_rules(arguments: tuple[str, ...]) -> None:
    ended = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@needs_promtool
def test_prometheus_understands_each_expression_of_the_dashboard(tmp_path: object) -> None:
    expressions = [text.replace("$__rate_interval", "5m").replace("$instance", ".*") for text in EXPRESSIONS]
    rules = [{"record": f"dashboard:panel{number}", "expr": text} for number, text in enumerate(expressions)]
    file = f"{tmp_path}/rules.yaml"
    with open(file, "w", encoding="utf-8") as written:
        json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, written)
    ended = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@needs_promtool
def test_prometheus_accepts_the_scrape(api: Api) -> None:
    api.run("Agents")
    text = api.http.get("/metrics").text
    ended = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr

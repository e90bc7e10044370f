"""The page on monitoring has every metric of a scrape, and no other."""

import re

from prometheus_client.parser import text_string_to_metric_families

from tests.harness.markdown import ROOT
from tests.harness.servers import Api


def test_the_page_has_every_metric(api: Api) -> None:
    api.run("Agents")
    families = text_string_to_metric_families(api.http.get("/metrics").text)
    served = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    page = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    table = (
        page.partition("## All metrics")[2]
        .partition("## The log")[0]
        .replace("`..._", "`rapporteur_database_connections_")
    )
    named = set(re.findall(r"`(rapporteur_\w+)`", table))
    only_with_replicas = {name for name in named if name.startswith("rapporteur_replica_")}
    assert {name for name in served if name.startswith("rapporteur_")} == named - only_with_replicas

"""No N+1: every operation runs as many SQL statements for 20 items as for 2."""

from collections.abc import Iterator

import pytest

from server.wire.graphql_files import operation
from tests.harness.databases import TestPostgres
from tests.harness.operation_variables import SizedWorkspace, variables_of
from tests.harness.recorded_statements import recorded
from tests.harness.servers import RunningServer, running_server
from tests.harness.suggested_variables import MUTATIONS, QUERIES

pytestmark = pytest.mark.slow

SMALL, LARGE = 2, 20


@pytest.fixture(scope="module")
def server(postgres: TestPostgres) -> Iterator[RunningServer]:
    """A server that nobody follows: a feed reads at times of its own."""
    with postgres.database() as url, running_server(url, demo=True) as running:
        yield running


@pytest.fixture(scope="module")
def workspaces(server: RunningServer) -> list[SizedWorkspace]:
    return [SizedWorkspace(server.api, SMALL), SizedWorkspace(server.api, LARGE)]


@pytest.mark.parametrize("name", [*QUERIES, *MUTATIONS])
def test_the_number_of_statements_does_not_grow(
    name: str, workspaces: list[SizedWorkspace], server: RunningServer
) -> None:
    runs = []
    for workspace in workspaces:
        variables = variables_of(name, workspace, server.api)
        with recorded(server.database.engine) as statements:
            answer = server.api.post(operation(name), variables, name)
        assert "errors" not in answer, answer
        runs.append(statements)
    small, large = runs
    assert len(small) == len(large), "\n\n".join(large)
    if name == "Meetings":
        print("\n\n".join(large))  # noqa: T201 (what -s or a failure shows)


def test_the_larger_answers_are_larger(workspaces: list[SizedWorkspace], server: RunningServer) -> None:
    """Checks that the answers compared above have 2 and 20 items on each level."""
    sizes = []
    for workspace in workspaces:
        agents = server.api.run("Agents", **variables_of("Agents", workspace, server.api))["nodes"]
        meetings = server.api.run("Meetings", **variables_of("Meetings", workspace, server.api))["nodes"]
        sizes.append(
            {len(agents), len(agents[0]["variants"]), len(meetings), len(meetings[0]["segments"]["nodes"])}
            | {len(meetings[0]["speakers"])}
        )
    assert sizes == [{SMALL}, {LARGE}]

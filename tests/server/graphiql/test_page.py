"""GraphiQL as the server gives it to browsers, also to those with no internet."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from server import graphiql
from server.graphiql import STARTER_TABS, is_vendored, read_operations
from tests.harness import http
from tests.harness.graphiql_page import GraphiQLPage

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[3]
OPERATIONS = REPOSITORY / "graphql" / "operations"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

vendored = pytest.mark.skipif(not is_vendored(), reason="GraphiQL's files are not there (no Node.js at set-up)")


@pytest_asyncio.fixture(loop_scope="session")
async def graphiql_page(browser: Browser, server: Any) -> GraphiQLPage:
    graphiql_page = GraphiQLPage(await browser.new_page(), server.url)
    await graphiql_page.open()
    return graphiql_page


@vendored
@pytest.mark.asyncio(loop_scope="session")
async def test_an_operation_runs_and_its_answer_is_shown_with_no_internet(graphiql_page: GraphiQLPage) -> None:
    await graphiql_page.page.locator(".graphiql-query-editor .CodeMirror").click()
    await graphiql_page.page.keyboard.press("Control+Enter")
    await graphiql_page.page.locator(".result-window").filter(has_text='"data"').wait_for()

    answer = json.loads(await graphiql_page.text(".result-window"))
    assert answer["data"]
    assert "errors" not in answer
    assert graphiql_page.other_hosts == []
    assert graphiql_page.errors == []


@vendored
@pytest.mark.asyncio(loop_scope="session")
async def test_six_tabs_tell_the_story_also_after_a_reload(graphiql_page: GraphiQLPage) -> None:
    operations = read_operations(OPERATIONS)
    assert await graphiql_page.tabs() == list(STARTER_TABS)
    assert await graphiql_page.text(".graphiql-query-editor") == operations[0]["query"]
    assert json.loads(await graphiql_page.text(".graphiql-editor-tool") or "{}") == operations[0]["variables"]

    await graphiql_page.stored(operations[5]["query"])
    await graphiql_page.open()
    assert await graphiql_page.tabs() == list(STARTER_TABS)


@vendored
@pytest.mark.asyncio(loop_scope="session")
async def test_the_other_operations_are_favorites_of_the_history(graphiql_page: GraphiQLPage) -> None:
    await graphiql_page.page.get_by_role("button", name="Show History").click()
    await graphiql_page.page.locator(".graphiql-history-item-label", has_text="RenderPrompt").click()
    await graphiql_page.page.wait_for_function(
        "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue().includes('query RenderPrompt')"
    )


@vendored
@pytest.mark.asyncio(loop_scope="session")
async def test_the_live_tab_follows_a_meeting_in_which_something_happens(
    graphiql_page: GraphiQLPage, server: Any
) -> None:
    meeting = server.api.run("CreateMeeting", input={"title": "Live"})
    server.api.run("UpdateMeeting", id=meeting["id"], input={"state": "RECORDING"})
    await graphiql_page.page.reload()
    await graphiql_page.stored(
        next(each["query"] for each in read_operations(OPERATIONS) if each["name"] == "SegmentUpdates")
    )
    await graphiql_page.page.wait_for_function(
        "(id) => localStorage['rapporteur:tour'].includes(id)", arg=meeting["id"]
    )
    server.api.run("UpdateMeeting", id=meeting["id"], input={"state": "STOPPED"})


@vendored
@pytest.mark.asyncio(loop_scope="session")
async def test_a_link_opens_the_tab_of_its_meeting(browser: Browser, server: Any) -> None:
    meeting = server.api.run("CreateMeeting", input={"title": "Linked"})
    page = await browser.new_page()
    await page.goto(f"{server.url}/graphql?meeting={meeting['id']}")
    await page.wait_for_function(
        "(id) => document.querySelector('.graphiql-editor-tool .CodeMirror')?.CodeMirror.getValue().includes(id)",
        arg=meeting["id"],
    )


@vendored
@pytest.mark.asyncio(loop_scope="session")
async def test_a_changed_tour_replaces_its_tabs_and_keeps_those_of_the_visitor(graphiql_page: GraphiQLPage) -> None:
    names = await graphiql_page.tabs()
    await graphiql_page.page.get_by_role("button", name="New tab").click()
    await graphiql_page.page.evaluate(
        "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue('query Mine { a }')"
    )
    await graphiql_page.stored("query Mine { a }")
    await graphiql_page.page.add_init_script(  # as if the operations had been others: another first one, and one less
        """{
            const tour = JSON.parse(localStorage['rapporteur:tour']);
            const state = JSON.parse(localStorage['rapporteur:graphiql:tabState']);
            tour.splice(5, 1);
            state.tabs.splice(5, 1);
            tour[0].query = state.tabs[0].query = 'query Old { a }';
            localStorage['rapporteur:tour'] = JSON.stringify(tour);
            localStorage['rapporteur:graphiql:tabState'] = JSON.stringify(state);
        }"""
    )
    await graphiql_page.open()
    assert await graphiql_page.tabs() == [*names, "Mine"]


@vendored
@pytest.mark.asyncio(loop_scope="session")
async def test_a_file_that_does_not_load_gives_a_message(browser: Browser, server: Any) -> None:
    page = await browser.new_page()
    await page.route("**/graphiql.min.js*", lambda route: route.abort())
    await page.goto(f"{server.url}/graphql")
    await page.get_by_role("alert").filter(has_text="did not load").wait_for()


@vendored
def test_the_page_may_load_from_its_own_host_only(server: Any) -> None:
    response = http.get(f"{server.url}/graphql", headers=HTML)
    policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))

    assert response.headers["Content-Type"].startswith("text/html")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"


@vendored
def test_the_page_names_its_files_by_their_versions(server: Any) -> None:
    versions = json.loads((REPOSITORY / "package.json").read_text(encoding="utf-8"))["dependencies"]
    page = http.get(f"{server.url}/graphql", headers=HTML).text
    files = re.findall(r'"graphiql/vendor/(([a-z-]+)\.(?:production\.)?min\.(?:js|css))\?v=([^"]+)"', page)

    assert {package for _, package, _ in files} == set(versions)
    assert all(version == versions[package] for _, package, version in files)
    for name, _, _ in files:
        response = http.get(f"{server.url}/graphiql/vendor/{name}")
        assert response.headers["Content-Type"].startswith("text/javascript" if name.endswith("js") else "text/css")
        assert "immutable" in response.headers["Cache-Control"]
        again = http.get(response.url, headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304


@pytest.mark.parametrize("path", ["__init__.py", "tour.json", "vendor/", "vendor/../__init__.py", "%2e%2e/app.py"])
def test_other_files_are_not_served(server: Any, path: str) -> None:
    assert http.get(f"{server.url}/graphiql/{path}").status_code == 404


def test_every_operation_is_in_the_list(server: Any) -> None:
    listed = http.get(f"{server.url}/graphiql/operations.json").json()
    files = [path.read_text(encoding="utf-8").strip() for path in OPERATIONS.glob("*.graphql")]

    assert sorted(operation["query"] for operation in listed) == sorted(files)
    for operation in listed:
        assert re.search(rf"^(query|mutation|subscription) {operation['name']}\b", operation["query"], re.MULTILINE)


def test_the_tour_comes_first_and_names_operations_that_exist() -> None:
    tour = list(json.loads((REPOSITORY / "server/graphiql/tour.json").read_text(encoding="utf-8")))
    names = [operation["name"] for operation in read_operations(OPERATIONS)]
    assert names[: len(tour)] == tour
    assert tuple(tour[: len(STARTER_TABS)]) == STARTER_TABS


def test_the_queries_of_the_tour_show_the_demo(server: Any) -> None:
    for operation in read_operations(OPERATIONS):
        if not re.search(r"^query ", operation["query"], re.MULTILINE):
            continue
        body = {"query": operation["query"], "variables": operation["variables"]}
        answer = http.post(f"{server.url}/graphql", json=body).json()
        assert "errors" not in answer, operation["name"]
        if not operation["name"].startswith("Webhook"):  # of which the demo has none: it tells nobody anything
            assert None not in answer["data"].values(), operation["name"]


def test_operations_without_sample_variables_get_a_skeleton(tmp_path: Path) -> None:
    (tmp_path / "b.graphql").write_text("mutation B($id: ID!, $input: BInput!, $many: [Int!]!, $note: String) { b }")
    (tmp_path / "a.graphql").write_text("query A($first: Int = 3, $state: State!) { a }")
    assert [(operation["name"], operation["variables"]) for operation in read_operations(tmp_path)] == [
        ("A", {"first": 3, "state": None}),
        ("B", {"id": "", "input": {}, "many": [], "note": None}),
    ]


def test_without_its_files_the_page_says_how_to_get_them(
    server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(graphiql, "VENDOR", tmp_path)
    response = http.get(f"{server.url}/graphql", headers=HTML)
    assert "make install" in response.text
    assert "//" not in response.text
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none';")

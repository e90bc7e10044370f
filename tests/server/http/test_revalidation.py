"""Asks again by GET for what the client has: an entity tag, and 304 where nothing has changed."""

import hashlib
import json

import httpx
import pytest

from server.wire.graphql_files import operation
from tests.harness import http
from tests.harness.http_requests import RESPONSE
from tests.harness.servers import Api, RunningServer

SMALL = "{ __typename }"


@pytest.fixture(scope="module")
def meeting(server: RunningServer) -> str:
    """A meeting whose transcript is long enough to be compressed."""
    id: str = server.api.meeting("Long", segments=200)["id"]
    return id


def get(server: RunningServer, query: str = SMALL, /, method: str = "GET", **headers: str) -> httpx.Response:
    sent = {"Rapporteur-Preflight": "1", "Accept-Encoding": "identity"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return http.request(method, f"{server.url}/graphql", params={"query": query}, headers=sent)


def texts(meeting: str) -> str:
    return f'{{ meeting(id: "{meeting}") {{ segments(first: 1000) {{ nodes {{ text speaker }} }} }} }}'


def test_what_has_not_changed_is_not_sent_again(server: RunningServer, api: Api) -> None:
    agent = api.agent("Revalidated")
    query = f'{{ agentBySlug(slug: "{agent["slug"]}") {{ resolvedConfig {{ maxTokens }} }} }}'
    first = get(server, query)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "Accept, Authorization"
    tag = first.headers["etag"]
    assert tag.startswith('"')

    again = get(server, query, If_None_Match=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert "content-type" not in again.headers
    for name in ("etag", "cache-control", "vary"):
        assert again.headers[name] == first.headers[name]

    api.run("UpdateAgent", id=agent["id"], input={"config": {"maxTokens": 7}})
    changed = get(server, query, If_None_Match=tag)
    assert changed.json()["data"]["agentBySlug"]["resolvedConfig"]["maxTokens"] == 7
    assert changed.headers["etag"] != tag


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"other",W/{} , "more"', "*", " {} ", '"a,b", {}'])
def test_every_form_of_the_header_is_read(server: RunningServer, form: str) -> None:
    tag = get(server).headers["etag"]
    assert get(server, If_None_Match=form.format(tag)).status_code == 304


@pytest.mark.parametrize("form", ['"other"', "", "{0}", '"{0}x"', "W/", '""', ",", '"*"', "*, *", '"{0}'])
def test_other_tags_and_nonsense_are_no_match(server: RunningServer, form: str) -> None:
    opaque = get(server).headers["etag"].strip('"')
    assert get(server, If_None_Match=form.format(opaque)).json() == {"data": {"__typename": "Query"}}


def test_a_tag_tells_codings_apart_and_is_known_in_each(server: RunningServer, meeting: str) -> None:
    query = texts(meeting)
    plain = get(server, query)
    tag = plain.headers["etag"]
    packed = get(server, query, Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content  # as httpx decompresses it
    assert packed.headers["etag"] not in (tag, "")
    assert packed.headers["vary"] == "Accept, Authorization, Accept-Encoding"
    for known in (tag, packed.headers["etag"]):
        for coding, expected in (("identity", tag), ("gzip", packed.headers["etag"])):
            answer = get(server, query, If_None_Match=known, Accept_Encoding=coding)
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", expected)
            assert "content-encoding" not in answer.headers


def test_a_tag_tells_media_types_apart(server: RunningServer) -> None:
    tag = get(server).headers["etag"]
    other = get(server, Accept=RESPONSE, If_None_Match=tag)
    assert other.status_code == 200
    assert other.headers["etag"] != tag


def test_head_is_revalidated_as_get_is(server: RunningServer, meeting: str) -> None:
    tag = get(server, texts(meeting)).headers["etag"]
    head = get(server, texts(meeting), method="HEAD")
    assert (head.status_code, head.headers["etag"], head.content) == (200, tag, b"")
    assert get(server, texts(meeting), method="HEAD", If_None_Match=tag).status_code == 304


@pytest.mark.parametrize(
    "query",
    [
        "{ unknown }",
        "{",
        '{ agent(id: "nonsense") { id } }',
        '{ meetings(first: 1) { totalCount } agent(id: "nonsense") { id } }',
    ],
    ids=["invalid", "no document", "no data", "some data"],
)
@pytest.mark.parametrize("accept", ["application/json", RESPONSE])
def test_a_failure_is_never_kept(server: RunningServer, query: str, accept: str) -> None:
    answer = get(server, query, Accept=accept, If_None_Match="*")
    assert answer.json()["errors"]
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_nothing_but_a_get_is_kept(server: RunningServer, api: Api) -> None:
    agent = api.agent("Kept")
    mutation = f'mutation {{ deactivateVariant(agentId: "{agent["id"]}") {{ __typename }} }}'
    assert get(server, mutation, If_None_Match="*").status_code == 405
    posted = http.post(f"{server.url}/graphql", json={"query": SMALL}, headers={"If-None-Match": "*"})
    assert posted.json() == {"data": {"__typename": "Query"}}
    assert "etag" not in posted.headers
    assert posted.headers["cache-control"] == "no-store"


def test_a_document_named_by_its_hash_is_revalidated_too(server: RunningServer, api: Api) -> None:

    text = operation("MeetingCount")
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}
    http.post(f"{server.url}/graphql", json={"query": text, "extensions": persisted})

    def by_hash(**headers: str) -> httpx.Response:
        parameters = {"extensions": json.dumps(persisted)}
        return http.get(f"{server.url}/graphql", params=parameters, headers={"Rapporteur-Preflight": "1", **headers})

    first = by_hash()
    assert first.headers["etag"] == get(server, text).headers["etag"]
    assert by_hash(**{"If-None-Match": first.headers["etag"]}).status_code == 304
    api.meeting("One more")
    assert by_hash(**{"If-None-Match": first.headers["etag"]}).status_code == 200

"""Columns that nobody asks for are not read; what is asked for is there, however it is asked."""

from typing import Any

import pytest

from tests.harness.recorded_statements import recorded
from tests.harness.servers import Api, RunningServer

pytestmark = pytest.mark.slow

MEETING = (
    "id externalId title state metadata speakerNames { label name } version agent { name } createdAt updatedAt startedAt"
    " endedAt heldAt segmentCount speakers { speaker } updatesCursor transcript(format:VTT)"
    " segments { nodes { text } } history { totalCount }"
)
SEGMENT = "id segmentId text speaker startTime endTime isFinal confidence version createdAt updatedAt meeting { title }"
CONFIG = (
    "modelProvider modelName systemPrompt userPromptTemplate promptVersion temperature"
    " maxTokens contextWindow inputTokenLimit tokenBudget timeoutSeconds maxRetries"
)
RESOLVED = (
    f"{CONFIG} parameters agentId agentSlug variantId variantSlug"
    " sources { field key from } modelParameters etag variables warnings"
)
OWN = "id slug name description version createdAt updatedAt"
VARIANT = f"{OWN} isActive overrides {{ {CONFIG} }} config {{ {CONFIG} }}"
AGENT = f"{OWN} config {{ {CONFIG} }} resolvedConfig {{ {CONFIG} }} activeVariant {{ {VARIANT} }}"


@pytest.fixture(scope="module")
def meeting(server: RunningServer) -> Any:
    return server.api.meeting("Selected", segments=3)


@pytest.fixture(scope="module")
def agent(server: RunningServer) -> Any:
    agent = server.api.agent("Selected", systemPrompt="Be brief.", temperature=1.5)
    variants = [server.api.variant(agent, name, systemPrompt=f"{name}!", maxTokens=7) for name in ("One", "Two")]
    server.api.run("ActivateVariant", id=variants[1]["id"])
    return agent


def ask(api: Api, query: str, **variables: Any) -> Any:
    """Asks twice, as much is known of a document the second time, and returns the answer."""
    answer = ask_once(api, query, **variables)
    assert ask_once(api, query, **variables) == answer
    return answer


def ask_once(api: Api, query: str, **variables: Any) -> Any:
    declared = ", ".join(f"${name}: {kind}" for name, kind in (("id", "ID!"), ("yes", "Boolean!")) if name in variables)
    answer = api.post(f"query ({declared}) {query}" if declared else f"query {query}", variables)
    assert "errors" not in answer, answer
    return answer["data"]


def is_part_of(part: Any, whole: Any) -> bool:
    """Tells whether each value of the part is also a value of the whole."""
    if isinstance(part, dict):
        return all(is_part_of(value, whole[name]) for name, value in part.items())
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(is_part_of, part, whole))
    return bool(part == whole)


def parts(fields: str) -> list[str]:
    """Yields each field alone, and all fields but each."""
    names, depth = [""], 0
    for character in fields:
        depth += {"{": 1, "}": -1}.get(character, 0)
        names[-1] += character
        if character == " " and not depth:
            names.append("")
    for n in range(len(names) - 1, 0, -1):
        if names[n].startswith("{"):
            names[n - 1] += names.pop(n)
    return [name.strip() for name in names] + [" ".join(names[:n] + names[n + 1 :]) for n in range(len(names))]


def test_any_part_of_a_segment_is_that_of_the_whole(api: Api, meeting: Any) -> None:
    query = "{{ meeting(id: $id) {{ segments {{ nodes {{ {0} }} edges {{ cursor node {{ {0} }} }} }} }} }}"
    whole = ask(api, query.format(SEGMENT), id=meeting["id"])
    for fields in parts(SEGMENT):
        assert is_part_of(ask(api, query.format(fields), id=meeting["id"]), whole)


def test_any_part_of_what_an_agent_resolves_to_is_that_of_the_whole(api: Api, agent: Any) -> None:
    query = '{{ agentBySlug(slug: "' + agent["slug"] + '") {{ resolvedConfig {{ {0} }} }} }}'
    whole = ask(api, query.format(RESOLVED))
    for fields in parts(RESOLVED):
        assert is_part_of(ask(api, query.format(fields)), whole)


@pytest.mark.parametrize("field", ["agent(id: $id)", 'agentBySlug(slug: "SLUG")'])
def test_any_part_of_an_agent_and_its_variants_is_that_of_the_whole(api: Api, agent: Any, field: str) -> None:
    field = field.replace("SLUG", agent["slug"])
    variables = {"id": agent["id"]} if "$id" in field else {}
    query = "{{ " + field + ' {{ {0} variants {{ {1} }} variant(slug: "two") {{ {1} }} }} }}'
    whole = ask(api, query.format(AGENT, VARIANT), **variables)
    assert [variant["overrides"]["systemPrompt"] for variant in whole[field.partition("(")[0]]["variants"]] == [
        "One!",
        "Two!",
    ]
    for fields in parts(AGENT):
        assert is_part_of(ask(api, query.format(fields, "id"), **variables), whole)
    for fields in parts(VARIANT):
        assert is_part_of(ask(api, query.format("id", fields), **variables), whole)


def test_any_part_of_a_list_of_agents_is_that_of_the_whole(api: Api, agent: Any) -> None:
    # Of all agents that other tests have made, this one is in the filtered page whatever their number.
    arguments = f'filter: {{{{text: "{agent["slug"]}"}}}}, orderBy: {{{{field: NAME}}}}'
    query = "{{ agents(ARGUMENTS) {{ nodes {{ {0} }} edges {{ cursor }} pageInfo {{ endCursor }} }} }}"
    query = query.replace("ARGUMENTS", arguments)
    whole = ask(api, query.format(AGENT))
    assert agent["id"] in [node["id"] for node in whole["agents"]["nodes"]]
    for fields in parts(AGENT):
        assert is_part_of(ask(api, query.format(fields)), whole)


PAGE = "nodes { id name variants { id slug } } edges { node { slug } } edges { cursor } pageInfo { endCursor }"


@pytest.mark.parametrize("page", ["first: 3", "last: 3"])
@pytest.mark.parametrize("order", ["NAME", "CREATED_AT", "UPDATED_AT"])
def test_any_part_of_a_page_is_that_of_the_whole(api: Api, agent: Any, page: str, order: str) -> None:
    """Checks it with and without cursors, which are made of columns."""
    api.agent("Without variants")
    query = "{{ agents(PAGE, orderBy: {{field: ORDER, direction: DESC}}) {{ {0} }} }}"
    query = query.replace("PAGE", page).replace("ORDER", order)
    whole = ask(api, query.format(PAGE))
    for fields in parts(PAGE):
        for _ in range(2):  # the first time it is planned
            assert is_part_of(ask(api, query.format(fields)), whole)


def test_agents_come_with_their_variants_in_one_statement(server: RunningServer, agent: Any) -> None:
    api = server.api
    names = ["one\x1ftwo", "\\u001f", '"']
    api.agent("Without variants")
    query = f"{{ agents(last: 3) {{ nodes {{ id a: variants {{ {OWN} isActive }} b: variants {{ {VARIANT} }} }} }} }}"
    for count in (1, 1, 5):  # with the separator in a text, each of the fields loads its own, in two statements
        if count == 5:
            odd = api.agent("With the separator")
            for name in names:
                api.variant(odd, name)
        with recorded(server.database.engine) as statements:
            listed = ask_once(api, query)["agents"]["nodes"]
        # `config` asks for the agents of the variants.
        assert len([each for each in statements if "agent_variants" in each]) == count
        for node in listed:
            alone = ask_once(api, f"{{ agent(id: $id) {{ variants {{ {VARIANT} }} }} }}", id=node["id"])["agent"]
            assert node["b"] == alone["variants"]
            assert is_part_of(node["a"], node["b"])
    assert [each["name"] for each in listed[-1]["a"]] == names


@pytest.mark.parametrize(
    "selection",
    [
        "variants @include(if: $yes) { id slug name @skip(if: $yes) }",
        "... @include(if: $yes) { id variants { slug } }",
        "...F @include(if: $yes) } } } fragment F on Agent { ...G } fragment G on Agent { ... { variants { slug ",
    ],
)
def test_variants_under_a_condition_are_read_when_they_are_needed(server: RunningServer, selection: str) -> None:
    server.api.variant(server.api.agent(), "One")
    query = f"{{ agents(last: 1) {{ nodes {{ id {selection} }} }} }}"
    for yes, count in ((True, 2), (False, 1)):
        with recorded(server.database.engine) as statements:
            listed = ask_once(server.api, query, yes=yes)["agents"]["nodes"]
        assert len(statements) == count
        assert "agent_variants" not in statements[0]
        assert all(("variants" in node) == yes for node in listed)


def test_any_part_of_a_list_of_meetings_is_that_of_the_whole(api: Api, meeting: Any) -> None:
    page = "nodes { id } edges { node { title } } edges { cursor } pageInfo { endCursor }"
    page_query = "{{ meetings(first: 2, orderBy: {{field: UPDATED_AT}}) {{ {0} }} }}"
    whole = ask(api, page_query.format(page))
    for fields in parts(page):
        assert is_part_of(ask(api, page_query.format(fields)), whole)
    list_of = 'meetings(filter: {{text: "Selected"}}, orderBy: {{field: TITLE}})'
    query = f"{{{{ {list_of} {{{{ nodes {{{{ {{0}} }}}} pageInfo {{{{ endCursor }}}} }}}} }}}}"
    whole = ask(api, query.format(MEETING))
    assert meeting["id"] in [node["id"] for node in whole["meetings"]["nodes"]]
    for fields in parts(MEETING):
        assert is_part_of(ask(api, query.format(fields)), whole)


@pytest.mark.parametrize(
    "selection",
    [
        "nodes { ...S } } } } fragment S on Segment { ...T } fragment T on Segment { speaker createdAt text ",
        "nodes { ... on Node { id } ... on Segment { createdAt } speaker words: text }",
        "edges { node { ... { speaker createdAt } } } nodes { text }",
        "nodes { __typename speaker @include(if: $yes) createdAt @skip(if: $yes) text }",
        "nodes { text } nodes { speaker ...S } } } } fragment S on Segment { createdAt ",
    ],
)
def test_fragments_aliases_and_directives_are_looked_through(api: Api, meeting: Any, selection: str) -> None:
    document = f"{{ meeting(id: $id) {{ segments {{ {selection}"
    document += " }" * (document.count("{") - document.count("}"))
    variables = {"id": meeting["id"]} | ({"yes": True} if "$yes" in selection else {})
    answer = ask(api, document, **variables)["meeting"]["segments"]
    rows = (
        [edge["node"] | node for edge, node in zip(answer["edges"], answer["nodes"], strict=True)]
        if ("edges" in answer)
        else answer["nodes"]
    )
    assert [row.get("text") or row["words"] for row in rows] == ["Text 1", "Text 2", "Text 3"]
    assert [row["speaker"] for row in rows] == ["Speaker 1", "Speaker 2", "Speaker 0"]
    assert all(("createdAt" in row) == ("$yes" not in selection) for row in rows)


def test_what_variables_select_is_looked_at_anew(api: Api, meeting: Any) -> None:
    names = [f"v{n}" for n in range(8)]
    fields = ["speaker", "text", "startTime", "endTime", "isFinal", "confidence", "version", "createdAt"]
    parts = [
        f"segments @include(if: ${name}) {{ nodes {{ {field} }} }}" for name, field in zip(names, fields, strict=True)
    ]
    declared = " ".join(f"${name}: Boolean!" for name in names)
    whole = f"segments {{ nodes {{ segmentId }} }} {' '.join(parts)}"
    document = f"query ($id: ID! {declared}) {{ meeting(id: $id) {{ {whole} }} }}"
    for number in range(2 ** len(names)):
        chosen = {name: bool(number >> n & 1) for n, name in enumerate(names)}
        answer = api.post(document, {"id": meeting["id"], **chosen})
        (row, *_) = answer["data"]["meeting"]["segments"]["nodes"]
        expected = [field for name, field in zip(names, fields, strict=True) if chosen[name]]
        assert list(row) == ["segmentId", *expected]
        assert all(row[field] is not None for field in expected if field != "confidence")


def test_only_what_is_asked_for_is_read(server: RunningServer, meeting: Any, agent: Any) -> None:
    with recorded(server.database.engine) as statements:
        ask_once(server.api, "{ meeting(id: $id) { segments { nodes { text } } } }", id=meeting["id"])
        ask_once(server.api, "{ agents { nodes { slug variants { overrides { temperature } } } } }")
    _, page, agents = statements
    assert "updated_at" not in page
    assert "text" in page
    assert "system_prompt" not in agents
    assert "slug" in agents
    assert "temperature" in agents


def test_agents_come_with_what_they_resolve_to_in_one_statement(server: RunningServer, agent: Any) -> None:
    resolved = "{ variantId systemPrompt sources { field from } etag }"
    with recorded(server.database.engine) as statements:
        by_slug = ask_once(server.api, f'{{ agentBySlug(slug: "{agent["slug"]}") {{ id resolvedConfig {resolved} }} }}')
        listed = ask_once(server.api, f"{{ agents(last: 100) {{ nodes {{ id resolvedConfig {resolved} }} }} }}")
        assert len(statements) == 2
        loaded = ask_once(server.api, f"{{ agent(id: $id) {{ id resolvedConfig {resolved} }} }}", id=agent["id"])
    assert by_slug["agentBySlug"] == loaded["agent"]
    assert loaded["agent"] in listed["agents"]["nodes"]


def test_parts_of_which_nothing_is_asked_are_there(api: Api, agent: Any) -> None:
    asked = "config { __typename } resolvedConfig { __typename } variants { overrides { __typename } }"
    answer = ask(api, f'{{ agentBySlug(slug: "{agent["slug"]}") {{ {asked} }} }}')["agentBySlug"]
    assert answer["config"] == {"__typename": "AgentConfig"}
    assert answer["resolvedConfig"] == {"__typename": "ResolvedConfig"}
    assert answer["variants"] == [{"overrides": {"__typename": "ConfigOverrides"}}] * len(answer["variants"])

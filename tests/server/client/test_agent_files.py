"""Checks that agents written as YAML files are read again, and that problems are named."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.client.agent_files import NotAManifest, in_files, read_manifest, write_manifest

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.sampled_from(
    [
        "no",
        "1",
        "1e5",
        "2026-11-20",
        "~",
        "a: b",
        "- a",
        "a\n",
        "\na",
        "a \nb",
        " a\n b",
        "a\r\nb",
        "a\tb\n",
        "é\u2028ü",
    ]
)
COUNTS = st.integers(0, 2**31 - 1)
CONFIG = {
    **dict.fromkeys(("modelProvider", "modelName", "systemPrompt", "userPromptTemplate", "promptVersion"), TEXTS),
    "temperature": st.floats(0, 2),
    **dict.fromkeys(("maxTokens", "contextWindow", "inputTokenLimit", "tokenBudget"), COUNTS),
    **dict.fromkeys(("timeoutSeconds", "maxRetries"), COUNTS),
}
SLUGS = st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,2}", fullmatch=True)
VARIANTS = st.fixed_dictionaries(
    {
        "slug": SLUGS,
        "name": TEXTS,
        "description": TEXTS,
        "overrides": st.fixed_dictionaries({name: values | st.none() for name, values in CONFIG.items()}),
    }
)
AGENTS = st.fixed_dictionaries(
    {
        "slug": SLUGS,
        "name": TEXTS,
        "description": TEXTS,
        "config": st.fixed_dictionaries(CONFIG),
        "activeVariant": st.none() | st.fixed_dictionaries({"slug": SLUGS}),
        "variants": st.lists(VARIANTS, max_size=3, unique_by=lambda variant: str(variant["slug"])),
    }
)


@given(agent=AGENTS)
def test_what_is_written_is_read_again(agent: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / f"{agent['slug']}.yaml"
    path.write_bytes(write_manifest(agent).encode())
    active = agent["activeVariant"]
    variants = [
        variant | {"overrides": {name: value for name, value in variant["overrides"].items() if value is not None}}
        for variant in agent["variants"]
    ]
    assert read_manifest(path) == agent | {"activeVariant": active and active["slug"], "variants": variants}


def test_prompts_are_blocks_that_can_be_reviewed_line_by_line() -> None:
    agent = {"name": "A", "description": "", "config": {"systemPrompt": "One: two\n\nÜber # three\n"}, "variants": []}
    assert "systemPrompt: |\n    One: two\n\n    Über # three\n" in write_manifest({**agent, "activeVariant": None})


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("Scribe.yaml", "name: A", "the agent's slug"),
        ("a.yaml", "- name", "the file must be a mapping"),
        ("a.yaml", "", "the file must be a mapping"),
        ("a.yaml", "description: A", "name is needed"),
        ("a.yaml", "name: A\ncolour: red", "colour is not known"),
        ("a.yaml", "name: A\nname: B", "'name' is given twice"),
        ("a.yaml", "name: A\nvariants:\n  b: {}\n  b: {}", "'b' is given twice"),
        ("a.yaml", "name: A\nvariants: {b: {slug: c}}", "variants.b.slug is not known"),
        ("a.yaml", "name: A\nvariants: [b]", "variants must be a mapping"),
        ("a.yaml", "name: A\nconfig: {modelName: [a]}", "config.modelName must be a text or a number"),
        ("a.yaml", "name: A\nconfig: {temperature: .nan}", "config.temperature must be a text or a number"),
        ("a.yaml", "name: A\nvariants: {b: {overrides: {modelName: !!binary YQ==}}}", "must be a text or a number"),
        ("a.yaml", "name: .nan", "name must be a text"),
        ("a.yaml", "name: 5", "name must be a text: put it in quotes"),
        ("a.yaml", "name:", "name must be a text"),
        ("a.yaml", 'name: "\\uD800"', "name must not contain a lone surrogate"),
        ("a.yaml", "name: !!binary YQ==", "name must be a text"),
        ("a.yaml", "name: !!set {a}", "name must be a text"),
        ("a.yaml", "name: A\ndescription: &a [*a]", "description must be a text"),
        ("a.yaml", "name: A\ndescription: !!timestamp 2026-11-20", "description must be a text"),
        ("a.yaml", "name: A\nactive: no", "active must be a text"),
        ("a.yaml", "name: A\nvariants: {b: {name: .inf}}", "variants.b.name must be a text"),
        ("a.yaml", "name: A\nvariants: {b: {description: !!set {a}}}", "variants.b.description must be a text"),
        (
            "a.yaml",
            'name: A\nconfig: {systemPrompt: "\\uD800"}',
            "config.systemPrompt must not contain a lone surrogate",
        ),
        ("a.yaml", 'name: A\nconfig: {"\\uD800": a}', "config: the key .* must not contain a lone surrogate"),
        ("a.yaml", "name: A\nvariants: {null: {name: B}}", "variants: a key must be a text: put null in quotes"),
        ("a.yaml", "name: A\nvariants: {1: {name: B}}", "variants: a key must be a text: put 1 in quotes"),
        ("a.yaml", "name: !!int ''", "is no YAML"),
        ("a.yaml", "name: !!bool A", "is no YAML"),
        ("a.yaml", "name: !!timestamp A", "is no YAML"),
        ("a.yaml", "name: 'A", "is no YAML"),
        ("a.yaml", "name: A\n---\nname: B", "is no YAML"),
        ("a.yaml", "name: !!python/object:os.system A", "is no YAML"),
        ("a.yaml", "[" * 10_000, "is no YAML"),
        ("a.yaml", "name: \udcff", "is no YAML"),
    ],
)
def test_what_is_no_manifest_is_told_why(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(NotAManifest, match=says):
        read_manifest(path)


PATHS = [Path("good.yaml"), Path("bad.yaml")]
MANIFESTS: list[dict[str, Any]] = [{"variants": []}, {"variants": [{"slug": "brief"}, {"slug": "long"}]}]


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("agents.1.name must be", "bad.yaml: name must be"),
        ("agents.1.variants.0.overrides.maxTokens must be", "bad.yaml: variants.brief.overrides.maxTokens must be"),
        ("agents.0.name a; agents.1.activeVariant b", "good.yaml: name a; bad.yaml: active b"),
        (
            "Variable '$agents' has invalid value at [1].variants[1].name: String cannot",
            "bad.yaml: variants.long.name: String cannot",
        ),
        ("Variable '$agents' has invalid value at [1]: Field", "bad.yaml: Field"),
        ("agents.1.variants must have", "bad.yaml: variants must have"),
        ("agents.7.name must be", "agents.7.name must be"),
    ],
)
def test_what_the_server_says_names_files_and_their_keys(message: str, says: str) -> None:
    assert in_files(message, PATHS, MANIFESTS) == says

"""Checks that agents written as YAML files are read again, and that problems are named."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.client.agent_files import NotAManifest, in_files, read_folder, read_manifest, write_manifest
from tests.harness.parameters import PARAMETERS

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
    "parameters": PARAMETERS.filter(bool),
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
        ("a.yaml", "name: A\nconfig: {modelName: [a]}", "config.modelName must be a text"),
        ("a.yaml", "name: A\nconfig: {temperature: .nan}", "config.temperature must be a text or a number"),
        (
            "a.yaml",
            "name: A\nvariants: {b: {overrides: {modelName: !!binary YQ==}}}",
            "line 2: the tag .*binary.* is not read",
        ),
        ("a.yaml", "name: A\nconfig: {parameters: [a]}", "config.parameters must be a mapping"),
        (
            "a.yaml",
            "name: A\nconfig: {parameters: {a: [{b: .inf}]}}",
            "config.parameters.a.0.b must be a finite number",
        ),
        ("a.yaml", "name: A\nconfig: {parameters: {a: {1: b}}}", "config.parameters.a: a key must be a text: put 1"),
        ("a.yaml", "name: A\nconfig: {parameters: {a: 010}}", "config.parameters.a is 010"),
        ("a.yaml", "name: .nan", "name must be a text"),
        ("a.yaml", "name: 5", "name must be a text: put it in quotes"),
        ("a.yaml", "name:", "name must be a text"),
        ("a.yaml", 'name: "\\uD800"', "line 1: .* invalid Unicode character"),
        ("a.yaml", "name: !!binary YQ==", "the tag"),
        ("a.yaml", "name: !!set {a}", "the tag"),
        ("a.yaml", "name: A\ndescription: &a [*a]", "line 2: anchors and aliases"),
        ("a.yaml", "name: A\ndescription: !!timestamp 2026-11-20", "the tag"),
        ("a.yaml", "name: A\nactive: false", "active must be a text"),
        ("a.yaml", "name: A\nvariants: {b: {name: .inf}}", "variants.b.name must be a text"),
        ("a.yaml", "name: A\nvariants: {b: {description: !!set {a}}}", "the tag"),
        (
            "a.yaml",
            'name: A\nconfig: {systemPrompt: "\\uD800"}',
            "line 2: .* invalid Unicode character",
        ),
        ("a.yaml", 'name: A\nconfig: {"\\uD800": a}', "line 2: .* invalid Unicode character"),
        ("a.yaml", "name: A\nvariants: {null: {name: B}}", "variants: a key must be a text: put null in quotes"),
        ("a.yaml", "name: A\nvariants: {1: {name: B}}", "variants: a key must be a text: put 1 in quotes"),
        ("a.yaml", "name: !!int ''", "the tag"),
        ("a.yaml", "name: !!bool A", "the tag"),
        ("a.yaml", "name: !!timestamp A", "the tag"),
        ("a.yaml", "name: 'A", "is no YAML: line 1"),
        (
            "a.yaml",
            "name: A\nconfig: {maxTokens: 010}",
            "config.maxTokens is 010, which .* octal .*: write 10, or '010'",
        ),
        (
            "a.yaml",
            "name: A\nconfig: {promptVersion: 007}",
            "config.promptVersion is 007, .*: write 7, or '007' in quotes",
        ),
        ("a.yaml", "name: A\nconfig: {promptVersion: 1.10}", "config.promptVersion must be a text: put it in quotes"),
        ("a.yaml", "name: A\nconfig: {modelName: true}", "config.modelName must be a text: put it in quotes"),
        ("a.yaml", "name: A\nvariants: {b: &x {name: B}, c: {<<: *x}}", "line 2: anchors and aliases"),
        ("a.yaml", "name: A\nvariants: {c: {<<: {name: B}}}", "variants.c: merge keys .* are not read"),
        ("a.yaml", "name: A\n---\nname: B", "is no YAML"),
        ("a.yaml", "name: !!python/object:os.system A", "the tag"),
        ("a.yaml", "[" * 10_000, "is nested deeper than 21 levels"),
        ("a.yaml", "name: \udcff", "is not in UTF-8"),
    ],
)
def test_what_is_no_manifest_is_told_why(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(NotAManifest, match=says):
        read_manifest(path)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("1:30", "1:30"),
        ("2026-11-20", "2026-11-20"),
        ("1_000", "1_000"),
        ("!!str 010", "010"),
    ],
)
def test_a_text_that_yaml_1_1_takes_for_something_else_stays_a_text(tmp_path: Path, written: str, value: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"name: A\nconfig: {{promptVersion: {written}}}\n")
    assert read_manifest(path)["config"]["promptVersion"] == value


@pytest.mark.parametrize(("written", "value"), [("1e-3", 0.001), (".5", 0.5), ("0x10", 16), ("0o17", 15), ("+1", 1)])
def test_numbers_are_those_of_yaml_1_2(tmp_path: Path, written: str, value: float) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"name: A\nconfig: {{temperature: {written}}}\n")
    assert read_manifest(path)["config"]["temperature"] == value


def test_nothing_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", ".c.yaml", "d.yml", "README.md", "more/e.yaml", ".git/f.yaml", "docs/g.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "missing")
    folder = read_folder(tmp_path)
    assert [path.name for path in folder.manifests] == ["a.yaml", "b.yaml", "gone.yaml"]
    assert [path.name for path, _ in folder.refused] == [".c.yaml", "d.yml", "more"]
    assert [path.name for path in folder.ignored] == [".git", "README.md", "docs"]


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

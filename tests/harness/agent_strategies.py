"""Generates valid agents, variants and configurations for Hypothesis."""

import re
from typing import Any

from hypothesis import strategies as st

from tests.harness.parameters import PARAMETERS

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NAMES = st.sampled_from(["Scribe", "scribe!", "Scribe 2", "Протокол", "議事録", "🤖"]) | TEXTS.filter(str.strip)
PROMPTS = TEXTS.filter(lambda text: not text or bool(text.strip()))
LABELS = st.sampled_from(["a", "b"]) | TEXTS.filter(str.strip).map(str.strip)
NUMBERS = st.sampled_from([0, 1, 2**31 - 1]) | st.integers(0, 2**31 - 1)
CONFIG_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "modelProvider": LABELS,
    "modelName": LABELS,
    "systemPrompt": PROMPTS,
    "userPromptTemplate": PROMPTS,
    "promptVersion": LABELS,
    "temperature": st.sampled_from([0.0, 2.0]) | st.floats(0, 2),
    "maxTokens": NUMBERS,
    "contextWindow": NUMBERS,
    "inputTokenLimit": NUMBERS,
    "tokenBudget": NUMBERS,
    "timeoutSeconds": NUMBERS,
    "maxRetries": NUMBERS,
    "parameters": PARAMETERS,
}
"""Valid values of the fields, as they are stored."""
CONFIG_NAMES = tuple(CONFIG_VALUES)
CONFIGS = st.fixed_dictionaries({}, optional=CONFIG_VALUES)
"""Some of the fields, each with a value."""
OVERRIDES = st.fixed_dictionaries({}, optional={name: st.none() | values for name, values in CONFIG_VALUES.items()})
"""Some of the fields, each with a value or null."""
NO_OVERRIDES: dict[str, Any] = dict.fromkeys(CONFIG_NAMES)
DEFAULTS: dict[str, Any] = {
    "systemPrompt": "",
    "userPromptTemplate": "",
    "promptVersion": "1",
    "temperature": 0.7,
    "maxTokens": 4096,
    "contextWindow": 128_000,
    "inputTokenLimit": 100_000,
    "tokenBudget": 1_000_000,
    "timeoutSeconds": 60,
    "maxRetries": 3,
    "parameters": {},
}
"""The values of a new agent's fields that its creator left out."""
VERSIONS = st.sampled_from(["absent", "right", "stale"])
SLUGS = st.sampled_from(["one", "two", "scribe"])
NAMING = {"name": NAMES, "description": PROMPTS}

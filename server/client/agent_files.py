"""Agents as YAML files in a directory, one each, named by their slugs: for a git repository, where prompts are reviewed."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from domain.slugs import slug
from domain.validation import Rule, Violation, storable
from server.client.api_client import ApiClient

MANIFEST_SUFFIX = ".yaml"
PAGE = 100
MAX_FILE_BYTES = 16 * 1024 * 1024
"""Bytes: more than an agent with all its variants can have in common use."""

_text_rule: Rule = storable(MAX_FILE_BYTES)
"""What can be sent at all; how long it may be, the server says."""

_AGENT = {"name", "description", "active", "config", "variants"}
_VARIANT = {"name", "description", "overrides"}


class NotAManifest(Exception):
    """What is in the file is no agent; the message says why, for a person."""


# Writing


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Texts of several lines as blocks, as people write them; nothing by reference."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Other characters that YAML takes for the end of a line stay what they are only where they are escaped.
    style = '"' if re.search("[\r\x85\u2028\u2029\ufeff]", text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def write_manifest(agent: Mapping[str, Any]) -> str:
    """The YAML of an agent as the operation `AgentManifests` gives it."""
    manifest = {
        "name": agent["name"],
        "description": agent["description"],
        "active": agent["activeVariant"] and agent["activeVariant"]["slug"],
        "config": agent["config"],
        "variants": {
            variant["slug"]: {
                "name": variant["name"],
                "description": variant["description"],
                "overrides": {name: value for name, value in variant["overrides"].items() if value is not None},
            }
            for variant in agent["variants"]
        },
    }
    dumped: str = yaml.dump(manifest, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=2**31)
    return dumped


# Reading


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Refuses a key that is given twice, of which YAML's loaders take the last."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own attribute)
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    """A version such as 2026-11-20 stays a text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise NotAManifest(f"line {node.start_mark.line + 1}: {key!r} is given twice")
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def read_manifest(path: Path) -> dict[str, Any]:
    """The agent of a file, as the mutation `applyAgents` takes it. Raises NotAManifest; values are checked by the server."""
    try:
        name = slug(path.name.removesuffix(MANIFEST_SUFFIX))
    except Violation as error:
        raise NotAManifest(f"the file's name is the agent's slug, and {error}") from error
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise NotAManifest(f"is larger than {MAX_FILE_BYTES // 2**20} MiB")
        loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise NotAManifest(f"cannot be read: {error.strerror}") from error
    # PyYAML raises what it happens to meet where a tag does not suit its text: KeyError, IndexError, AttributeError.
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError, TypeError) as error:
        raise NotAManifest(f"is no YAML: {' '.join(str(error).split())}") from error
    return {"slug": name, **_agent(loaded)}


def _agent(value: Any) -> dict[str, Any]:
    given = _mapping(value, "", _AGENT)
    if "name" not in given:
        raise NotAManifest("name is needed")
    agent = _named(given, "")
    agent["config"] = _values(given.get("config"), "config")
    agent["variants"] = [
        _variant(name, variant) for name, variant in _mapping(given.get("variants"), "variants").items()
    ]
    if "active" in given:
        agent["activeVariant"] = _text_or_nothing(given["active"], "active")
    return agent


def _variant(name: str, value: Any) -> dict[str, Any]:
    where = f"variants.{name}"
    given = _mapping(value, where, _VARIANT)
    overrides = _values(given.get("overrides"), f"{where}.overrides")
    return {"name": name, **_named(given, f"{where}."), "slug": name, "overrides": overrides}


def _named(given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The name and the description, as far as they are given."""
    named = {name: _text_or_nothing(given[name], prefix + name) for name in ("name", "description") if name in given}
    if "name" in named and named["name"] is None:
        raise NotAManifest(f"{prefix}name must be a text")
    return named


def _text_or_nothing(value: Any, where: str) -> Any:
    if value is not None and not isinstance(value, str):
        unquoted = isinstance(value, int | float)  # which are texts to whoever wrote them
        raise NotAManifest(f"{where} must be a text" + (": put it in quotes" if unquoted else ""))
    return _sendable(value, where)


def _values(value: Any, where: str) -> dict[str, Any]:
    """A mapping of what JSON can hold; whether it is what the server wants, the server says."""
    values = _mapping(value, where)
    for name, item in values.items():
        if not isinstance(item, str | int | float | None) or (isinstance(item, float) and not math.isfinite(item)):
            raise NotAManifest(f"{where}.{name} must be a text or a number")
        _sendable(item, f"{where}.{name}")
    return values


def _sendable(value: Any, where: str) -> Any:
    try:
        return _text_rule(value) if isinstance(value, str) else value
    except Violation as error:
        raise NotAManifest(f"{where} {error}") from error


def _mapping(value: Any, where: str, known: set[str] | None = None) -> dict[str, Any]:
    """The mapping with the keys that are known; nothing is as good as an empty one."""
    if value is None and where:
        return {}
    if not isinstance(value, dict):
        raise NotAManifest(f"{where or 'the file'} must be a mapping")
    for key in value:
        if not isinstance(key, str):
            shown = json.dumps(key, default=str)
            raise NotAManifest(f"{where or 'the file'}: a key must be a text: put {shown} in quotes")
        _sendable(key, f"{where or 'the file'}: the key {key!r}")
        if known is not None and key not in known:
            at = f"{where}.{key}" if where else key
            raise NotAManifest(f"{at} is not known: there are {', '.join(sorted(known))}")
    return value


# A directory and a server


def pull(client: ApiClient) -> Iterator[tuple[str, str]]:
    """Each of the server's agents: its file's name and what is to be in it."""
    after = None
    while True:
        page = client.run("AgentManifests", first=PAGE, after=after)
        for agent in page["nodes"]:
            yield f"{agent['slug']}{MANIFEST_SUFFIX}", write_manifest(agent)
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def manifest_files(directory: Path) -> list[Path]:
    """The directory's manifests, by name."""
    return [path for path in _shown(directory) if path.name.endswith(MANIFEST_SUFFIX)]


def misnamed_files(directory: Path) -> list[Path]:
    """What looks like a manifest, and would be passed over for its name."""
    return [
        path
        for path in _shown(directory)
        if path.suffix.lower() in (".yml", MANIFEST_SUFFIX) and path.suffix != MANIFEST_SUFFIX
    ]


def _shown(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if not path.name.startswith("."))


_PLACE = re.compile(r"(?:\bagents\.(\d+)|Variable '\$agents' has invalid value at \[(\d+)\])((?:\.\w+|\[\d+\])*)")
_VARIANT_PLACE = re.compile(r"^\.variants(?:\.(\d+)|\[(\d+)\])")


def in_files(message: str, paths: Sequence[Path], manifests: Sequence[Mapping[str, Any]]) -> str:
    """A message of the server, with files for the numbers of their manifests, and what their keys are in the files."""

    def file(match: re.Match[str]) -> str:
        index = int(match[1] or match[2])
        if index >= len(paths):
            return match[0]

        def variant(found: re.Match[str]) -> str:
            number, variants = int(found[1] or found[2]), manifests[index]["variants"]
            return f".variants.{variants[number]['slug']}" if number < len(variants) else found[0]

        place = re.sub(r"^\.activeVariant\b", ".active", _VARIANT_PLACE.sub(variant, match[3]))
        return f"{paths[index].name}: {place[1:]}" if place else paths[index].name

    return _PLACE.sub(file, message)

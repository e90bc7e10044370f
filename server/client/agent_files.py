"""Writes agents to YAML files and reads them: one file an agent, named by its slug, for a git repository."""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from domain.configs import AgentConfig
from domain.rules import StorableText, Violation
from domain.slugs import slug
from domain.validation import declarations
from server.client import manifest_yaml
from server.client.api_client import ApiClient

MANIFEST_SUFFIX = ".yaml"
PAGE_SIZE = 100
MAX_FILE_BYTES = 16 * 1024 * 1024
"""The size of a file, which is more than an agent with all its variants has in common use."""

_text_rule = StorableText(MAX_FILE_BYTES)
"""The rule for texts that JSON and PostgreSQL can hold; the server checks their lengths."""

_AGENT = {"name", "description", "active", "config", "variants"}
_VARIANT = {"name", "description", "overrides"}


def camel_case(name: str) -> str:
    """Returns a field's name as GraphQL and manifests have it. (Strawberry's function would import all of Strawberry.)"""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


_TEXT_FIELDS = {camel_case(name) for name, declared in declarations(AgentConfig).items() if declared.type is str}
"""The configuration's fields that are texts, as manifests name them."""


class NotAManifest(Exception):
    """The file does not hold an agent; the message says why, for a person."""


def write_manifest(agent: Mapping[str, Any]) -> str:
    """Returns the YAML of an agent that the operation `AgentManifests` gave."""
    manifest = {
        "name": agent["name"],
        "description": agent["description"],
        "active": agent["activeVariant"] and agent["activeVariant"]["slug"],
        "config": {name: value for name, value in agent["config"].items() if name != "parameters" or value},
        "variants": {
            variant["slug"]: {
                "name": variant["name"],
                "description": variant["description"],
                "overrides": {name: value for name, value in variant["overrides"].items() if value is not None},
            }
            for variant in agent["variants"]
        },
    }
    return manifest_yaml.dump(manifest)


def read_manifest(path: Path) -> dict[str, Any]:
    """Returns the agent of a file, as the mutation `applyAgents` takes it; the server checks the values.

    Raises NotAManifest.
    """
    try:
        name = slug(path.name.removesuffix(MANIFEST_SUFFIX))
    except Violation as error:
        raise NotAManifest(f"the file's name is the agent's slug, and {error}") from error
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise NotAManifest(f"is larger than {MAX_FILE_BYTES // 2**20} MiB")
        loaded = manifest_yaml.load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise NotAManifest(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise NotAManifest(f"is not in UTF-8 (byte {error.start:,})") from error
    except manifest_yaml.NotYaml as error:
        raise NotAManifest(str(error)) from error
    return {"slug": name, **_parse_agent(loaded)}


def _parse_agent(value: object) -> dict[str, Any]:
    given = _check_mapping(value, "", _AGENT)
    if "name" not in given:
        raise NotAManifest("name is needed")
    agent = _name_and_description(given, "")
    agent["config"] = _parse_values(given.get("config"), "config")
    agent["variants"] = [
        _parse_variant(name, variant) for name, variant in _check_mapping(given.get("variants"), "variants").items()
    ]
    if "active" in given:
        agent["activeVariant"] = _check_optional_text(given["active"], "active")
    return agent


def _parse_variant(name: str, value: object) -> dict[str, object]:
    where = f"variants.{name}"
    given = _check_mapping(value, where, _VARIANT)
    overrides = _parse_values(given.get("overrides"), f"{where}.overrides")
    return {"name": name, **_name_and_description(given, f"{where}."), "slug": name, "overrides": overrides}


def _name_and_description(given: Mapping[str, object], prefix: str) -> dict[str, object]:
    """Returns the name and the description, as far as the file has them."""
    named = {
        name: _check_optional_text(given[name], prefix + name) for name in ("name", "description") if name in given
    }
    if "name" in named and named["name"] is None:
        raise NotAManifest(f"{prefix}name must be a text")
    return named


def _check_optional_text(value: object, where: str) -> object:
    _refuse_ambiguous(value, where)
    if value is not None and not isinstance(value, str):
        unquoted = isinstance(value, int | float)  # a text to whoever wrote it
        raise NotAManifest(f"{where} must be a text" + (": put it in quotes" if unquoted else ""))
    return _check_text(value, where)


def _parse_values(value: object, where: str) -> dict[str, object]:
    """Returns a mapping of configuration fields; the server says whether it wants these values."""
    values = _check_mapping(value, where)
    for name, item in values.items():
        if name in _TEXT_FIELDS:
            _check_optional_text(item, f"{where}.{name}")
            continue
        if name == "parameters" and item is not None:
            _check_json(_check_mapping(item, f"{where}.{name}"), f"{where}.{name}")
            continue
        _refuse_ambiguous(item, f"{where}.{name}")
        if not isinstance(item, str | int | float | None) or (isinstance(item, float) and not math.isfinite(item)):
            raise NotAManifest(f"{where}.{name} must be a text or a number")
        _check_text(item, f"{where}.{name}")
    return values


def _check_json(value: object, where: str) -> None:
    """Raises NotAManifest for what JSON does not have."""
    _refuse_ambiguous(value, where)
    if isinstance(value, dict):
        for name, item in _check_mapping(value, where).items():
            _check_json(item, f"{where}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_json(item, f"{where}.{index}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise NotAManifest(f"{where} must be a finite number")
    else:
        _check_text(value, where)


def _refuse_ambiguous(value: object, where: str) -> None:
    """Raises NotAManifest for a number that would be changed: `010` is ten to some readers, and eight to others."""
    if isinstance(value, manifest_yaml.Ambiguous):
        plain = str(int(value))
        raise NotAManifest(
            f"{where} is {value}, which some read as an octal number: write {plain}, or '{value}' in quotes"
        )


def _check_text(value: object, where: str) -> object:
    try:
        return _text_rule(value) if isinstance(value, str) else value
    except Violation as error:
        raise NotAManifest(f"{where} {error}") from error


def _check_mapping(value: object, where: str, known: set[str] | None = None) -> dict[str, object]:
    """Returns the mapping, or an empty one for null. Raises NotAManifest for a key that is no text, or is not known."""
    if value is None and where:
        return {}
    if not isinstance(value, dict):
        raise NotAManifest(f"{where or 'the file'} must be a mapping")
    for key in value:
        _refuse_ambiguous(key, f"{where or 'the file'}: a key")
        if not isinstance(key, str):
            shown = json.dumps(key, default=str)
            raise NotAManifest(f"{where or 'the file'}: a key must be a text: put {shown} in quotes")
        _check_text(key, f"{where or 'the file'}: the key {key!r}")
        if key == "<<":
            raise NotAManifest(f"{where or 'the file'}: merge keys (<<) are not read: write the values out")
        if known is not None and key not in known:
            at = f"{where}.{key}" if where else key
            raise NotAManifest(f"{at} is not known: there are {', '.join(sorted(known))}")
    return value


def pull(client: ApiClient) -> Iterator[tuple[str, str]]:
    """Yields the name and the content of the file of each of the server's agents."""
    for page in client.pages("AgentManifests", first=PAGE_SIZE):
        for agent in page:
            yield f"{agent['slug']}{MANIFEST_SUFFIX}", write_manifest(agent)


class Folder(NamedTuple):
    """The entries of a directory, sorted by name: nothing in it is passed over silently."""

    manifests: list[Path]
    refused: list[tuple[Path, str]]
    """Entries that somebody may take for manifests, each with the reason why it is none: they would be pruned."""
    ignored: list[Path]
    """Entries that nobody takes for manifests, such as README.md and .git."""


_YAML_SUFFIXES = (".yaml", ".yml")


def read_folder(directory: Path) -> Folder:
    """Sorts the entries of a directory. Raises OSError if it cannot be read."""
    folder = Folder([], [], [])
    for path in sorted(directory.iterdir()):
        is_yaml = path.suffix.lower() in _YAML_SUFFIXES or path.name.lower() in _YAML_SUFFIXES
        if path.is_dir():
            if is_yaml or (not path.name.startswith(".") and _holds_yaml(path)):
                folder.refused.append((path, "is a folder: manifests in it are not read"))
            else:
                folder.ignored.append(path)
        elif not is_yaml:
            folder.ignored.append(path)
        elif path.suffix != MANIFEST_SUFFIX or path.name.startswith("."):
            folder.refused.append((path, f"must be named SLUG{MANIFEST_SUFFIX}"))
        else:
            folder.manifests.append(path)
    return folder


def _holds_yaml(directory: Path) -> bool:
    """Tells whether there is a YAML file in the directory or below; links to directories are not followed."""
    return any(
        name.lower().endswith(_YAML_SUFFIXES) for _, _, names in os.walk(directory, followlinks=False) for name in names
    )


_PLACE = re.compile(r"(?:\bagents\.(\d+)|Variable '\$agents' has invalid value at \[(\d+)\])((?:\.\w+|\[\d+\])*)")
_VARIANT_PLACE = re.compile(r"^\.variants(?:\.(\d+)|\[(\d+)\])")


def in_files(message: str, paths: Sequence[Path], manifests: Sequence[Mapping[str, Any]]) -> str:
    """Returns a message of the server with files named instead of numbered, and with keys as the files have them."""

    def file(match: re.Match[str]) -> str:
        index = int(match[1] or match[2])
        if index >= len(paths):
            return match[0]

        def variant(found: re.Match[str]) -> str:
            number, variants = int(found[1] or found[2]), manifests[index]["variants"]
            return f".variants.{variants[number]['slug']}" if number < len(variants) else found[0]

        place = re.sub(r"^\.activeVariant\b", ".active", _VARIANT_PLACE.sub(variant, match[3]))
        return f"{paths[index]}: {place[1:]}" if place else str(paths[index])

    return _PLACE.sub(file, message)

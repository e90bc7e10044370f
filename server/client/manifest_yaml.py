"""Reads and writes the YAML of one agent, by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/, 10.3.2).

PyYAML follows YAML 1.1, which reads `010` as eight, `1:30` as ninety, `no` as false and `1e-3` as a text. This module gives
it the rules of 1.2, and refuses by name every value that people could mean in two ways, rather than change it.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from domain.json_objects import MAX_JSON_DEPTH

MAX_DEPTH = MAX_JSON_DEPTH + 5
"""Mappings and lists within each other; a manifest needs four around the parameters of a variant."""

_TAG = "tag:yaml.org,2002:"
_BASE: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the parser in C where PyYAML was built with it: 10 times as fast
_AMBIGUOUS_TAG = "!ambiguous"
_RESOLVERS = (
    ("null", re.compile(r"(?:~|null|Null|NULL|)$"), "~nN\0"),
    ("bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    (_AMBIGUOUS_TAG, re.compile(r"[-+]?0[0-9]+$"), "-+0"),
    ("int", re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"), "-+0123456789"),
    ("float", re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"), "-+.0123456789"),
    ("float", re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"), "-+."),
)
"""The tag of a plain scalar by its form, and the characters that such a scalar can begin with (NUL: it is empty)."""


class NotYaml(Exception):
    """The text is not YAML that is read here; the message says why, and in which line."""


class Ambiguous(str):
    """A plain scalar that YAML 1.1 and 1.2, and people, read as different numbers, such as `010`."""

    __slots__ = ()


def _implicit_resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for tag, pattern, first_characters in _RESOLVERS:
        for first in first_characters:
            full_tag = tag if tag.startswith("!") else _TAG + tag
            resolvers.setdefault(first.replace("\0", ""), []).append((full_tag, pattern))
    return resolvers


class _Loader(_BASE):  # type: ignore[misc]
    """Resolves plain scalars as YAML 1.2 does, and refuses a key that is given twice."""

    yaml_implicit_resolvers = _implicit_resolvers()

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys: set[str] = set()
        for key, _ in node.value:
            if key.value in keys:
                raise NotYaml(f"line {key.start_mark.line + 1}: {_shortened(str(key.value))} is given twice")
            if isinstance(key.value, str):
                keys.add(key.value)
        mapping: dict[object, object] = super().construct_mapping(node, deep)
        return mapping

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Does nothing: merge keys (`<<`) belong to YAML 1.1, and are refused as unknown keys."""

    def _construct_int(self, node: yaml.ScalarNode) -> int:
        text: str = self.construct_scalar(node)
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)

    def _construct_float(self, node: yaml.ScalarNode) -> float:
        return float(self.construct_scalar(node).replace(".inf", "inf").replace(".Inf", "inf").replace(".nan", "nan"))

    def _construct_ambiguous(self, node: yaml.ScalarNode) -> Ambiguous:
        return Ambiguous(self.construct_scalar(node))


_Loader.add_constructor(f"{_TAG}int", _Loader._construct_int)
_Loader.add_constructor(f"{_TAG}float", _Loader._construct_float)
_Loader.add_constructor(_AMBIGUOUS_TAG, _Loader._construct_ambiguous)


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writes texts of several lines as blocks, as people do, repeats what it has written instead of referring to it, and
    quotes every text that YAML 1.1 or 1.2 would take for something else.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own attribute)
        first: [
            *yaml.SafeDumper.yaml_implicit_resolvers.get(first, ()),
            *_Loader.yaml_implicit_resolvers.get(first, ()),
        ]
        for first in yaml.SafeDumper.yaml_implicit_resolvers.keys() | _Loader.yaml_implicit_resolvers.keys()
    }

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Other characters that YAML takes for the end of a line keep their value only where they are escaped.
    style = '"' if re.search("[\r\x85\u2028\u2029\ufeff]", text) else "|" if "\n" in text else None
    return dumper.represent_scalar(f"{_TAG}str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def load(text: str) -> object:
    """Returns the only document of a text: mappings, lists, texts, numbers, true, false and null; `Ambiguous` scalars.

    The time is linear in the length of the text. Raises NotYaml, also for anchors, aliases, tags other than `!!str`, keys
    that are given twice, and nesting deeper than MAX_DEPTH.
    """
    try:
        _check_events(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}: " if mark else ""
        raise NotYaml(f"is no YAML: {place}{' '.join(filter(None, (error.context, error.problem)))}") from error
    # PyYAML raises what it happens to meet where a tag does not suit its text.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise NotYaml(f"is no YAML: {' '.join(str(error).split())}") from error


def _check_events(text: str) -> None:
    """Refuses what makes a text mean more than it says: references, types by name, deep nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise NotYaml(f"line {line}: anchors and aliases (&name, *name) are not read: write the value out")
        if getattr(event, "tag", None) not in (None, "!", f"{_TAG}str"):
            raise NotYaml(f"line {line}: the tag {_shortened(event.tag)} is not read: only !!str is")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise NotYaml(f"line {line}: is nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def dump(value: Mapping[str, object]) -> str:
    """Returns the YAML of a mapping, in its order, for readers of YAML 1.1 and 1.2 alike."""
    dumped: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=2**31)
    return dumped


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}...")

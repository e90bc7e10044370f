"""Reads the repository's Markdown pages: their headings, links, code blocks and inline code."""

import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
GENERATED_FOLDERS = {"node_modules", "build", "dist", "vendor"}
"""Folders that git ignores; hidden ones are left out too."""


@dataclass
class CodeBlock:
    """A fenced block of code."""

    language: str
    text: str
    line: int
    """The line of the opening fence, counted from 1."""
    section: str
    """The heading under which it stands."""


@dataclass
class MarkdownPage:
    """A Markdown file."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    """The fragments that GitHub gives to its headings."""
    links: list[str] = field(default_factory=list)
    """The targets of links and images, as they are written."""
    blocks: list[CodeBlock] = field(default_factory=list)
    inline_code: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The path from the root of the repository."""
        return self.path.relative_to(ROOT).as_posix()

    def blocks_in(self, *languages: str) -> list[CodeBlock]:
        """Returns the blocks in one of the languages, in order."""
        return [block for block in self.blocks if block.language in languages]


@cache
def markdown_page(name: str) -> MarkdownPage:
    """Returns the page at a path from the root of the repository."""
    read = MarkdownPage(ROOT / name)
    tokens = MarkdownIt("commonmark").enable("table").parse(read.path.read_text(encoding="utf-8"))
    section = ""
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            section = tokens[position + 1].content
            read.anchors.add(_unused(_anchor(tokens[position + 1]), read.anchors))
        elif token.type == "fence":
            language = token.info.split()[0] if token.info.strip() else ""
            read.blocks.append(CodeBlock(language, token.content, (token.map or [0])[0] + 1, section))
        for child in token.children or ():
            if child.type == "code_inline":
                read.inline_code.append(child.content)
            target = child.attrs.get("href" if child.type == "link_open" else "src")
            if isinstance(target, str):
                read.links.append(target)
    return read


@cache
def page_names() -> list[str]:
    """Returns the paths of all Markdown files in the repository, sorted."""
    return [name for name in file_names() if name.endswith(".md")]


@cache
def file_names() -> list[str]:
    """Returns the paths of all files in the repository, from its root, sorted; without generated and hidden folders."""
    names: list[str] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [each for each in folders if not each.startswith(".") and each not in GENERATED_FOLDERS]
        names += [Path(folder, each).relative_to(ROOT).as_posix() for each in files]
    return sorted(names)


def _anchor(heading: Token) -> str:
    """Returns the fragment that GitHub makes of a heading: lower case, punctuation dropped, blanks as hyphens."""
    text = "".join(child.content for child in heading.children or () if child.type in ("text", "code_inline"))
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _unused(anchor: str, used: set[str]) -> str:
    """Returns the anchor, numbered as GitHub does where another heading has it."""
    number, free = 0, anchor
    while free in used:
        number += 1
        free = f"{anchor}-{number}"
    return free

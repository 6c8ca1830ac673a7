"""The rules that a project has written down already, for other tools and for its formatters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cass.project.tree import Tree, table

_RULES = re.compile(
    r"(AGENTS|CLAUDE|GEMINI)\.md|\.cursorrules|\.windsurfrules|\.github/copilot-instructions\.md|\.cursor/rules/.+\.mdc?"
)


def rules(tree: Tree) -> tuple[str, ...]:
    """Files of rules that hold any, at most twenty. One that is a copy of another, or only points to it, is left out."""
    found: dict[str, str] = {}
    for name in tree.texts:
        text = tree.text(name).strip()
        points = re.fullmatch(r"(?i)@?(\.?/?[\w.-]+\.md)", text)
        if _RULES.fullmatch(name) and text and not points and text not in found.values():
            found[name] = text
    return tuple(sorted(found))[:20]


def told(tree: Tree) -> Iterator[str]:
    """What the configuration of formatters and editors says, a sentence each."""
    tools = table(tree.toml("pyproject.toml"), "tool")
    ruff = {**table(tools, "ruff"), **tree.toml("ruff.toml")}
    black = table(tools, "black")
    if ruff or black:
        length = ruff.get("line-length") or black.get("line-length")
        by = "ruff" if ruff else "black"
        yield f"Python is formatted and checked by {by}{f', {length} columns' if length else ''}."
    mypy, pyright = table(tools, "mypy"), table(tools, "pyright")
    if mypy.get("strict") or pyright.get("typeCheckingMode") == "strict":
        yield f"Types are checked strictly ({'mypy' if mypy.get('strict') else 'pyright'})."
    if any(
        re.search(r"(^|/)\.prettierrc|prettier\.config\.", path) for path in tree.paths
    ) or "prettier" in tree.json("package.json"):
        yield "JavaScript and TypeScript are formatted by Prettier."
    if any(re.search(r"^(\.eslintrc|eslint\.config\.)", path) for path in tree.paths):
        yield "ESLint checks the code."
    if tree.has("biome.json", "biome.jsonc"):
        yield "Biome formats and checks the code."
    if re.search(r'"strict"\s*:\s*true', tree.text("tsconfig.json")):
        yield "TypeScript is strict."
    if tree.has("rustfmt.toml", ".rustfmt.toml"):
        yield "Rust is formatted by rustfmt, with settings of its own."
    if tree.has(".clang-format"):
        yield "C and C++ are formatted by clang-format."
    yield from _editorconfig(tree.text(".editorconfig"))
    if tree.has(".pre-commit-config.yaml"):
        yield "pre-commit runs checks before each commit."


def _editorconfig(text: str) -> Iterator[str]:
    general = re.search(r"^\[\*\]\s*$(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    if general:
        values = dict(re.findall(r"^\s*(\w+)\s*=\s*(\S+)", general[1], re.MULTILINE))
        size, style = values.get("indent_size", ""), values.get("indent_style", "")
        if style == "tab":
            yield "Files are indented by tabs (.editorconfig)."
        elif size.isdigit():
            yield f"Files are indented by {size} spaces, unless .editorconfig says otherwise."

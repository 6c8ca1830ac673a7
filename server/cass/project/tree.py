"""A project's files as the detectors see them: names, and the texts of those few that say how it is built."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import cast

Table = dict[str, object]

READ = re.compile(
    r"""(^|/)(package\.json|deno\.jsonc?|pyproject\.toml|setup\.(py|cfg)|tox\.ini|noxfile\.py|Pipfile|requirements[\w.-]*\.(txt|in)
    |pytest\.ini|mypy\.ini|ruff\.toml|\.flake8|manage\.py|Cargo\.toml|go\.mod|pom\.xml|build\.gradle(\.kts)?|CMakeLists\.txt|meson\.build
    |configure\.ac|[\w.-]+\.cabal|package\.yaml|composer\.json|Gemfile|Rakefile|mix\.exs|pubspec\.yaml|Makefile|GNUmakefile|makefile|[Jj]ustfile|Taskfile\.ya?ml
    |\.editorconfig|\.pre-commit-config\.yaml|\.prettierrc(\.json)?|rustfmt\.toml|\.gitlab-ci\.yml|tsconfig\.json)$
    |^\.github/workflows/[^/]+\.ya?ml$|^\.github/copilot-instructions\.md$|^\.cursor/rules/.+\.mdc?$
    |^(README|Readme|readme)(\.\w+)?$|^(AGENTS|CLAUDE|GEMINI|CASS)\.md$|^\.cursorrules$|^\.windsurfrules$""",
    re.VERBOSE,
)
"""Files that are read. Everything else counts by its name alone."""


@dataclass(frozen=True)
class Tree:
    """`paths` are relative to the root, with `/`, sorted; `texts` are those that could be read."""

    paths: tuple[str, ...]
    texts: Mapping[str, str]
    complete: bool = True

    def has(self, *paths: str) -> bool:
        """Whether one of these files is there."""
        return any(path in self.texts or path in self._names for path in paths)

    def text(self, path: str) -> str:
        """A file's text; empty for none."""
        return self.texts.get(path, "")

    def json(self, path: str) -> Table:
        """A JSON object, comments left out; empty for what is none."""
        text = re.sub(r"^\s*//.*$", "", self.text(path), flags=re.MULTILINE)
        try:
            value: object = json.loads(text) if text else {}
        except ValueError:
            return {}
        return cast("Table", value) if isinstance(value, dict) else {}

    def toml(self, path: str) -> Table:
        """A TOML table; empty for what is none."""
        try:
            return cast("Table", tomllib.loads(self.text(path)))
        except tomllib.TOMLDecodeError:
            return {}

    def yaml(self, path: str) -> Table:
        """A YAML mapping; empty for what is none."""
        import yaml

        try:
            value: object = yaml.safe_load(self.text(path))
        except (yaml.YAMLError, RecursionError):
            return {}
        return cast("Table", value) if isinstance(value, dict) else {}

    def below(self, *folders: str) -> Sequence[str]:
        """The files in these folders of the root, however deep."""
        return [path for path in self.paths if path.partition("/")[0] in folders and "/" in path]

    def named(self, pattern: str) -> Iterator[str]:
        """Files whose name fits the glob."""
        return (path for path in self.paths if PurePosixPath(path).match(pattern))

    def line(self, path: str, text: str) -> str:
        """`path:N` for the first line of a file that holds the text; the path alone when none does."""
        for number, row in enumerate(self.text(path).split("\n"), 1):
            if text in row:
                return f"{path}:{number}"
        return path

    @property
    def _names(self) -> frozenset[str]:
        return frozenset(self.paths)


def table(value: object, *keys: str) -> Table:
    """The table below these keys; empty where there is none."""
    for key in keys:
        value = cast("Table", value).get(key) if isinstance(value, dict) else None
    return cast("Table", value) if isinstance(value, dict) else {}

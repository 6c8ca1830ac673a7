"""What may come next while typing: slash commands and @files. Looking for files never holds up the keys."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from cass_cli import arguments
from cass_cli.escape import escape_line
from cass_cli.fields import Json
from cass_cli.mcpview import Resources
from cass_cli.status import Status

MAX_FILES = 20_000
MAX_SECONDS = 0.5
MAX_SHOWN = 40
KEEP_SECONDS = 10.0


class Known(Protocol):
    """What a session has that can be completed: the parameters of its commands, what its MCP servers have to be read."""

    @property
    def parameters(self) -> Mapping[str, list[Json]]: ...
    @property
    def resources(self) -> Resources: ...


class PromptCompleter(Completer):
    """Completes the name of a slash command at the start of the input, then its parameters, and `@` followed by part of
    a path, or of what an MCP server has to be read."""

    def __init__(
        self,
        cwd: Path,
        commands: Callable[[], Mapping[str, str]],
        known: Callable[[], Known] = Status,
    ) -> None:
        self._cwd = cwd
        self._commands = commands
        self._known = known
        self._files: list[str] = []
        self._listed_at = float("-inf")

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The commands; files need the asynchronous form."""
        del complete_event
        text = document.text_before_cursor
        if not text.startswith("/"):
            return
        name, blank, rest = text[1:].partition(" ")
        if blank:
            word = rest.rpartition(" ")[2]
            for value, meaning in arguments.offered(self._known().parameters.get(name, []), rest):
                yield Completion(value, -len(word), escape_line(value), escape_line(meaning))
            return
        for name, description in sorted(self._commands().items()):
            if name.startswith(text[1:]):
                yield Completion(f"/{name}", -len(text), escape_line(f"/{name}"), escape_line(description))

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """Commands at once, files after a bounded look at the folder, in a thread."""
        for completion in self.get_completions(document, complete_event):
            yield completion
        text = document.text_before_cursor
        word = mention_before(text)
        if word is None and text.startswith("/"):
            name, _, rest = text[1:].partition(" ")
            word = arguments.path_before(self._known().parameters.get(name, []), rest)
        if word is None:
            return
        if time.monotonic() - self._listed_at > KEEP_SECONDS:
            self._files = await asyncio.to_thread(list_files, self._cwd)
            self._listed_at = time.monotonic()
        for path in matching([*self._known().resources.names, *self._files], word):
            yield Completion(path, -len(word), escape_line(path))


def mention_before(text: str) -> str | None:
    """What follows the `@` that the cursor stands in; None when it stands in none."""
    start = text.rfind("@")
    if start < 0 or (start > 0 and not text[start - 1].isspace()):
        return None
    word = text[start + 1 :]
    return None if any(c.isspace() for c in word) else word


def matching(files: Iterable[str], word: str) -> list[str]:
    """The files that fit the word, at most `MAX_SHOWN`: those whose name begins with it first, then those whose path
    holds it, then those that hold its letters in order."""
    wanted = word.lower()
    ranked: list[tuple[int, int, str]] = []
    for path in files:
        low = path.lower()
        name = low.rstrip("/").rpartition("/")[2]
        if name.startswith(wanted) or low.startswith(wanted):
            ranked.append((0, len(path), path))
        elif wanted in low:
            ranked.append((1, len(path), path))
        elif _in_order(wanted, low):
            ranked.append((2, len(path), path))
    return [path for _, _, path in sorted(ranked)[:MAX_SHOWN]]


def list_files(cwd: Path) -> list[str]:
    """Files and folders (those with a `/` at the end) below a folder, near ones first; at most `MAX_FILES`, and what
    was found after `MAX_SECONDS`. Links to folders are not followed, `.git` is left out."""
    found: list[str] = []
    folders = deque([""])
    until = time.monotonic() + MAX_SECONDS
    while folders and len(found) < MAX_FILES and time.monotonic() < until:
        folder = folders.popleft()
        try:
            with os.scandir(cwd / folder) as entries:
                for entry in entries:
                    if entry.name == ".git" or any(c.isspace() for c in entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{folder}{entry.name}/")
                        found.append(f"{folder}{entry.name}/")
                    else:
                        found.append(f"{folder}{entry.name}")
        except OSError:
            continue
    return found[:MAX_FILES]


def mentioned_files(text: str, cwd: Path) -> list[Path]:
    """The files that exist of those that the text mentions with `@`, each once."""
    paths: dict[Path, None] = {}
    for word in text.split():
        if word.startswith("@") and len(word) > 1:
            for candidate in (word[1:], word[1:].rstrip(".,;:!?)")):
                path = cwd / candidate
                if path.is_file():
                    paths[path] = None
                    break
    return list(paths)


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)

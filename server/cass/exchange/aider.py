"""aider's chat history: one Markdown file a project, `.aider.chat.history.md`, with all its chats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cass.exchange._building import Building
from cass.ports.exchange import Coming, Format
from cass.protocol.messages import Text

_START = re.compile(r"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*$")


def detect(head: str) -> bool:
    """The line that each chat begins with."""
    return re.search(r"^# aider chat started at ", head, re.MULTILINE) is not None


def read(path: Path) -> Iterator[Coming]:
    """A session for each chat in which something was said. Lines that begin with `####` are the user's, those with `>`
    the program's own and left out, all others the model's."""
    chat = _Chat(path, "")
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if begun := _START.match(line):
                yield from chat.done()
                chat = _Chat(path, begun[1])
            else:
                chat.take(line.rstrip("\n"))
    yield from chat.done()


def logs(home: Path, cwd: Path) -> list[Path]:
    """The file in the folder."""
    path = cwd / ".aider.chat.history.md"
    return [path] if path.is_file() else []


class _Chat:
    def __init__(self, path: Path, begun: str) -> None:
        self._path = path
        self._begun = begun
        self._building = Building()
        self._who = ""
        self._lines: list[str] = []
        self._said = False

    def take(self, line: str) -> None:
        """One line of it."""
        who = "user" if line.startswith("####") else "aider" if line.startswith(">") else "model"
        if not line.strip():
            who = self._who
        if who != self._who:
            self._flush()
            self._who = who
        self._lines.append(line[4:].strip() if who == "user" else line)

    def done(self) -> Iterator[Coming]:
        """The session, if anybody said anything."""
        self._flush()
        if self._said:
            yield Coming(self._building.done(), str(self._path.parent), _time(self._begun))

    def _flush(self) -> None:
        text = "\n".join(self._lines).strip()
        self._lines = []
        if text and self._who == "user":
            self._said = True
            self._building.said([Text(text=text)])
        elif text and self._who == "model" and self._said:
            self._building.answered([Text(text=text)])


def _time(text: str) -> str:
    """The local time that the file has, in UTC."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds")
    except ValueError:
        return ""


FORMAT = Format("aider", detect=detect, read=read, logs=logs)

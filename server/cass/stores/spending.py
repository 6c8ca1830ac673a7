"""What was used, line by line: one JSON line for each answer of a model, in a file for each month.

Lines are appended in one write, so that several processes share the file; a line that is damaged is left out. It holds
names and numbers, no words. What it says stays when a session is deleted.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cass.ports import Spent
from cass.private import make_folder
from cass.protocol.messages import Usage
from cass.protocol.wire import as_object

log = logging.getLogger(__name__)


class SpendingFile:
    """`ports.Spending` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day = ""
        self._read_to = 0
        self._sum = Usage()

    def add(self, spent: Spent) -> None:
        """Keep it. What cannot be written is told of in the log."""
        line = {
            "at": spent.at,
            "session": spent.session_id,
            "cwd": spent.cwd,
            "model": spent.model,
            **spent.usage.model_dump(exclude_defaults=True),
        }
        try:
            make_folder(self._folder)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            fd = os.open(self._folder / f"{spent.at[:7]}.jsonl", flags, 0o600)
            try:
                os.write(fd, json.dumps(line).encode() + b"\n")
            finally:
                os.close(fd)
        except OSError as error:
            log.warning("what was used cannot be kept in %s: %s", self._folder, error.strerror)

    def today(self) -> Usage:
        """The sum of this day, in UTC; only what is new is read."""
        day = datetime.now(UTC).date().isoformat()
        if day != self._day:
            self._day, self._read_to, self._sum = day, 0, Usage()
        try:
            with (self._folder / f"{day[:7]}.jsonl").open("rb") as file:
                file.seek(self._read_to)
                data = file.read()
        except OSError:
            return self._sum
        data = data[: data.rfind(b"\n") + 1]
        self._read_to += len(data)
        for line in data.splitlines():
            spent = _read(line)
            if spent and spent.at.startswith(day):
                self._sum += spent.usage
        return self._sum

    def entries(self, since: str) -> Iterator[Spent]:
        """All from this day on (ISO 8601), oldest first."""
        try:
            files = sorted(path for path in self._folder.iterdir() if path.suffix == ".jsonl")
        except OSError:
            return
        for path in files:
            if path.stem < since[:7]:
                continue
            with path.open("rb") as file:
                for line in file:
                    spent = _read(line)
                    if spent and spent.at >= since:
                        yield spent


def _read(line: bytes) -> Spent | None:
    try:
        value = as_object(json.loads(line))
        usage = Usage.model_validate({name: value[name] for name in Usage.model_fields if name in value})
        return Spent(str(value["at"]), str(value["session"]), str(value["cwd"]), str(value["model"]), usage)
    except (ValueError, KeyError):
        return None

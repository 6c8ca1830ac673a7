"""What a session did to single files, step by step, as its journal and its checkpoints say."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cass.ports import Entry
from cass.ports.touched import Touched
from cass.sessions import past

if TYPE_CHECKING:
    from cass.sessions.session import Session


class Steps:
    """One session's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def touched(self) -> tuple[Touched, ...]:
        """Every path that tools, commands or a rewind changed. Where no checkpoint tells of a file that was edited, its text
        before the first edit and its present one are its only step."""
        session = self._session
        steps: dict[Path, list[tuple[Entry | None, Entry | None]]] = {}
        for _, event in past.look(session.stream).effects:
            for change in await session.checkpoints.read(event.effects_id) or ():
                kinds = {entry.kind for entry in (change.before, change.after) if entry}
                if kinds != {"folder"}:
                    steps.setdefault(change.path, []).append((_no_folder(change.before), _no_folder(change.after)))
        for path in _others(session.changed_paths, steps):
            steps[path] = [(_text_entry(session.baseline(path)), _now(path))]
        return tuple(Touched(path, tuple(found)) for path, found in steps.items())

    async def content(self, entry: Entry) -> bytes | None:
        """The bytes of a file as it was: from the checkpoints, else from the copies of edited texts."""
        data = await self._session.checkpoints.content(entry)
        if data is None and entry.hash:
            text = self._session.kept_text(entry.hash)
            data = text.encode("utf-8", "surrogatepass") if text is not None else None
        return data


def _others(paths: Iterable[Path], known: Iterable[Path]) -> list[Path]:
    real = {os.path.realpath(path) for path in known}
    return [path for path in paths if os.path.realpath(path) not in real]


def _no_folder(entry: Entry | None) -> Entry | None:
    return None if entry is None or entry.kind == "folder" else entry


def _text_entry(text: str | None) -> Entry | None:
    if text is None:
        return None
    data = text.encode("utf-8", "surrogatepass")
    return Entry("file", 0o644, hashlib.sha256(data).hexdigest(), len(data))


def _now(path: Path) -> Entry | None:
    try:
        data = path.read_bytes()
        return Entry("file", path.stat().st_mode & 0o777, hashlib.sha256(data).hexdigest(), len(data))
    except OSError:
        return None

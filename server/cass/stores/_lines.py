"""The lines of a journal: the header, the events, and a tail that a crash cut off."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from cass.errors import StoreError
from cass.ports.store import SessionHeader
from cass.protocol.events import Event
from cass.protocol.versions import JOURNAL_VERSION, STEPS, Step, changes, migrated
from cass.protocol.wire import JsonObject, as_object

MARK = b'{"cass":'
"""How the header begins, and a line within that says which form follows."""

log = logging.getLogger(__name__)


def header_line(header: SessionHeader) -> bytes:
    """The first line of a journal."""
    fields: JsonObject = {
        "cass": JOURNAL_VERSION,
        "sessionId": header.session_id,
        "cwd": header.cwd,
        "createdAt": header.created_at,
    }
    fields |= {"parent": header.parent} if header.parent else {}
    fields |= {"origin": header.origin} if header.origin else {}
    return json.dumps(fields, separators=(",", ":")).encode("utf-8") + b"\n"


def mark_line() -> bytes:
    """What stands before events of today's form in a file that began in another one."""
    return b"%b%d}\n" % (MARK, JOURNAL_VERSION)


def event_line(event: Event) -> bytes:
    """An event as it is kept."""
    return event.wire_json().encode("utf-8", "replace") + b"\n"


def read_header(path: Path) -> SessionHeader:
    """The header of a journal. StoreError when there is none."""
    try:
        with path.open("rb") as file:
            return parse_header(file.readline(), path)
    except OSError as error:
        raise StoreError(f"the session {path.stem} cannot be read: {error.strerror}") from error


def parse_header(line: bytes, path: Path) -> SessionHeader:
    """The header from its line."""
    try:
        data = json.loads(line)
        return SessionHeader(
            session_id=path.stem,
            cwd=str(data["cwd"]),
            created_at=str(data["createdAt"]),
            version=int(data["cass"]),
            parent=str(data["parent"]) if data.get("parent") else None,
            origin=str(data["origin"]) if data.get("origin") else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path} does not begin as a session does", hint="It may have been cut off while it was begun."
        ) from error


def events(path: Path, holding: str = "", steps: Mapping[int, Step | None] = STEPS) -> Iterator[Event]:
    """The events of a journal, one at a time; only those whose line holds the text. A damaged line is left out;
    StoreError when reading fails."""
    validate = _adapter().validate_json
    wanted = json.dumps(holding, ensure_ascii=False)[1:-1].encode("utf-8", "replace")
    try:
        with path.open("rb") as file:
            todo = changes(_version(file.readline()), steps)
            for number, line in enumerate(file, 2):
                if line.startswith(MARK):
                    todo = changes(_version(line), steps)
                    continue
                if line == b"\n" or wanted not in line:
                    continue
                try:
                    if not todo:
                        yield validate(line)
                    elif (now := migrated(as_object(json.loads(line)), todo)) is not None:
                        yield _adapter().validate_python(now)
                except ValueError:
                    log.warning("line %d of %s is damaged or from a newer cass; it is left out", number, path)
    except OSError as error:
        raise StoreError(f"the session {path.stem} cannot be read: {error.strerror}") from error


def repair(path: Path) -> None:
    """End the last line: with a newline when it is whole, else by setting it aside."""
    with path.open("rb+") as file:
        start, torn = _tail(file.fileno())
        if not torn:
            return
        try:
            json.loads(torn)
            file.seek(0, os.SEEK_END)
            file.write(b"\n")
        except ValueError:
            if start == 0:
                return
            with path.with_suffix(".torn").open("ab") as aside:
                path.with_suffix(".torn").chmod(0o600)
                aside.write(torn + b"\n")
            file.truncate(start)
        file.flush()
        os.fsync(file.fileno())


def _tail(fd: int) -> tuple[int, bytes]:
    """Where the last line without an end begins, and what it holds; looked for from the end."""
    size = os.fstat(fd).st_size
    tail = b""
    start = size
    while start > 0 and b"\n" not in tail:
        step = min(65_536, start)
        start -= step
        tail = os.pread(fd, step, start) + tail
    cut = tail.rfind(b"\n") + 1
    return start + cut, tail[cut:]


def _version(line: bytes) -> int:
    match = re.match(rb'\{"cass":\s*(\d{1,6})', line)
    return int(match[1]) if match else JOURNAL_VERSION


@cache
def _adapter() -> TypeAdapter[Event]:
    return TypeAdapter(Event)

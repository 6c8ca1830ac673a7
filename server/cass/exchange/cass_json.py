"""cass's own form: one JSON object with all events; a journal's file is read as well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from pydantic import TypeAdapter

from cass.ports.exchange import Coming, Format, Going
from cass.protocol.events import Event
from cass.protocol.versions import JOURNAL_VERSION, changes, migrated
from cass.protocol.wire import JsonObject, as_list, as_object


def write(going: Going, out: TextIO) -> None:
    """All of it, an event a line."""
    head = {
        "cass": JOURNAL_VERSION, "sessionId": going.session_id, "cwd": going.cwd, "createdAt": going.created_at,
        "title": going.title,
    }  # fmt: skip
    out.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "events": [')
    comma = "\n"
    for event in going.events:
        out.write(comma + event.wire_json())
        comma = ",\n"
    out.write("\n]}\n")


def detect(head: str) -> bool:
    """How the file begins."""
    return head.lstrip().startswith(('{"cass":', '{"cass" :'))


def read(path: Path) -> Iterator[Coming]:
    """The session of a file. ValueError when it is no JSON of this form."""
    text = path.read_text("utf-8", "replace")
    try:
        whole = as_object(json.loads(text))
        lines: Iterable[object] = as_list(whole.get("events"))
    except ValueError:
        first, _, rest = text.lstrip().partition("\n")
        whole, lines = as_object(json.loads(first)), map(_parsed, filter(str.strip, rest.split("\n")))
    version = whole.get("cass")
    if not isinstance(version, int) or "createdAt" not in whole:
        raise ValueError("it does not begin as a session does")
    events, left_out = _events(lines, version)
    about = (str(whole.get(key) or "") for key in ("cwd", "createdAt"))
    yield Coming(tuple(events), *about, left_out=left_out)


def _events(lines: Iterable[object], version: int) -> tuple[list[Event], int]:
    adapter: TypeAdapter[Event] = TypeAdapter(Event)
    events: list[Event] = []
    steps, left_out = changes(version), 0
    for line in map(as_object, lines):
        if isinstance(line.get("cass"), int):
            steps = changes(int(str(line["cass"])))
            continue
        try:
            now: JsonObject | None = migrated(line, steps)
            events += [adapter.validate_python(now)] if now is not None else []
        except ValueError:
            left_out += 1
    return events, left_out


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


FORMAT = Format("json", write=write, detect=detect, read=read)

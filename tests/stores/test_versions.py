"""Sessions of another cass, or from another machine, open."""

from __future__ import annotations

import json
from pathlib import Path

from cass.protocol.events import Event, UserMessage
from cass.protocol.messages import Text
from cass.protocol.versions import JOURNAL_VERSION, STEPS, changes, migrated
from cass.protocol.wire import JsonObject
from cass.stores import _lines
from cass.stores.journal import open_store

OLD = {"cass": 1, "sessionId": "old1", "cwd": "/p", "createdAt": "2025-01-01T00:00:00.000+00:00"}


def _said(text: str) -> UserMessage:
    return UserMessage(message_id="m", content=(Text(text=text),))


def _write(folder: Path, header: dict[str, object], *lines: str) -> Path:
    path = folder / "old1.jsonl"
    path.write_text("".join(f"{line}\n" for line in (json.dumps(header), *lines)))
    return path


def test_an_older_file_stays_as_it_is_until_it_is_written(tmp_path: Path) -> None:
    path = _write(tmp_path, OLD, _said("before").wire_json())
    before = path.read_bytes()
    header, journal = open_store(tmp_path).open("old1")
    assert (header.version, list(journal.events())) == (1, [_said("before")])
    assert path.read_bytes() == before
    journal.append(_said("after"))
    journal.append(_said("later"))
    journal.close()
    marks = [line for line in path.read_bytes()[len(before) :].splitlines() if line.startswith(b'{"cass"')]
    assert marks == [b'{"cass":%d}' % JOURNAL_VERSION]
    assert list(open_store(tmp_path).read("old1")[1]) == [_said("before"), _said("after"), _said("later")]


def test_a_newer_file_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    _write(tmp_path, OLD | {"cass": 99, "soul": True}, _said("known").wire_json(), '{"sessionUpdate": "_dream"}')
    header, events = open_store(tmp_path).read("old1")
    assert (header.version, list(events)) == (99, [_said("known")])


def test_old_events_go_through_each_step_once(tmp_path: Path) -> None:
    """As if between the versions 0 and 1 the user's words had another name, and the weather had been kept."""

    def renamed(event: JsonObject) -> JsonObject | None:
        if event.get("sessionUpdate") == "weather":
            return None
        return event | {"sessionUpdate": "user_message"} if event.get("sessionUpdate") == "words" else event

    steps = {0: renamed, **STEPS}
    old = _said("long ago").wire_json().replace("user_message", "words")
    path = _write(
        tmp_path,
        OLD | {"cass": 0},
        old,
        '{"sessionUpdate": "weather"}',
        '{"cass":2}',
        _said("now").wire_json(),
        old,
    )
    read: list[Event] = list(_lines.events(path, steps=steps))
    assert read == [_said("long ago"), _said("now")], "what stands behind the mark is of the new form"
    assert migrated({"sessionUpdate": "weather"}, changes(0, steps)) is None
    assert changes(99, steps) == ()


def test_a_copied_file_goes_by_its_name(tmp_path: Path) -> None:
    path = _write(tmp_path, OLD, _said("hello").wire_json())
    path.rename(tmp_path / "copy-2.jsonl")
    store = open_store(tmp_path)
    (listed,) = store.list(None)
    assert listed.header.session_id == "copy-2"
    assert list(store.read(listed.header.session_id)[1]) == [_said("hello")]

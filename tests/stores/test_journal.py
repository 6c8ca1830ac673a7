"""What a session's file promises: nothing acknowledged is lost, whatever happens to its tail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cass.errors import SessionError, StoreError
from cass.ports import SessionHeader
from cass.protocol.events import Event, Notice, SessionInfoUpdate, StateUpdate, UserMessage
from cass.protocol.messages import Text
from cass.stores.journal import FileJournal, open_store

HEADER = SessionHeader("20260101-000000-abcd", "/project", "2026-01-01T00:00:00.000+00:00")


def _message(number: int) -> UserMessage:
    return UserMessage(message_id=f"m{number}", content=(Text(text=f"prompt {number} ✓\u2028\x0c"),))


def _written(folder: Path, events: list[Event]) -> Path:
    journal = open_store(folder).create(HEADER)
    for event in events:
        journal.append(event)
    journal.close()
    return folder / f"{HEADER.session_id}.jsonl"


def test_what_was_appended_comes_back(tmp_path: Path) -> None:
    events: list[Event] = [
        _message(1),
        StateUpdate(state="idle", stop_reason="end_turn"),
        SessionInfoUpdate(title="t"),
    ]
    path = _written(tmp_path, events)
    header, journal = open_store(tmp_path).open(HEADER.session_id)
    loaded = list(journal.events())
    journal.close()
    assert header == HEADER
    assert loaded == events
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_tail_cut_at_any_byte_loses_only_what_was_cut(tmp_path: Path) -> None:
    events: list[Event] = [_message(n) for n in range(4)]
    path = _written(tmp_path, events)
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == 10]
    for cut in range(ends[0], len(whole)):
        path.write_bytes(whole[:cut])
        _, journal = open_store(tmp_path).open(HEADER.session_id)
        loaded = list(journal.events())
        acknowledged = sum(end <= cut for end in ends) - 1
        assert loaded[:acknowledged] == events[:acknowledged]
        assert len(loaded) in (acknowledged, acknowledged + 1)
        journal.append(_message(99))
        journal.close()
        again = list(open_store(tmp_path).read(HEADER.session_id)[1])
        assert again == [*loaded, _message(99)], f"cut at {cut}"
    assert path.with_suffix(".torn").stat().st_mode & 0o777 == 0o600


def test_a_damaged_line_costs_itself_alone(tmp_path: Path) -> None:
    path = _written(tmp_path, [_message(n) for n in range(3)])
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b'{"sessionUpdate": "user_mess\x00\xff\n'
    path.write_bytes(b"".join(lines))
    loaded = list(open_store(tmp_path).read(HEADER.session_id)[1])
    assert loaded == [_message(0), _message(2)]


def test_events_of_a_newer_cass_are_passed_over(tmp_path: Path) -> None:
    path = _written(tmp_path, [_message(0)])
    with path.open("ab") as file:
        file.write(b'{"sessionUpdate": "_from_the_future", "x": 1}\n')
    loaded = list(open_store(tmp_path).read(HEADER.session_id)[1])
    assert loaded == [_message(0)]


def test_a_lone_surrogate_does_not_break_saving(tmp_path: Path) -> None:
    path = _written(
        tmp_path, [Notice(level="info", text="fine"), UserMessage(message_id="m", content=(Text(text="a\ud800b"),))]
    )
    loaded = list(open_store(tmp_path).read(HEADER.session_id)[1])
    assert len(loaded) == 2
    assert path.read_bytes().count(b"\n") == 3


def test_a_second_process_is_told_who_owns_the_session(tmp_path: Path) -> None:
    _written(tmp_path, [_message(0)])
    holder = subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys; from pathlib import Path; from cass.stores.journal import open_store\n"
            "s = open_store(Path(sys.argv[1])).open(sys.argv[2]); print('open', flush=True); sys.stdin.read()",
            str(tmp_path), HEADER.session_id,
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout and holder.stdout.readline() == "open\n"
    with pytest.raises(SessionError, match=str(holder.pid)) as caught:
        open_store(tmp_path).open(HEADER.session_id)
    assert caught.value.kind == "session_busy"
    with pytest.raises(SessionError):
        open_store(tmp_path).delete(HEADER.session_id)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    _, journal = open_store(tmp_path).open(HEADER.session_id)
    loaded = list(journal.events())
    journal.close()
    assert loaded == [_message(0)]


def test_a_full_disk_is_said_and_leaves_no_half_line(tmp_path: Path) -> None:
    path = _written(tmp_path, [_message(0)])
    before = path.read_bytes()
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from cass.stores.journal import open_store; from cass.errors import StoreError\n"
        "from cass.protocol.events import Notice, SessionInfoUpdate\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "_, j = open_store(Path(sys.argv[1])).open(sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]) + 40, int(sys.argv[3]) + 40))\n"
        "try: j.append(SessionInfoUpdate(title='x' * 500)); print('kept')\n"
        "except StoreError as e: print('said', e.kind)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), HEADER.session_id, str(len(before))],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "said store_error\n", done.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("bad", ["../../etc/passwd", "", ".hidden", "a/b", "x" * 100, "no-such"])
def test_ids_that_are_none_reach_no_file(tmp_path: Path, bad: str) -> None:
    with pytest.raises(SessionError) as caught:
        open_store(tmp_path).open(bad)
    assert caught.value.kind == "session_not_found"


def test_a_file_without_a_header_is_said(tmp_path: Path) -> None:
    (tmp_path / "x1.jsonl").write_bytes(b'{"cass"')
    with pytest.raises(StoreError, match="does not begin"):
        open_store(tmp_path).open("x1")
    assert open_store(tmp_path).list(None) == []


def test_an_unwritable_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be kept"):
        open_store(tmp_path / "file").create(HEADER)


def test_the_list_is_newest_first_and_knows_titles(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for number in range(3):
        journal = store.create(SessionHeader(f"s{number}", f"/p{number % 2}", "2026-01-01T00:00:00.000+00:00"))
        journal.append(_message(number))
        journal.append(SessionInfoUpdate(title=f"title {number}"))
        journal.close()
        os.utime(tmp_path / f"s{number}.jsonl", (1000 + number, 1000 + number))
    (tmp_path / "junk.jsonl").write_text("not a session")
    assert [(s.header.session_id, s.title, s.messages) for s in store.list(None)] == [
        ("s2", "title 2", 1), ("s1", "title 1", 1), ("s0", "title 0", 1),
    ]  # fmt: skip
    assert [s.header.session_id for s in store.list("/p0")] == ["s2", "s0"]


def test_a_deleted_session_is_gone(tmp_path: Path) -> None:
    _written(tmp_path, [_message(0)])
    open_store(tmp_path).delete(HEADER.session_id)
    assert list(tmp_path.iterdir()) == []


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    journal: FileJournal = open_store(tmp_path).create(HEADER)
    journal.close()
    journal.close()
    with pytest.raises(StoreError, match="closed"):
        journal.append(_message(0))


def test_a_whole_session_that_finds_no_room_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from cass.stores.journal import open_store; from cass.errors import StoreError\n"
        "from cass.ports import SessionHeader; from cass.protocol.events import SessionInfoUpdate\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "header = SessionHeader('s1', '/p', '2026-01-01T00:00:00.000+00:00')\n"
        "try: open_store(Path(sys.argv[1])).write(header, (SessionInfoUpdate(title='x' * 500) for _ in range(99)))\n"
        "except StoreError as e: print('said', e.kind)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "said store_error\n", done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_whole_session_never_replaces_one(tmp_path: Path) -> None:
    path = _written(tmp_path, [_message(0)])
    before = path.read_bytes()
    with pytest.raises(StoreError):
        open_store(tmp_path).write(HEADER, [])
    assert path.read_bytes() == before


def test_only_lines_with_a_text_are_read_where_that_is_asked(tmp_path: Path) -> None:
    _written(tmp_path, [_message(0), Notice(level="info", text="x"), SessionInfoUpdate(title='a "b" ü')])
    _, journal = open_store(tmp_path).open(HEADER.session_id)
    assert list(journal.events('"b" ü')) == [SessionInfoUpdate(title='a "b" ü')]
    assert list(journal.events("nowhere")) == []
    journal.close()

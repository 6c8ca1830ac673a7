"""The list and the search are right whatever becomes of the index: it is only a cache."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cass.ports import SessionHeader
from cass.protocol.events import AgentMessage, Event, SessionInfoUpdate, ToolCallUpdate, UserMessage
from cass.protocol.messages import Text
from cass.stores._query import parse
from cass.stores.journal import JournalStore, open_store


def _said(text: str, turn: str = "t1") -> UserMessage:
    return UserMessage(turn_id=turn, message_id="m", content=(Text(text=text),))


def _answer(text: str, turn: str = "t1") -> AgentMessage:
    return AgentMessage(turn_id=turn, message_id="m", content=(Text(text=text),))


def _store(tmp_path: Path) -> JournalStore:
    return open_store(tmp_path / "sessions", tmp_path / "state" / "sessions.sqlite")


def _keep(store: JournalStore, name: str, *events: Event, cwd: str = "/p") -> None:
    store.write(SessionHeader(name, cwd, "2026-01-01T00:00:00.000+00:00"), events)


def _found(store: JournalStore, query: str, cwd: str | None = None) -> list[str]:
    return sorted(hit.session.header.session_id for hit in store.search(query, cwd, 20).hits)


def _both(tmp_path: Path) -> list[JournalStore]:
    """The same sessions with and without an index."""
    return [_store(tmp_path), open_store(tmp_path / "sessions")]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    store = _store(tmp_path)
    _keep(store, "s1", _said("Fix the parser of C++ headers"), _answer("The tokenizer was wrong.", "t2"))
    _keep(store, "s2", _said("修复这个函数里的错误"), _answer("Crème brûlée, done"), cwd="/q")
    call = ToolCallUpdate(
        tool_call_id="c", turn_id="t1", status="completed", title="Run pytest", raw_input={"command": "pytest -k snail"},
        result=(Text(text="AssertionError: left is right " + "x" * 5_000 + " beyond"),),
    )  # fmt: skip
    _keep(store, "s3", _said("run it"), call, SessionInfoUpdate(title="Chasing it", tags=("urgent",)))
    return tmp_path


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("parser", ["s1"]),
        ("PARS", ["s1"]),
        ("arser", []),
        ("tokenizer headers", ["s1"]),
        ('"parser of"', ["s1"]),
        ('"of parser"', []),
        ('"pars"', []),
        ('parser "unclosed of', []),
        ("函数", ["s2"]),
        ("creme", ["s2"]),
        ("snail", ["s3"]),
        ("AssertionError", ["s3"]),
        ("beyond", []),
        ("urgent chasing", ["s3"]),
        ("   ", []),
        ("!!! --- ", []),
    ],
)  # fmt: skip
def test_words_are_found_with_and_without_the_index(three: Path, query: str, wanted: list[str]) -> None:
    with_index, without = (_found(store, query) for store in _both(three))
    assert with_index == without == wanted


@pytest.mark.parametrize(
    "query", ['"', '""', "AND", "NOT parser", "a OR", "NEAR(a b", "col:x", "^x", "*", "(", ")", "\x00", "'", "text:parser*", "-"]
)  # fmt: skip
def test_no_query_is_an_error(three: Path, query: str) -> None:
    for store in _both(three):
        store.search(query, None, 5)


def test_a_hit_says_where(three: Path) -> None:
    (hit,) = _store(three).search("tokeni", None, 5).hits
    assert hit.turn_id == "t2"
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["tokenizer"]
    store = _store(three)
    store.note("s1", SessionInfoUpdate(title="tokenizer"))
    assert "was wrong" in store.search("tokenizer", None, 5).hits[0].snippet, "the title is seen anyway"
    assert _found(_store(three), "函数", "/p") == []
    (wide,) = _store(three).search("函数", "/q", 5).hits
    assert wide.snippet.startswith("修复这个函数里的错误")


def test_what_is_new_changed_and_gone_is_noticed(three: Path) -> None:
    store = _store(three)
    assert len(store.list(None)) == 3
    _, journal = store.open("s1")
    journal.append(_said("and the walrus", "t3"))
    journal.append(SessionInfoUpdate(title="Renamed", archived=True))
    assert _found(store, "walrus parser") == ["s1"]
    (one,) = [s for s in store.list(None) if s.header.session_id == "s1"]
    assert (one.title, one.archived, one.messages) == ("Renamed", True, 2)
    journal.close()
    store.delete("s2")
    assert _found(store, "函数") == []
    (three / "sessions" / "s3.jsonl").unlink()
    assert [s.header.session_id for s in store.list(None)] == ["s1"]
    assert _found(store, "snail") == []


def test_a_file_that_was_exchanged_is_read_anew(three: Path) -> None:
    store = _store(three)
    assert _found(store, "parser") == ["s1"]
    path = three / "sessions" / "s1.jsonl"
    longer = path.read_bytes().replace(b"parser", b"lawyer") + _said("more words").wire_json().encode() + b"\n"
    path.write_bytes(longer)
    assert _found(store, "parser") == []
    assert _found(store, "lawyer more") == ["s1"]


@pytest.mark.parametrize("damage", ["garbage", "cut", "newer", "folder", "locked"])
def test_a_broken_index_costs_nothing_but_time(three: Path, damage: str) -> None:
    store, index = _store(three), three / "state" / "sessions.sqlite"
    assert _found(store, "parser") == ["s1"]
    holder = None
    for other in index.parent.iterdir():
        if other != index:
            other.unlink()
    if damage == "garbage":
        index.write_bytes(b"no database " * 1_000)
    elif damage == "cut":
        data = bytearray(index.read_bytes())
        data[4_096:] = b"\xff" * (len(data) - 4_096)
        index.write_bytes(data)
    elif damage == "folder":
        index.unlink()
        index.mkdir()
    else:
        holder = sqlite3.connect(index, isolation_level=None)
        if damage == "newer":
            holder.execute("PRAGMA user_version = 99")
            holder.close()
        else:
            holder.execute("PRAGMA locking_mode = EXCLUSIVE")
            holder.execute("BEGIN EXCLUSIVE")
    _keep(store, "s4", _said("the parser again"))
    for _ in range(2):
        assert _found(store, "parser") == ["s1", "s4"]
        assert len(store.list(None)) == 4
    if holder:
        holder.close()


def test_several_processes_share_it(three: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from cass.stores.journal import open_store\n"
        "from cass.ports import SessionHeader; from cass.protocol.events import UserMessage\n"
        "from cass.protocol.messages import Text\n"
        "root, me = Path(sys.argv[1]), sys.argv[2]\n"
        "store = open_store(root / 'sessions', root / 'state' / 'sessions.sqlite')\n"
        "for n in range(15):\n"
        "    header = SessionHeader(f'{me}{n}', '/p', '2026-01-01T00:00:00.000+00:00')\n"
        "    store.write(header, [UserMessage(message_id='m', content=(Text(text=f'flamingo {me}{n}'),))])\n"
        "    assert [h.session.header.session_id for h in store.search(f'flamingo {me}{n}', None, 99).hits][-1:]\n"
        "    assert any(s.header.session_id == f'{me}{n}' for s in store.list(None))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(three), name], stderr=subprocess.PIPE, text=True)
        for name in ("a", "b", "c")
    ]
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert len(_store(three).search("flamingo", None, 99).hits) == 45


def test_only_its_owner_can_read_it(three: Path) -> None:
    _found(_store(three), "parser")
    assert {path.stat().st_mode & 0o077 for path in (three / "state").iterdir()} == {0}
    assert (three / "state").stat().st_mode & 0o777 == 0o700


def test_many_bytes_are_listed_at_once_and_indexed_meanwhile(tmp_path: Path) -> None:
    store = _store(tmp_path)
    for number in range(5):
        _keep(store, f"big{number}", _said("elephant"), _answer("x" * 2_500_000))
    assert [s.messages for s in store.list(None)] == [1] * 5
    assert _found(store, "elephant") == [f"big{n}" for n in range(5)]


def test_naming_a_session_does_not_make_it_newer(three: Path) -> None:
    store, path = _store(three), three / "sessions" / "s1.jsonl"
    os.utime(path, ns=(1_000, 1_000_000_000_000))
    store.note("s1", SessionInfoUpdate(title="Named"))
    (one,) = [s for s in store.list(None) if s.header.session_id == "s1"]
    assert (one.title, one.updated_at) == ("Named", "1970-01-01T00:16:40.000+00:00")


def test_queries_are_bounded() -> None:
    assert len(parse("a " * 10_000)) == 1
    assert len(parse(" ".join(f"w{n}" for n in range(500)))) <= 12

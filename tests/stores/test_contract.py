"""Every store keeps the same promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cass.errors import SessionError
from cass.ports import SessionHeader, Store
from cass.protocol.events import SessionInfoUpdate, UserMessage
from cass.protocol.messages import Text
from cass.stores.journal import open_store
from cass.stores.memory import MemoryStore

STORES: dict[str, Callable[[Path], Store]] = {
    "journal": lambda path: open_store(path / "sessions"),
    "indexed": lambda path: open_store(path / "sessions", path / "index.sqlite"),
    "memory": lambda path: MemoryStore(),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return STORES[request.param](tmp_path)


def _said(text: str) -> UserMessage:
    return UserMessage(message_id="m", content=(Text(text=text),))


def _header(name: str, cwd: str = "/p") -> SessionHeader:
    return SessionHeader(name, cwd, "2026-01-01T00:00:00.000+00:00", parent="dad", origin="claude:x")


def test_a_session_is_kept_listed_found_and_deleted(store: Store) -> None:
    store.write(_header("s1"), [_said("a walrus"), SessionInfoUpdate(title="One", tags=("t",))])
    journal = store.create(_header("s2", "/q"))
    journal.append(_said("a whale"))
    assert list(journal.events("whale")) == [_said("a whale")]
    assert list(journal.events("walrus")) == []
    journal.close()
    store.note("s2", SessionInfoUpdate(title="Two", archived=True))
    listed = {s.header.session_id: (s.title, s.tags, s.archived, s.messages) for s in store.list(None)}
    assert listed == {"s1": ("One", ("t",), False, 1), "s2": ("Two", (), True, 1)}
    assert [s.header for s in store.list("/q")] == [_header("s2", "/q")]
    assert [hit.session.header.session_id for hit in store.search("walrus", None, 5).hits] == ["s1"]
    assert store.search("walrus", "/q", 5).hits == ()
    assert len(store.search("a", None, 1).hits) == 1
    header, events = store.read("s1")
    assert (header.parent, header.origin, len(list(events))) == ("dad", "claude:x", 2)
    store.delete("s1")
    assert [s.header.session_id for s in store.list(None)] == ["s2"]
    assert store.search("walrus", None, 5).hits == ()
    with pytest.raises(SessionError):
        store.open("s1")

"""The one stream of a session: numbers every event, keeps it, folds it, and tells whoever is attached.

Small pieces of text are gathered for a moment, so that a fast model does not become a flood of messages; whatever
else happens is told after them, so the order stays.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import TypeVar

from cass.errors import StoreError
from cass.ports import Client, Journal
from cass.protocol.events import (
    AgentMessageChunk,
    AgentThoughtChunk,
    Event,
    Notice,
    TextContent,
    ToolCallContentChunk,
)
from cass.protocol.messages import Text
from cass.protocol.secrets import Masker
from cass.sessions.history import History, decides, void
from cass.sessions.state import Folded

_GATHER_SECONDS = 0.03
_GATHER_CHARS = 2_048
_RECENT = 4_096
_LOADED = 256
"""Events that are held, of those that happen and of those that were loaded; all durable ones are in the journal."""

Chunk = AgentMessageChunk | AgentThoughtChunk | ToolCallContentChunk

E = TypeVar("E")

log = logging.getLogger(__name__)


class Stream:
    """One session's events: those that the journal keeps are folded first, then new ones come. `seq` is the number
    of the last one, `kept` how many of them the journal holds. `masker` takes secrets out of what passes."""

    def __init__(self, session_id: str, journal: Journal) -> None:
        self.session_id = session_id
        self.masker = Masker.nothing()
        self.state = Folded()
        self.clients: list[Client] = []
        self.seq = 0
        self.kept = 0
        self.closed = False
        self._loaded = 0
        self._journal = journal
        self._recent: deque[tuple[int, Event]] = deque(maxlen=_RECENT)
        self._chunk: Chunk | None = None
        self._pieces: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._unsaved: deque[Event] = deque()
        self._load()

    def emit(self, event: Event) -> None:
        """The one way out. A durable event is on disk before anybody hears of it."""
        if isinstance(event, Chunk):
            self._gather(event)
            return
        self.flush()
        self._send(event)

    def flush(self) -> None:
        """Tell the gathered text now."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._chunk:
            chunk, text = self._chunk, "".join(self._pieces)
            self._chunk, self._pieces = None, []
            self._send(_with_text(chunk, text))

    def replay(self, client: Client, after: int | None) -> bool:
        """Tell a client what it has not seen: everything durable, numbered so that it ends at `seq` (`after` None),
        or what came after that number. False when that is no longer known."""
        self.flush()
        if after is None:
            first = self.seq - self.kept + 1
            for number, event in enumerate(self.durable(), first):
                client.update(self.session_id, number, event)
            return True
        known = [(n, e) for n, e in self._recent if n > after]
        first = known[0][0] if known else self.seq + 1
        if after > self.seq or (first > after + 1 and first > self._loaded + 1):
            return False
        if first > after + 1:  # what was loaded has the numbers of its places in the journal
            for number, event in enumerate(self.durable(), 1):
                if after < number < first:
                    client.update(self.session_id, number, event)
        for number, event in known:
            client.update(self.session_id, number, event)
        return True

    def durable(self, holding: str = "") -> Iterator[Event]:
        """Everything that the journal keeps, oldest first, read one at a time, and what it could not keep yet; only
        what holds this text."""
        unsaved = [event for event in self._unsaved if not holding or holding in event.wire_json()]
        return chain(self._journal.events(holding), unsaved)

    def recent(self, kind: type[E]) -> list[E]:
        """The latest events of one kind, oldest first, as far as they are still known."""
        return [event for _, event in self._recent if isinstance(event, kind)]

    def close(self) -> None:
        """Nothing more will happen here."""
        self.flush()
        self._save()
        self.closed = True
        self._journal.close()

    def _send(self, event: Event) -> None:
        if not isinstance(event, Chunk):  # what they say is said again, whole and masked
            event = self.masker.model(event)
        if event.is_durable:
            self._keep(event)
        self._take(event)
        if decides(event):
            self._fold_anew()
        for client in self.clients:
            client.update(self.session_id, self.seq, event)

    def _load(self) -> None:
        again = any(decides(event) for word in ("_rewound", "_uncompacted") for event in self.durable(word))
        gone = void(self.durable()) if again else frozenset[int]()
        history = History()
        for position, event in enumerate(self.durable()):
            self.kept += 1
            self.seq += 1
            if position not in gone:
                history.fold(event)
            self.state.take(event)
            self._recent.append((self.seq, event))
            if len(self._recent) > _LOADED:
                self._recent.popleft()
        self.state.history = history
        self._loaded = self.kept

    def _fold_anew(self) -> None:
        """Other events count now: the conversation is what they come to."""
        gone, history = void(self.durable()), History()
        for position, event in enumerate(self.durable()):
            if position not in gone:
                history.fold(event)
        self.state.history = history

    def _take(self, event: Event) -> None:
        self.seq += 1
        self.state.fold(event)
        self._recent.append((self.seq, event))

    def _keep(self, event: Event) -> None:
        """Save; the user is told once when that fails, the turn goes on, and it is tried again with the next event."""
        told = bool(self._unsaved)
        self._unsaved.append(event)
        self.kept += 1
        error = self._save()
        if error and not told:
            self._send(Notice(level="error", text=str(error)))
        elif told and not error:
            self._send(Notice(level="info", text="The session is saved again, with all that could not be saved."))

    def _save(self) -> StoreError | None:
        """Write what is not on disk yet, in order; why that could not be done."""
        while self._unsaved:
            try:
                self._journal.append(self._unsaved[0])
            except StoreError as error:
                log.error("%s", error)
                return error
            self._unsaved.popleft()
        return None

    def _gather(self, chunk: Chunk) -> None:
        if self._chunk and _key(self._chunk) != _key(chunk):
            self.flush()
        self._chunk = self._chunk or chunk
        self._pieces.append(_text(chunk))
        if sum(map(len, self._pieces)) >= _GATHER_CHARS:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GATHER_SECONDS, self.flush)


def _key(chunk: Chunk) -> tuple[str, str]:
    id = chunk.tool_call_id if isinstance(chunk, ToolCallContentChunk) else chunk.message_id
    return chunk.session_update, id


def _text(chunk: Chunk) -> str:
    content = chunk.content.content if isinstance(chunk.content, TextContent) else chunk.content
    return content.text if isinstance(content, Text) else ""


def _with_text(chunk: Chunk, text: str) -> Chunk:
    content = Text(text=text)
    if isinstance(chunk, ToolCallContentChunk):
        return chunk.model_copy(update={"content": TextContent(content=content)})
    return chunk.model_copy(update={"content": content})

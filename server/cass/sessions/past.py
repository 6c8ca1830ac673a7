"""What a session's journal says of its turns: what each began with, what it did to files, what was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cass.protocol.events import EffectsUpdate, Rewound, UserMessage
from cass.protocol.messages import ContentBlock, Text
from cass.sessions.history import void
from cass.sessions.stream import Stream

_CONTEXT = "\n\n[Editor]\n"
"""Begins what was put behind the user's words; see `work.py`."""


@dataclass
class Turn:
    """One turn. `effects` are its own records, oldest first; `counts` says whether the conversation holds it."""

    turn_id: str
    prompt: str
    counts: bool = True
    is_undone: bool = False
    effects: list[EffectsUpdate] = field(default_factory=list[EffectsUpdate])

    @property
    def files(self) -> int:
        """How many files it changed, as far as was told."""
        named = {path for effects in self.effects for path in effects.paths}
        return max([len(named), *(effects.files for effects in self.effects)])


@dataclass
class Past:
    """All turns that began with words, oldest first; all effects in the order in which they came, each with the number
    of turns that had begun; the rewinds that can be undone, the latest last."""

    turns: list[Turn] = field(default_factory=list[Turn])
    effects: list[tuple[int, EffectsUpdate]] = field(default_factory=list["tuple[int, EffectsUpdate]"])
    rewinds: list[Rewound] = field(default_factory=list[Rewound])

    def find(self, turn_id: str) -> tuple[int, Turn] | None:
        """A turn, and how many began before it."""
        return next(((n, turn) for n, turn in enumerate(self.turns) if turn.turn_id == turn_id), None)

    def since(self, number: int) -> list[str]:
        """What happened to files since that many turns had begun, the newest first; rewinds among it."""
        return [event.effects_id for begun, event in reversed(self.effects) if begun > number]


def look(stream: Stream) -> Past:
    """Read the journal."""
    past, gone = Past(), void(stream.durable())
    by_id: dict[str, Turn] = {}
    for position, event in enumerate(stream.durable()):
        if isinstance(event, UserMessage) and _begins(event) and event.turn_id not in by_id:
            turn = by_id[event.turn_id or ""] = Turn(
                event.turn_id or "", words(event.content), position not in gone
            )
            past.turns.append(turn)
        elif isinstance(event, EffectsUpdate):
            past.effects.append((len(past.turns), event))
            if event.turn_id in by_id:
                by_id[event.turn_id].effects.append(event)
        elif isinstance(event, Rewound):
            _rewound(past, event)
    return past


def words(content: Sequence[ContentBlock]) -> str:
    """The user's own words in a message."""
    return "".join(b.text for b in content if isinstance(b, Text) and not b.text.startswith(_CONTEXT))


def _begins(event: UserMessage) -> bool:
    return event.source == "user" and not event.steering and event.turn_id is not None


def _rewound(past: Past, event: Rewound) -> None:
    if event.undoes is None:
        past.rewinds.append(event)
    undone = event if event.undoes is None else next((r for r in past.rewinds if r.rewind_id == event.undoes), None)
    found = past.find(event.turn_id or "")
    if undone and found and undone.scope == "both":
        for turn in past.turns[found[0] :]:
            turn.is_undone = event.undoes is None
    past.rewinds = [rewind for rewind in past.rewinds if rewind.rewind_id != event.undoes]

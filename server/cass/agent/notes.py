"""The message that stands for what was left out of a conversation: the user's own words as they were, what a model
wrote about the rest, and what cass itself knows: to-dos, proposals that wait, files and their hashes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cass.protocol.edits import EditProposal
from cass.protocol.events import PlanEntry
from cass.protocol.messages import Block, Image, Message, Text

HEAD = "[cass made this conversation shorter. This message stands for what was left out.]"
SUMMARY = "# What happened so far\n\n"
_WORDS = "# What the user said, word for word\n\n"
_EDITOR = "\n\n[Editor]\n"
_MARKS = {"completed": "x", "in_progress": "~", "pending": " "}
_FILES = 40
_SHORT = 160
_LARGEST = 0.35
"""The part of the room that the first and the last of the user's messages may take each."""

WORDS_ROOM = 0.4
"""The part of the room that the user's words may take; what does not fit is shortened, the oldest between first and
last before others."""

Estimate = Callable[[str], int]


@dataclass(frozen=True)
class Known:
    """What cass knows for certain. `files` maps a path to what it holds: a hash, or a word."""

    cwd: Path
    todos: Sequence[PlanEntry] = ()
    proposals: Sequence[EditProposal] = ()
    files: Mapping[Path, str] | None = None
    changed: Sequence[Path] = ()


def message(
    said: Sequence[tuple[int, Message]],
    last: Message | None,
    summary: str,
    known: Known,
    room: int,
    estimate: Estimate,
) -> Message:
    """The message. `said` are the user's messages that are left out, with their numbers; `last` is the user's last one
    where it is among them. `room` is in tokens."""
    words = _words(said, last, int(room * WORDS_ROOM), int(room * _LARGEST), estimate)
    blocks: list[Block] = [Text(text=HEAD)]
    if words:
        blocks.append(Text(text=_WORDS + "\n\n".join(words)))
    blocks += [block for block in (last.content if last else ()) if isinstance(block, Image)]
    blocks.append(Text(text=SUMMARY + summary.strip()))
    state = _state(known)
    if state:
        blocks.append(Text(text=state))
    return Message(role="user", content=tuple(blocks))


def with_summary(kept: Sequence[Message], summary: str) -> tuple[Message, ...]:
    """The same messages with another summary."""

    def changed(block: Block) -> Block:
        is_it = isinstance(block, Text) and block.text.startswith(SUMMARY)
        return Text(text=SUMMARY + summary.strip()) if is_it else block

    return tuple(m.model_copy(update={"content": tuple(map(changed, m.content))}) for m in kept)


def summary_of(message: Message) -> str | None:
    """The summary in such a message; None for another message."""
    texts = [block.text for block in message.content if isinstance(block, Text)]
    if not texts or texts[0] != HEAD:
        return None
    return next((text.removeprefix(SUMMARY) for text in texts if text.startswith(SUMMARY)), "")


def words_of(said: Message) -> str:
    """The user's own words in a message, without what the editor put behind them."""
    texts = [b.text for b in said.content if isinstance(b, Text) and not b.text.startswith(_EDITOR)]
    pictures = sum(isinstance(block, Image) for block in said.content)
    return "\n".join([*texts, *(["[a picture]"] * pictures)])


def _words(
    said: Sequence[tuple[int, Message]], last: Message | None, room: int, largest: int, estimate: Estimate
) -> list[str]:
    """First and last as they are, then the others from the newest on while they fit."""
    texts = {number: words_of(message) for number, message in said}
    if not texts:
        return []
    first = min(texts)
    newest = next((number for number, message in said if message is last), None)
    shown = {
        number: _fitting(texts[number], number, largest, estimate) for number in {first, newest} - {None} if number
    }
    room -= sum(estimate(text) for text in shown.values())
    for number in sorted(texts, reverse=True):
        if number in shown:
            continue
        text = texts[number]
        if estimate(text) > room:
            text = _line(text, number)
        if estimate(text) <= max(room, 0):
            shown[number] = text
            room -= estimate(text)
    missing = len(texts) - len(shown)
    parts = [f"{number}. {text}" for number, text in sorted(shown.items())]
    if missing:
        parts.insert(1, f"[{missing} more messages, left out; read_result said-NUMBER has each.]")
    return parts


def _fitting(text: str, number: int, room: int, estimate: Estimate) -> str:
    tokens = estimate(text)
    if tokens <= room:
        return text
    half = int(len(text) * room / tokens) // 2
    left_out = len(text) - 2 * half
    return (
        f"{text[:half]}\n[Left out: {left_out:,} characters. read_result said-{number} has them.]\n{text[-half:]}"
    )


def _line(text: str, number: int) -> str:
    flat = re.sub(r"\s+", " ", text)
    return flat if len(flat) <= _SHORT else f"{flat[:_SHORT]}… [read_result said-{number} has the rest]"


def _state(known: Known) -> str:
    parts: list[str] = []
    if known.todos:
        lines = [f"- [{_MARKS[entry.status]}] {entry.content}" for entry in known.todos]
        parts.append("# To-dos\n\n" + "\n".join(lines))
    if known.proposals:
        lines = [f"- {proposal.title}" for proposal in known.proposals]
        parts.append("# Proposals that wait for the user\n\n" + "\n".join(lines))
    if known.files:
        changed = set(known.changed)
        newest = list(known.files.items())[-_FILES:]
        lines = [
            f"- {_shown(path, known.cwd)} {held}{' changed by you' if path in changed else ''}"
            for path, held in newest
        ]
        parts.append("# Files you have seen, with the hash of what they hold now\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def _shown(path: Path, cwd: Path) -> str:
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)

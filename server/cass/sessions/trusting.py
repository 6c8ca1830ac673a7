"""Asks the user whether what a folder brings may act, before the first prompt that could let it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cass.errors import TrustError
from cass.ports import Question
from cass.protocol.custom import TrustGetResult, TrustItem, TrustState, TrustUpdate
from cass.protocol.events import Notice, StateUpdate

if TYPE_CHECKING:
    from cass.sessions.session import Session

_NAMED = 12
_DIFF_CHARS = 1_500
_WORDS = {"mcp": "MCP server file", "settings": "settings file", "hooks": "hook file", "plugin": "plug-in file"}

TRUST = "Trust it, as it is now"
REFUSE = "Leave it out from now on"
SHOW = "Show everything first"
LATER = "Not now"


async def tell(session: Session) -> TrustGetResult:
    """Look at the folder, and tell whoever is attached when it stands otherwise than was told."""
    found = await asyncio.to_thread(session.brought.trust.summary)
    if found.state != session.brought.told:
        session.brought.told = found.state
        session.emit(TrustUpdate(state=found.state, folder=found.folder, digest=found.digest, items=found.items))
        session.reload()
    return found


async def greet(session: Session) -> None:
    """When the session opens: say that something is held back, before it is asked about."""
    found = await tell(session)
    if found.state in ("undecided", "changed") and found.digest != session.brought.asked:
        what = f"This folder brings {counted(found.items)}{_since(found.state)}."
        text = f"{what} It does not act until you trust it; `/trust` shows it."
        session.emit(Notice(level="info", text=text))


async def settle(session: Session, turn_id: str) -> None:
    """Before a prompt: what is there and not decided about is shown, and the user asked, once for each state that it is
    in. TrustError where nobody can be asked. What stays undecided stays out, which is no error where somebody is
    there."""
    found = await tell(session)
    if found.state in ("plain", "trusted", "refused") or found.digest == session.brought.asked:
        return
    if not session.can_decide:
        raise TrustError(
            f"{found.folder} brings what could act, and nobody decided about it{_since(found.state)}: "
            f"{counted(found.items)}",
            hint="`cass trust` shows it and takes your decision. For this run alone: --trust lets it act as it is now, "
            "--no-trust leaves it out.",
        )
    found = await asyncio.to_thread(session.brought.trust.look)
    session.emit(StateUpdate(turn_id=turn_id, state="requires_action"))
    try:
        answer = await _asked(session, found)
    finally:
        session.emit(StateUpdate(turn_id=turn_id, state="running"))
    session.brought.asked = found.digest
    if answer in (TRUST, REFUSE):
        word = "trust" if answer == TRUST else "refuse"
        await asyncio.to_thread(session.brought.trust.decide, word, found.digest)
        await tell(session)
        session.brought.begin()
    else:
        text = "What the folder brings stays out for now. `/trust` shows it and takes your decision."
        session.emit(Notice(turn_id=turn_id, level="info", text=text))


async def _asked(session: Session, found: TrustGetResult) -> str | None:
    head = f"May what this folder brings act?{_since(found.state)}\n{found.folder}\n"
    text = f"{head}{_list(found.items)}\nUntil you trust it, cass works without it."
    options = (TRUST, SHOW, REFUSE, LATER)
    answer = await session.ask(Question(text, options))
    if answer == SHOW:
        session.emit(Notice(turn_id=session.turn_id, level="info", text=whole(found)))
        answer = await session.ask(Question(text, tuple(o for o in options if o != SHOW)))
    return answer


def whole(found: TrustGetResult) -> str:
    """Everything that there is to see, in Markdown."""
    parts = [f"**{found.folder}**: {found.state}. It brings {counted(found.items)}."]
    for item in found.items:
        parts.append(f"`{item.path}` ({item.state}, {item.size:,} bytes, sha256 {item.sha256[:12]})")
        body, language = (item.diff, "diff") if item.diff else (item.text, "")
        if body:
            fence = "`" * max(3, 1 + max((len(run) for run in _ticks(body)), default=0))
            parts.append(f"{fence}{language}\n{body.rstrip()}\n{fence}")
    return "\n\n".join(parts)


def counted(items: Sequence[TrustItem]) -> str:
    """`2 hook files, 1 command`, with the first few paths."""
    if not items:
        return "nothing that could act"
    kinds = Counter(_WORDS.get(item.kind, item.kind) for item in items)
    what = ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(kinds.items()))
    paths = ", ".join(item.path for item in items[:_NAMED])
    return f"{what} ({paths}{', …' if len(items) > _NAMED else ''})"


def _list(items: Sequence[TrustItem]) -> str:
    """The files, those that are new or changed first, with what changed in them."""
    rows: list[str] = []
    left = _DIFF_CHARS
    order = sorted(items, key=lambda item: item.state == "trusted")
    for item in order[:_NAMED]:
        rows.append(f"  {item.kind}: {item.path}{'' if item.state == 'new' else f' ({item.state})'}")
        if item.diff and len(item.diff) <= left:
            left -= len(item.diff)
            rows += [f"      {line}" for line in item.diff.split("\n")]
    if len(order) > _NAMED:
        rows.append(f"  … and {len(order) - _NAMED} more")
    return "\n".join(rows)


def _since(state: TrustState) -> str:
    return " (it was trusted, and has changed since)" if state == "changed" else ""


def _ticks(text: str) -> list[str]:
    import re

    return re.findall(r"`+", text)

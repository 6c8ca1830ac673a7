"""Going back to before a turn: the conversation, the files, or both. What was done is an event and an effect like any
other, so that it can be taken back as well."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.agent import effects
from cass.errors import ProtocolError, SessionError, ToolError
from cass.ports import Begun, Effect
from cass.protocol.events import Rewound, UserMessage
from cass.protocol.messages import Text
from cass.protocol.rewinding import (
    RewindFile,
    RewindListResult,
    RewindParams,
    RewindPreviewResult,
    RewindResult,
    RewindTurn,
)
from cass.sessions import past, restoring, review
from cass.sessions.past import Past, Turn

if TYPE_CHECKING:
    from cass.sessions.session import Session

Chains = dict[Path, list[Effect]]

_PROMPT_CHARS = 200
_TOLD = 30
_RECOVERED = (
    "cass ended while one of these steps ran. What was changed until then counts as its doing, and every file that is "
    "gone since; look whether some of it is yours."
)


@dataclass(frozen=True)
class _Done:
    effects_id: str | None
    restored: tuple[RewindFile, ...] = ()
    refused: tuple[RewindFile, ...] = ()


def turns(session: Session) -> RewindListResult:
    """What can be gone back to."""
    looked = past.look(session.stream)
    shown = [turn for turn in reversed(looked.turns) if (turn.counts or turn.files) and not turn.is_undone]
    return RewindListResult(
        turns=tuple(
            RewindTurn(turn_id=turn.turn_id, prompt=_short(turn.prompt), files=turn.files, conversation=turn.counts)
            for turn in shown
        ),
        undo=looked.rewinds[-1].rewind_id if looked.rewinds else None,
    )


async def preview(session: Session, params: RewindParams) -> RewindPreviewResult:
    """What `apply` would do now."""
    looked = past.look(session.stream)
    number, _ = _turn(looked, params)
    lost = sum(turn.counts for turn in looked.turns[number:]) if params.scope != "files" else 0
    if params.scope == "conversation":
        return RewindPreviewResult(turns=lost)
    chains, problems = await _chains(session, looked, _effects(looked, params))
    steps = await restoring.plan(session, _only(session, chains, params.paths))
    return RewindPreviewResult(
        files=tuple(step.told() for step in restoring.notable(steps)), turns=lost, problems=tuple(problems)
    )


async def apply(session: Session, params: RewindParams) -> RewindResult:
    """Go back. No turn may be running, but the one that a slash command is. What is begun is done, even when cancelled."""
    return await effects.to_the_end(_apply(session, params))


async def undo(session: Session, rewind_id: str | None = None) -> RewindResult:
    """Take a rewind back, in the same scope. SessionError `rewind_not_found`."""
    return await effects.to_the_end(_undo(session, rewind_id))


async def _apply(session: Session, params: RewindParams) -> RewindResult:
    looked = past.look(session.stream)
    _, turn = _turn(looked, params)
    begun = Begun(effects.new_id(), turn.turn_id, is_rewind=True)
    done, problems = _Done(None), list[str]()
    if params.scope != "conversation":
        chains, problems = await _chains(session, looked, _effects(looked, params))
        done = await _restore(session, begun, _only(session, chains, params.paths))
    talks = params.scope != "files"
    if not talks and done.effects_id is None:
        await session.checkpoints.ended(begun)
        return RewindResult(refused=done.refused, problems=tuple(problems))
    rewound = Rewound(
        turn_id=turn.turn_id,
        rewind_id=f"rewind-{uuid4().hex[:12]}",
        scope=params.scope,
        effects_id=done.effects_id,
    )
    await _go(session, rewound, done.restored, _changed_by(looked, turn) if params.scope == "conversation" else ())
    await session.checkpoints.ended(begun)
    return RewindResult(
        rewind_id=rewound.rewind_id,
        restored=done.restored,
        refused=done.refused,
        problems=tuple(problems),
        prompt=turn.prompt if talks else None,
    )


async def _undo(session: Session, rewind_id: str | None) -> RewindResult:
    looked = past.look(session.stream)
    known = [one for one in looked.rewinds if rewind_id in (None, one.rewind_id)]
    if not known:
        raise SessionError(
            "there is no rewind to be undone" if rewind_id is None else f"there is no rewind {rewind_id[:80]}",
            hint="cass/rewind/list names the latest one.",
            kind="rewind_not_found",
        )
    undone = known[-1]
    begun = Begun(effects.new_id(), undone.turn_id, is_rewind=True)
    chains, problems = await _chains(session, looked, [undone.effects_id] if undone.effects_id else [])
    done = await _restore(session, begun, chains)
    rewound = Rewound(
        turn_id=undone.turn_id,
        rewind_id=f"rewind-{uuid4().hex[:12]}",
        scope=undone.scope,
        effects_id=done.effects_id,
        undoes=undone.rewind_id,
    )
    await _go(session, rewound, done.restored, ())
    await session.checkpoints.ended(begun)
    return RewindResult(
        rewind_id=rewound.rewind_id, restored=done.restored, refused=done.refused, problems=tuple(problems)
    )


# --- which effects ---


def _turn(looked: Past, params: RewindParams) -> tuple[int, Turn]:
    found = looked.find(params.turn_id)
    if found is None:
        raise SessionError(
            f"there is no turn {params.turn_id[:80]} to go back to",
            hint="cass/rewind/list names the turns.",
            kind="turn_not_found",
        )
    if params.scope != "files" and not found[1].counts:
        raise SessionError(
            "the conversation does not hold that turn any more",
            hint="Its files can be taken back with the scope `files`.",
            kind="turn_not_found",
        )
    if params.only and params.scope != "files":
        raise ProtocolError("one turn alone can be taken back in files only", kind="invalid_params")
    return found


def _effects(looked: Past, params: RewindParams) -> list[str]:
    number, turn = _turn(looked, params)
    if params.only:
        return [event.effects_id for event in reversed(turn.effects)]
    return looked.since(number)


async def _chains(session: Session, looked: Past, effects_ids: Sequence[str]) -> tuple[Chains, list[str]]:
    """What happened to each path, the newest first; and what is not known any more."""
    chains: Chains = {}
    lost = 0
    for effects_id in effects_ids:
        found = await session.checkpoints.read(effects_id)
        lost += found is None
        for effect in found or ():
            chains.setdefault(effect.path, []).append(effect)
    problems = [f"What {lost} of {len(effects_ids)} steps did to files is not kept here any more."] if lost else []
    if any(event.recovered and event.effects_id in effects_ids for _, event in looked.effects):
        problems.append(_RECOVERED)
    return chains, problems


def _only(session: Session, chains: Chains, paths: Sequence[str]) -> Chains:
    if not paths:
        return chains
    wanted = [Path(os.path.normpath(session.cwd / path)) for path in paths]
    found = {p: chain for p, chain in chains.items() if any(p.is_relative_to(one) for one in wanted)}
    for one, named in zip(wanted, paths, strict=True):
        if not any(path.is_relative_to(one) for path in found):
            raise SessionError(f"nothing was done to {named[:200]} there", kind="path_not_found")
    return found


# --- doing it ---


async def _restore(session: Session, begun: Begun, chains: Chains) -> _Done:
    """Take back what can be; in the books of the review, too."""
    steps = await restoring.plan(session, chains)
    doing = [step for step in steps if not step.refused]
    bases = {step.path: await _base(session, step.path) for step in doing}
    await session.checkpoints.begin(begun, {step.path: step.now for step in doing})
    failed = await restoring.run(session, doing)
    changes: list[Effect] = []
    restored: list[RewindFile] = []
    notable = {step.path for step in restoring.notable(steps)}
    for step in doing:
        now = await effects.now(session.workspace, session.checkpoints, step.path)
        if now != step.now:
            changes.append(Effect(step.path, step.now, now))
            await _settle(session, bases[step.path])
            if step.path in notable and step.path not in failed:
                restored.append(step.told())
    await session.workspace.catch_up()
    recorded = await session.checkpoints.record(changes, begun)
    effects.emit(session, begun, recorded)
    refused = [step.told(failed.get(step.path, "")) for step in steps if step.refused or step.path in failed]
    return _Done(recorded.effects_id if recorded else None, tuple(restored), tuple(refused))


async def _base(session: Session, path: Path) -> tuple[Path, str | None] | None:
    """The name and the text before its changes of a file that waits for review."""
    for name in session.unreviewed.made:
        if effects.followed(name) == path:
            await session.unreviewed.look(name)
            made = session.unreviewed.made.get(name)
            return (name, made.base) if made else None
    return None


async def _settle(session: Session, base: tuple[Path, str | None] | None) -> None:
    """What is left to be reviewed of a file is what it still has of the changes."""
    if base is None:
        return
    try:
        now = (await session.workspace.actual(base[0])).text
    except ToolError:
        now = None
    session.unreviewed.keep(*base, now)


async def _go(session: Session, rewound: Rewound, restored: Sequence[RewindFile], left: Sequence[str]) -> None:
    """Say that it was done: to the journal, the clients and the model."""
    session.emit(rewound)
    if rewound.talks:
        session.ledger.forget()
        looked = past.look(session.stream)
        counting = {turn.turn_id for turn in looked.turns if turn.counts}
        known = {turn.turn_id for turn in looked.turns}
        for proposal in session.stream.state.pending_proposals():
            if proposal.turn_id in known - counting:
                await review.withdraw(session, proposal)
    if rewound.scope == "files" and restored:
        word = "took back what was done to" if rewound.undoes is None else "had these files changed again"
        _say(session, f"The user {word}:", [f"{file.path} ({file.action})" for file in restored])
    elif left:
        _say(session, "Changed since by turns that are not part of this conversation any more:", left)
    await session.reviews.list()


def _changed_by(looked: Past, turn: Turn) -> list[str]:
    found = looked.find(turn.turn_id)
    later = [event for begun, event in looked.effects if found and begun > found[0]]
    return list(dict.fromkeys(path for event in later for path in event.paths))


def _say(session: Session, head: str, lines: Sequence[str]) -> None:
    more = [f"and {len(lines) - _TOLD} more"] if len(lines) > _TOLD else []
    text = "\n".join(
        [f"[Editor, not typed by the user]\n{head}", *(f"- {line}" for line in [*lines[:_TOLD], *more])]
    )
    message_id = f"msg-{uuid4().hex[:12]}"
    session.emit(UserMessage(message_id=message_id, content=(Text(text=text),), steering=True, source="editor"))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _PROMPT_CHARS else line[: _PROMPT_CHARS - 3] + "..."

"""The changes of a sub-agent's copy of the files, offered as changes of the session's own, through the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from cass import applying
from cass.agent.gate import Gate, Rules
from cass.agent.permissions import judge, parse_rules
from cass.errors import ToolError
from cass.merging import merge
from cass.ports import Action, FileEdit, FileText, Outcome
from cass.protocol.messages import Text, ToolCall
from cass.sessions import terms
from cass.sessions.apart import Result, count

if TYPE_CHECKING:
    from cass.sessions.session import Session

TOOL = "agent_changes"
"""What the changes are offered through: a tool like any other, but that no model is offered it."""

_EDITING = ("edit_file", "write_file", "apply_patch")
_NAMED = 20
_SHOWN = 2_000
_TRIES = 3


@dataclass
class _Told:
    lines: list[str] = field(default_factory=list[str])
    whole: bool = True


async def offer(session: Session, turn_id: str, name: str, result: Result) -> str:
    """Offer it as changes of the session's own files, through the gate: what fits as one proposal, what collides with what
    happened there meanwhile as another one that is always asked about. One sub-agent after the other. What became of it,
    for the model."""
    told = _Told()
    async with session.agents.root.offering:
        edits = [edit for edit in result.edits if not _is_forbidden(session, edit, told)]
        clean, collided = await _sorted(session, edits)
        for _ in range(_TRIES):
            made = await _take(session, turn_id, f"Changes of {name}", clean, told)
            if made:
                break
            again, more = await _sorted(session, edits)
            if _bases(again) == _bases(clean):
                break
            clean, collided = again, more  # the files changed while it was asked about
            told.lines.append("It was offered again, on the files as they are now.")
        if rest := await _rest(session, collided):
            where = ", ".join(_name(session, edit) for edit in rest[:_NAMED])
            told.lines.append(f"Collides with what was changed meanwhile, so that the user is asked: {where}")
            title = f"Changes of {name} in place of what was changed there meanwhile"
            await _take(session, turn_id, title, rest, told, ask=True)
    if result.plain:
        told.whole = False
        told.lines.append(f"Not offered, for it is no change of a text: {'; '.join(result.plain[:_NAMED])}")
    if not told.whole and result.patch:
        told.lines.append(f"All its changes are kept as a patch in {result.patch}.")
    head = f"[{name} changed {count(result.files)} in its copy; they were offered as changes here]"
    return "\n".join([head, *told.lines])


async def _sorted(session: Session, edits: Sequence[FileEdit]) -> tuple[list[FileEdit], list[FileEdit]]:
    """The edits on the files as they are now, and those that collide there. What is there already is left out."""
    clean: list[FileEdit] = []
    collided: list[FileEdit] = []
    for edit in edits:
        now = await _now(session, edit.path)
        if edit.base is None:
            if now is None:
                clean.append(edit)
            elif now.text != edit.new_text:
                collided.append(edit)
            continue
        if now is None or (edit.new_text is None and now.hash != edit.base.hash):
            collided += [edit] if edit.new_text is not None or now is not None else []
            continue
        try:
            based = await applying.rebased(session.workspace, edit)
            clean += [based] if based.new_text != now.text else []
        except ToolError:
            merged = merge(edit.base.text, edit.new_text or "", now.text)
            if merged.text != now.text:
                clean.append(replace(edit, base=now, new_text=merged.text))
            collided.append(edit)
    return clean, collided


async def _rest(session: Session, collided: Sequence[FileEdit]) -> list[FileEdit]:
    """Edits that put the sub-agent's lines in place of those that they collide with; all else that was changed stays."""
    again: list[FileEdit] = []
    for edit in collided:
        now = await _now(session, edit.path)
        if now is None:
            again.append(FileEdit(edit.path, "add", None, edit.new_text))
        elif edit.new_text is None:
            again.append(replace(edit, base=now))
        else:
            text = merge(edit.base.text if edit.base else "", now.text, edit.new_text).text
            if text != now.text:
                again.append(FileEdit(edit.path, "modify", now, text))
    return again


async def _take(
    session: Session, turn_id: str, title: str, edits: Sequence[FileEdit], told: _Told, *, ask: bool = False
) -> bool:
    """Put these through the gate; whether that was the end of it."""
    if not edits:
        return True
    ask = ask or any(_asks(session, edit) for edit in edits)
    key = uuid4().hex[:12]
    session.agents.offers[key] = tuple(edits)
    try:
        more = Rules(ask=parse_rules([TOOL])) if ask else Rules()
        gate = Gate(session, session.house.tools, terms.joined(session.rules, more))
        arguments: dict[str, object] = {"offer": key, "title": title}
        outcome = await gate.call(ToolCall(id=f"call-{key}", name=TOOL, arguments=arguments), turn_id)
    finally:
        del session.agents.offers[key]
    told.whole = told.whole and not outcome.is_error and "refused by the user" not in _text(outcome)
    text = _text(outcome)
    told.lines.append(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
    told.lines += [f"- {_name(session, edit)}" for edit in edits[:_NAMED]]
    return not outcome.is_error or text.startswith(("The user refused", "Not permitted"))


def _bases(edits: Sequence[FileEdit]) -> list[tuple[Path, str]]:
    """What the edits are made on."""
    return [(edit.path, edit.base.hash if edit.base else "") for edit in edits]


def _is_forbidden(session: Session, edit: FileEdit, told: _Told) -> bool:
    """Whether a rule forbids this edit by whatever tool; that is told."""
    verdicts = [judge(tool, _action(edit), Gate(session, {}, session.rules).policy()) for tool in _EDITING]
    why = next((verdict.reason for verdict in verdicts if verdict.answer == "deny"), "")
    if why:
        told.whole = False
        told.lines.append(f"Not permitted: {_name(session, edit)}: {why}")
    return bool(why)


def _asks(session: Session, edit: FileEdit) -> bool:
    """Whether this edit would be asked about, made by any tool: then it is, whatever it is made by."""
    policy = replace(Gate(session, {}, session.rules).policy(), allow=())
    return any(judge(tool, _action(edit), policy).answer == "ask" for tool in _EDITING)


def _action(edit: FileEdit) -> Action:
    return Action(title="", kind="edit", changes=True, paths=(edit.path,), edits=(edit,))


async def _now(session: Session, path: Path) -> FileText | None:
    """The file as it is; None where there is none."""
    try:
        return await session.workspace.actual(path)
    except ToolError as error:
        if error.kind == "not_found":
            return None
        raise


def _name(session: Session, edit: FileEdit) -> str:
    return (
        edit.path.relative_to(session.cwd).as_posix() if edit.path.is_relative_to(session.cwd) else str(edit.path)
    )


def _text(outcome: Outcome) -> str:
    return "".join(block.text for block in outcome.content if isinstance(block, Text))

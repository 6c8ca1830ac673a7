"""The moment in which something is changed: edits are made and what really came of them is told to the model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from cass import applying, proposals
from cass.agent import effects, hooking, problems, report, unmasking
from cass.agent.desk import Desk
from cass.errors import ToolError
from cass.ports import Action, Applied, FileEdit, Outcome
from cass.protocol.edits import EditProposal, HunkDecision
from cass.protocol.messages import Text


async def apply(
    desk: Desk,
    turn_id: str,
    action: Action,
    proposal: EditProposal,
    decisions: Sequence[HunkDecision],
    *,
    asked: bool,
) -> Outcome:
    """Make the edits of a call, or what the user left of them."""
    if any(edit.base and edit.base.source == "overlay" for edit in action.edits):
        report.resolved(desk, turn_id, proposal, "stale", decisions)
        raise ToolError("This file has proposed changes that are not applied yet. The user decides with /apply.")
    edits, verdict = proposals.decide(action.edits, proposal, decisions)
    edits = unmasking.whole(desk.masker, edits)
    desk.remember(edits)
    before = await problems.of(desk.ide, edits)
    try:
        async with effects.editing(desk, turn_id, proposal.tool_call_id, edits):
            applied = await applying.apply(desk.workspace, edits)
    except ToolError as error:
        state = "conflict" if error.kind == "conflict" else "stale"
        report.resolved(desk, turn_id, proposal, state, decisions)
        raise
    except asyncio.CancelledError:
        report.resolved(desk, turn_id, proposal, "applied" if await _are_made(desk, edits) else "stale", decisions)
        raise
    await desk.made(edits, applied, reviewed=asked)
    report.resolved(desk, turn_id, proposal, "conflict" if applied.failed else "applied", decisions)
    hooks = await hooking.applied(desk, turn_id, proposal.tool_call_id, action.title, edits, applied)
    told = [verdict or action.done or "Done.", *_unsaved(applied), *_failed(applied), *hooks]
    told.append(await desk.ledger.news())
    told.append(await problems.difference(desk.ide, edits, before))
    return Outcome.text("\n\n".join(part for part in told if part), is_error=bool(applied.failed))


async def run(
    desk: Desk, turn_id: str, call_id: str, action: Action, work: Callable[[], Awaitable[Outcome]]
) -> Outcome:
    """Run what is no edit. Around what may change files, buffers that cass changed are saved before, and
    what changed is told after."""
    if not action.changes:
        return await work()
    unsaved = await desk.workspace.save(desk.ledger.paths, desk.changed_paths)
    outcome = await effects.around(desk, turn_id, call_id, work)
    await desk.workspace.catch_up()
    told = [f"Not on disk while this ran, the editor holds it: {path} ({why})." for path, why in unsaved.items()]
    news = await desk.ledger.news()
    extra = "\n\n".join(part for part in (*told, news) if part)
    if not extra:
        return outcome
    return replace(outcome, content=(*outcome.content, Text(text=f"\n\n{extra}")))


async def _are_made(desk: Desk, edits: Sequence[FileEdit]) -> bool:
    """Whether the files are as the edits want them."""
    for edit in edits:
        try:
            now = (await desk.workspace.read(edit.move_to or edit.path)).text
        except ToolError:
            if edit.op != "delete":
                return False
        else:
            if edit.op == "delete" or (edit.new_text is not None and now != edit.new_text):
                return False
    return True


def _unsaved(applied: Applied) -> list[str]:
    return [
        f"{file.path} is changed in the editor and not saved ({file.unsaved}): commands see the old text on disk."
        for file in applied.files
        if file.unsaved
    ]


def _failed(applied: Applied) -> list[str]:
    lines = [f"Not made: {edit.path}: {why}" for edit, why in applied.failed]
    return ["\n".join(lines)] if lines else []

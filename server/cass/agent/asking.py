"""Asking for permission: the question, the answers that may be given, and what an answer means."""

from __future__ import annotations

from collections.abc import Sequence

from cass.agent.desk import Desk
from cass.agent.permissions import always_rule
from cass.errors import ToolError
from cass.ports import Action
from cass.protocol.asking import PermissionOption, PermissionSubject, RequestPermissionParams
from cass.protocol.edits import EditProposal, HunkDecision
from cass.protocol.events import PermissionGranted, StateUpdate
from cass.protocol.messages import ToolCall
from cass.protocol.wire import JsonObject


async def ask(
    desk: Desk, call: ToolCall, turn_id: str, tool: str, action: Action, proposal: EditProposal | None
) -> tuple[HunkDecision, ...]:
    """Ask and wait. Returns when the call may run, with the verdict on single hunks where one was given; raises
    ToolError with the refusal otherwise."""
    rule = always_rule(tool, action, desk.cwd)
    question = RequestPermissionParams(
        session_id=desk.session_id,
        turn_id=turn_id,
        title=action.title,
        description=action.detail or None,
        subject=_subject(call, action, proposal),
        options=_options(rule),
        proposal=proposal,
    )
    await waits(desk, "permission_prompt", f"cass needs your permission: {action.title}", tool)
    desk.emit(StateUpdate(turn_id=turn_id, state="requires_action"))
    try:
        outcome = await desk.request_permission(question)
    finally:
        desk.emit(StateUpdate(turn_id=turn_id, state="running"))
    offered = {option.option_id for option in question.options if option.kind.startswith("allow")}
    if outcome.outcome != "selected" or outcome.option_id not in offered:
        raise ToolError(_refusal([outcome.note]))
    if proposal and _all_rejected(proposal, outcome.hunks):
        raise ToolError(_refusal([outcome.note, *(d.reason for d in outcome.hunks)]))
    if outcome.option_id == "allow_always" and rule:
        desk.emit(PermissionGranted(turn_id=turn_id, rule=rule))
    return outcome.hunks


async def waits(desk: Desk, why: str, message: str, tool: str = "") -> None:
    """cass waits for the user: hooks that want to know are told, and nobody waits for them."""
    if desk.hooks.has("Notification"):
        data: JsonObject = {"notification_type": why, "message": message, "title": "cass"}
        await desk.hooks.fire("Notification", {**data, "waits_for": tool} if tool else data)


def _all_rejected(proposal: EditProposal, decisions: Sequence[HunkDecision]) -> bool:
    hunks = {hunk.hunk_id for file in proposal.files for hunk in file.hunks}
    return bool(hunks) and hunks <= {d.hunk_id for d in decisions if d.decision == "reject"}


def _refusal(reasons: Sequence[str | None]) -> str:
    given = list(dict.fromkeys(reason for reason in reasons if reason))
    if given:
        return f"The user refused this: {' / '.join(given)}"
    return "The user refused this. Ask what they want instead, or go on without it."


def _subject(call: ToolCall, action: Action, proposal: EditProposal | None) -> PermissionSubject:
    if proposal:
        return PermissionSubject(type="edit", tool_call_id=call.id, proposal_id=proposal.proposal_id)
    if action.command is not None:
        cwd = str(action.cwd) if action.cwd else None
        return PermissionSubject(type="command", tool_call_id=call.id, command=action.command, cwd=cwd)
    return PermissionSubject(type="tool_call", tool_call_id=call.id)


def _options(rule: str | None) -> tuple[PermissionOption, ...]:
    yes = PermissionOption(option_id="allow_once", name="Yes", kind="allow_once")
    no = PermissionOption(option_id="reject_once", name="No", kind="reject_once")
    if rule is None:
        return yes, no
    always = PermissionOption(option_id="allow_always", name=f"Always in this session: {rule}", kind="allow_always")
    return yes, always, no

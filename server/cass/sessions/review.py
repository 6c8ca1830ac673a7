"""Deciding about proposals: while a call waits for it, or later, for those that plan mode kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cass import applying, proposals
from cass.agent import effects, unmasking
from cass.errors import ProtocolError, ToolError
from cass.hunks import apply_hunks
from cass.merging import merge
from cass.ports import FileEdit, FileText
from cass.protocol.asking import PermissionOutcome
from cass.protocol.edits import EditProposal, HunkDecision, ProposalState, ProposedFile
from cass.protocol.events import EditUpdate
from cass.protocol.methods import EditResolveParams, EditResolveResult
from cass.sessions import settled

if TYPE_CHECKING:
    from cass.sessions.session import Session


async def resolve(session: Session, params: EditResolveParams) -> EditResolveResult:
    """Decide about one proposal. Deciding again answers with what became of it. ProtocolError
    `proposal_not_found`, or `content_modified` when `base_hash` is given and is not the proposal's."""
    proposal = settled.find(session.stream, params.proposal_id)
    if proposal is None:
        raise ProtocolError(f"there is no proposal {params.proposal_id}", kind="proposal_not_found")
    if params.base_hash is not None and all(f.base_hash != params.base_hash for f in proposal.files):
        raise ProtocolError("the proposal was made on another text", kind="content_modified")
    if proposal.state != "proposed":
        return _result(session, proposal.state, proposal)
    decisions = _decisions(proposal, params)
    if session.asks.decide(proposal.proposal_id, _outcome(params, decisions)):
        return _result(session, "rejected" if params.action == "reject" else "accepted", proposal)
    if is_running(session, proposal):
        return _result(session, proposal.state, proposal)
    if params.action == "reject":
        return await discard(session, proposal, decisions)
    return await apply(session, proposal, decisions)


async def apply(
    session: Session, proposal: EditProposal, decisions: Sequence[HunkDecision] = ()
) -> EditResolveResult:
    """Apply a proposal that plan mode kept, merged with what happened to its files since. Where that cannot be done
    it is a conflict, and nothing is written."""
    try:
        files = [await real(session, file) for file in proposal.files]
        edits = [await _edit(session, file) for file in files]
        proposal = proposal.model_copy(update={"files": tuple(files)})
        chosen, verdict = proposals.decide(edits, proposal, decisions)
        chosen = unmasking.whole(session.masker, chosen)
        session.remember(chosen)
        async with effects.editing(session, proposal.turn_id, proposal.tool_call_id, chosen):
            applied = await applying.apply(session.workspace, chosen)
    except ToolError as error:
        await _settle(session, proposal, "conflict", decisions)
        session.ledger.say(f"Your proposal {proposal.title!r} could not be applied: {error}")
        return EditResolveResult(state="conflict", conflicts=(*(f.path for f in proposal.files), str(error)))
    await session.made(chosen, applied, reviewed=True)
    state: ProposalState = "conflict" if applied.failed else "applied" if chosen else "rejected"
    await _settle(session, proposal, state, decisions)
    session.ledger.say("\n".join([f"The user applied your proposal {proposal.title!r}.", verdict]).rstrip())
    failed = tuple(f"{edit.path}: {why}" for edit, why in applied.failed)
    return _result(session, state, proposal).model_copy(update={"conflicts": failed})


async def discard(
    session: Session, proposal: EditProposal, decisions: Sequence[HunkDecision] = ()
) -> EditResolveResult:
    """Refuse a proposal that plan mode kept."""
    await _settle(session, proposal, "rejected", decisions)
    reasons = list(dict.fromkeys(d.reason for d in decisions if d.reason))
    said = f" Reason: {' / '.join(reasons)}" if reasons else ""
    session.ledger.say(f"The user refused your proposal {proposal.title!r}.{said}")
    return _result(session, "rejected", proposal)


async def withdraw(session: Session, proposal: EditProposal) -> None:
    """Drop a proposal of plan mode that belongs to a conversation that is gone."""
    await _settle(session, proposal, "stale", ())


async def settle_interrupted(session: Session) -> None:
    """After loading: say of changes that were cut off with their call whether the files have them. They wait for no
    decision any more."""
    state = session.stream.state
    for proposal in state.pending_proposals():
        if proposal.tool_call_id in state.open_calls:
            there = [await _is_there(session, file) for file in proposal.files]
            _emit(session, proposal, "applied" if all(there) else "stale", ())


async def restore_overlay(session: Session) -> None:
    """Put proposals that wait back into the overlay, after loading. One that no longer fits is a conflict."""
    pending = [p for p in session.stream.state.pending_proposals() if not is_running(session, p)]
    session.workspace.forget([Path(p) for proposal in pending for p in _paths(proposal)])
    for proposal in pending:
        try:
            session.workspace.propose([await _on_top(session, file) for file in proposal.files])
        except ToolError:
            _emit(session, proposal, "conflict", ())
            session.ledger.say(f"Your proposal {proposal.title!r} does not fit the files any more and is void.")


async def real(session: Session, file: ProposedFile) -> ProposedFile:
    """What was proposed of a file, as it really was: the journal has it without its secrets. They come from the text
    that it was made on, or from what this process masked; those that are found nowhere stay masked."""
    base = session.kept_text(file.base_hash)
    if base is None and file.op != "add":
        try:
            base = (await session.workspace.actual(Path(file.path))).text
        except ToolError:
            base = ""
    return _unmasked(session, file, base or "")


def _unmasked(session: Session, file: ProposedFile, base: str) -> ProposedFile:
    def text(masked: str) -> str:
        return session.masker.recall(masked, base)[0]

    return file.model_copy(
        update={
            "hunks": tuple(
                hunk.model_copy(update={"old_text": text(hunk.old_text), "new_text": text(hunk.new_text)})
                for hunk in file.hunks
            )
        }
    )


def is_running(session: Session, proposal: EditProposal) -> bool:
    """Whether the call that made the proposal still runs: what becomes of it is the call's to say then."""
    return proposal.tool_call_id in session.stream.state.open_calls


def _paths(proposal: EditProposal) -> list[str]:
    return [path for file in proposal.files for path in (file.path, file.move_to) if path]


async def _settle(
    session: Session, proposal: EditProposal, state: ProposalState, decisions: Sequence[HunkDecision]
) -> None:
    """A kept proposal is decided: the overlay holds what the others propose, and no more."""
    _emit(session, proposal, state, decisions)
    session.workspace.forget([Path(p) for p in _paths(proposal)])
    await restore_overlay(session)


async def _edit(session: Session, file: ProposedFile) -> FileEdit:
    """The edit that a proposal stands for, on the text that it was made on."""
    path = Path(file.path)
    move_to = Path(file.move_to) if file.move_to else None
    if file.op == "add":
        return FileEdit(path, "add", None, _all_taken("", file))
    kept = session.kept_text(file.base_hash)
    if kept is None:
        base = await session.workspace.actual(path)
        if base.hash != file.base_hash:
            raise ToolError(f"{path} changed since the edit was proposed", kind="conflict")
    else:
        base = FileText(path, kept, file.base_hash, encoding=file.encoding)
    changed = None if file.op == "delete" else _all_taken(base.text, file)
    return FileEdit(path, file.op, base, changed, move_to)


async def _on_top(session: Session, file: ProposedFile) -> FileEdit:
    """The edit on what the overlay shows. ToolError when it does not fit there."""
    (edit,) = unmasking.whole(session.masker, [await _edit(session, await real(session, file))])
    if edit.base is None:
        return edit
    now = await session.workspace.read(edit.path)
    if edit.new_text is None:
        return replace(edit, base=now)
    merged = merge(edit.base.text, edit.new_text, now.text)
    if not merged.clean:
        raise ToolError(f"{edit.path} changed since the edit was proposed", kind="conflict")
    return replace(edit, base=now, new_text=merged.text)


async def _is_there(session: Session, file: ProposedFile) -> bool:
    """Whether the file is as it was proposed: what it was made on comes out when the hunks are taken back."""
    try:
        now = await session.workspace.actual(Path(file.move_to or file.path))
        file = _unmasked(session, await real(session, file), now.text)
        backwards = [
            hunk.model_copy(
                update={
                    "old_start": hunk.new_start,
                    "old_lines": hunk.new_lines,
                    "old_text": hunk.new_text,
                    "new_text": hunk.old_text,
                }
            )
            for hunk in file.hunks
        ]
        base = _all_taken(now.text, file.model_copy(update={"hunks": tuple(backwards)}))
    except ToolError as error:
        return file.op == "delete" and error.kind == "not_found"
    except ValueError:
        return False
    return file.op != "delete" and (not base if file.op == "add" else text_hash(base) == file.base_hash)


def text_hash(text: str) -> str:
    """The hash of a text, as in `ProposedFile.base_hash`."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _all_taken(base: str, file: ProposedFile) -> str:
    taken = {hunk.hunk_id: HunkDecision(hunk_id=hunk.hunk_id, decision="accept") for hunk in file.hunks}
    return apply_hunks(base, file.hunks, taken)


def _decisions(proposal: EditProposal, params: EditResolveParams) -> tuple[HunkDecision, ...]:
    if params.action == "accept" and not params.decisions:
        return ()
    if params.decisions and params.action != "reject":
        return params.decisions
    hunks = [hunk.hunk_id for file in proposal.files for hunk in file.hunks]
    unknown = [id for id in params.hunk_ids if id not in hunks]
    if unknown:
        raise ProtocolError(f"the proposal has no hunk {unknown[0]}", kind="invalid_params")
    taken = params.hunk_ids if params.action == "acceptHunks" else ()
    return tuple(
        HunkDecision(hunk_id=id, decision="accept" if id in taken else "reject", reason=params.reason)
        for id in hunks
    )


def _outcome(params: EditResolveParams, decisions: tuple[HunkDecision, ...]) -> PermissionOutcome:
    option = "reject_once" if params.action == "reject" else "allow_once"
    return PermissionOutcome(outcome="selected", option_id=option, note=params.reason, hunks=decisions)


def _emit(
    session: Session, proposal: EditProposal, state: ProposalState, decisions: Sequence[HunkDecision]
) -> None:
    session.emit(EditUpdate(proposal_id=proposal.proposal_id, state=state, decisions=tuple(decisions)))


def _result(session: Session, state: ProposalState, proposal: EditProposal) -> EditResolveResult:
    written = tuple(session.workspace.address(Path(f.path)) for f in proposal.files) if state == "applied" else ()
    return EditResolveResult(state=state, applied_uris=written)

"""Edits as proposals: what a person is shown before files change, and what is left of it after the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cass.hunks import apply_hunks, make_hunks, unified
from cass.ports import FileEdit
from cass.protocol.edits import EditProposal, Hunk, HunkDecision, ProposedFile
from cass.protocol.events import DiffContent


def propose(
    edits: Sequence[FileEdit], *, proposal_id: str, session_id: str, turn_id: str, tool_call_id: str, title: str
) -> EditProposal:
    """The proposal for these edits, in state `proposed`. Hunk ids are unique in it. Every file has at least one
    hunk, an empty one where no text changes (a plain move, an empty file), so that it can be decided about."""
    files: list[ProposedFile] = []
    count = 0
    for edit in edits:
        hunks = _hunks(edit, count + 1)
        count += len(hunks)
        base = edit.base
        files.append(
            ProposedFile(
                path=str(edit.path),
                op=edit.op,
                move_to=str(edit.move_to) if edit.move_to else None,
                base_version=base.version if base else None,
                base_hash=base.hash if base else "",
                eol=base.eol if base else "\n",
                encoding=base.encoding if base else "utf-8",
                hunks=hunks,
            )
        )
    return EditProposal(
        proposal_id=proposal_id,
        session_id=session_id,
        turn_id=turn_id,
        tool_call_id=tool_call_id,
        title=title,
        state="proposed",
        files=tuple(files),
    )


def decide(
    edits: Sequence[FileEdit], proposal: EditProposal, decisions: Sequence[HunkDecision]
) -> tuple[tuple[FileEdit, ...], str]:
    """What is left to apply, and the verdict in words for the model, hunk by hunk.

    `proposal` is the one that `propose` made of `edits`. No decision at all means that everything is accepted;
    among decisions, a hunk without one is refused. The text is empty when everything was accepted without a
    remark. A file of which every hunk is refused is left out; an amended deletion becomes a change."""
    if not decisions:
        return tuple(edits), ""
    by_id = {decision.hunk_id: decision for decision in decisions}
    left: list[FileEdit] = []
    lines: list[str] = []
    for edit, file in zip(edits, proposal.files, strict=True):
        taken = [h for h in file.hunks if h.hunk_id in by_id and by_id[h.hunk_id].decision != "reject"]
        lines += [_verdict(file, hunk, by_id.get(hunk.hunk_id)) for hunk in file.hunks]
        if taken:
            left.append(_remaining(edit, file, by_id))
    plain = all(decision.decision == "accept" and not decision.reason for decision in decisions)
    if plain and all(hunk.hunk_id in by_id for file in proposal.files for hunk in file.hunks):
        return tuple(edits), ""
    return tuple(left), "\n".join(lines)


def display(edits: Sequence[FileEdit]) -> tuple[DiffContent, ...]:
    """The edits in unified form, for the user's eyes."""
    return tuple(DiffContent(path=str(edit.move_to or edit.path), patch=_patch(edit)) for edit in edits)


def _patch(edit: FileEdit) -> str:
    old = edit.base.text if edit.base else ""
    new = edit.new_text
    if new is None:
        new = "" if edit.op == "delete" else old
    moved = f"rename from {edit.path}\nrename to {edit.move_to}\n" if edit.move_to else ""
    return moved + unified(str(edit.move_to or edit.path).lstrip("/"), old, new)


def _hunks(edit: FileEdit, first: int) -> tuple[Hunk, ...]:
    old = edit.base.text if edit.base else ""
    new = edit.new_text
    if new is None:
        new = "" if edit.op == "delete" else old
    hunks = make_hunks(old, new, first=first)
    if hunks:
        return hunks
    empty = Hunk(hunk_id=f"h{first}", old_start=1, old_lines=0, new_start=1, new_lines=0, old_text="", new_text="")
    return (empty,)


def _remaining(edit: FileEdit, file: ProposedFile, by_id: dict[str, HunkDecision]) -> FileEdit:
    amended = any(by_id[h.hunk_id].decision == "amend" for h in file.hunks if h.hunk_id in by_id)
    if edit.op == "delete" and not amended:
        return edit
    if edit.op == "move" and edit.new_text is None and not amended:
        return edit
    old = edit.base.text if edit.base else ""
    new_text = apply_hunks(old, file.hunks, by_id)
    return replace(edit, op="modify" if edit.op == "delete" else edit.op, new_text=new_text)


def _verdict(file: ProposedFile, hunk: Hunk, decision: HunkDecision | None) -> str:
    where = f"{file.path}:{hunk.old_start}"
    if file.op in ("add", "delete"):
        where = f"{file.path} ({'new file' if file.op == 'add' else 'deletion'})"
    word = decision.decision if decision else "reject"
    reason = f" Reason: {decision.reason}" if decision and decision.reason else ""
    if word == "accept":
        return f"{where}: accepted.{reason}"
    if word == "amend" and decision is not None and decision.text is not None:
        return f"{where}: changed by the user, it now reads:\n{decision.text.rstrip()}{reason}"
    if word == "amend":
        return f"{where}: accepted.{reason}"
    return f"{where}: refused by the user, the old text stays.{reason}"

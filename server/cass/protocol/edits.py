"""Edit proposals: what would change, hunk by hunk, and what was decided about it."""

from __future__ import annotations

from typing import Literal

from cass.protocol.wire import Wire

EditOp = Literal["add", "modify", "delete", "move"]

ProposalState = Literal["proposed", "accepted", "applied", "rejected", "reverted", "stale", "conflict"]


class Hunk(Wire):
    """One contiguous change. Lines are counted from 1 in the base text and in the proposed text; the texts
    keep their line ends. A hunk that only inserts has `old_lines` 0 and stands before line `old_start`."""

    hunk_id: str
    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    old_text: str
    new_text: str


class ProposedFile(Wire):
    """The change to one file. `path` is absolute. `base_hash` is the sha256, in hex, of the base text encoded
    as UTF-8 (empty for a new file); `base_version` is the editor's version when the file is open there."""

    path: str
    op: EditOp
    move_to: str | None = None
    base_version: int | None = None
    base_hash: str = ""
    eol: str = "\n"
    encoding: str = "utf-8"
    hunks: tuple[Hunk, ...] = ()


class EditProposal(Wire):
    """A change that the model wants, before, during and after the decision about it."""

    proposal_id: str
    session_id: str
    turn_id: str
    tool_call_id: str
    title: str
    state: ProposalState
    files: tuple[ProposedFile, ...]


class HunkDecision(Wire):
    """The verdict on one hunk. `reason` goes to the model; `text` replaces the hunk's new text on `amend`."""

    hunk_id: str
    decision: Literal["accept", "reject", "amend"]
    reason: str | None = None
    text: str | None = None

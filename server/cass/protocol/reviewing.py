"""What happens to changes: proposed, decided, made, reviewed."""

from __future__ import annotations

from typing import ClassVar, Literal

from cass.protocol.edits import EditProposal, HunkDecision, ProposalState
from cass.protocol.wire import SessionEvent, Wire


class EditUpdate(SessionEvent):
    """A proposal was made (then `proposal` is given) or changed its state."""

    durable: ClassVar[bool] = True
    session_update: Literal["_edit_update"] = "_edit_update"
    proposal_id: str
    state: ProposalState
    proposal: EditProposal | None = None
    decisions: tuple[HunkDecision, ...] = ()


class ReviewCount(Wire):
    """How many changes of a file wait for a decision."""

    path: str
    hunks: int


class ReviewUpdate(SessionEvent):
    """The changes that wait for a decision are others now; `cass/review/list` has them."""

    session_update: Literal["_review_update"] = "_review_update"
    files: tuple[ReviewCount, ...] = ()


class ReviewBase(SessionEvent):
    """The changes of a file that nobody has decided about are those from one text to another, by their hashes as
    in `ProposedFile`. An empty `base_hash` stands for no file; without `known_hash` nothing is left to decide."""

    durable: ClassVar[bool] = True
    session_update: Literal["_review_base"] = "_review_base"
    path: str
    base_hash: str = ""
    known_hash: str | None = None

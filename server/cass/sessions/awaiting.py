"""Proposals that wait for a decision: their hunks in the files' present text, decided one by one."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cass.errors import ToolError
from cass.merging import LineMap, line_after
from cass.protocol.asking import PermissionOutcome
from cass.protocol.editing import ReviewHunk, ReviewResolveParams
from cass.protocol.edits import EditProposal, HunkDecision, ProposedFile
from cass.sessions import review

if TYPE_CHECKING:
    from cass.sessions.session import Session


class Awaiting:
    """The open proposals of one session, and what was decided of each so far."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._decided: dict[str, dict[str, HunkDecision]] = {}

    async def find(self) -> tuple[list[tuple[Path, ReviewHunk]], list[str]]:
        """The hunks without a decision, and the proposals that cannot be shown, in words."""
        found: list[tuple[Path, ReviewHunk]] = []
        problems: list[str] = []
        below: set[str] = set()
        for proposal in self._open():
            for file in proposal.files:
                hunks, problem = await self._proposed(proposal, file, below)
                below.add(file.path)
                found += [(Path(file.path), hunk) for hunk in hunks]
                problems += [problem] if problem else []
        return found, problems

    async def decide(self, hunks: Sequence[ReviewHunk], params: ReviewResolveParams) -> Sequence[str]:
        """Decide about these. A proposal is answered or applied once all its hunks are decided; the conflicts."""
        conflicts: list[str] = []
        for proposal_id in dict.fromkeys(hunk.proposal_id or "" for hunk in hunks):
            proposal = self._session.stream.state.proposals[proposal_id]
            decided = self._decided.setdefault(proposal_id, {})
            for hunk in hunks:
                if hunk.proposal_id == proposal_id:
                    id = hunk.hunk_id.rpartition("/")[2]
                    decided[id] = _decision(id, params)
            wanted = [hunk.hunk_id for file in proposal.files for hunk in file.hunks]
            if all(id in decided for id in wanted):
                conflicts += await self._finish(proposal, tuple(decided[id] for id in wanted))
        return conflicts

    async def decide_all(self, params: ReviewResolveParams, only: Path | None) -> Sequence[str]:
        """Decide about all, of one file or of every file: also about those that can be shown only after the ones
        below them are decided. What fits no more is refused with the rest."""
        conflicts: list[str] = []
        known: set[str] = set()
        while True:
            found, _ = await self.find()
            new = [hunk for path, hunk in found if only in (None, path) and hunk.hunk_id not in known]
            if not new:
                break
            known.update(hunk.hunk_id for hunk in new)
            conflicts += await self.decide(new, params)
        for proposal in self._open() if params.action == "revert" and only is None else ():
            if not review.is_running(self._session, proposal):
                await review.discard(self._session, proposal)
        return conflicts

    def _open(self) -> Sequence[EditProposal]:
        """Proposals that wait for a decision. One whose question is answered does not, though its call may still run."""
        return [
            proposal
            for proposal in self._session.stream.state.pending_proposals()
            if not (
                review.is_running(self._session, proposal) and self._session.asks.has_answer(proposal.proposal_id)
            )
        ]

    async def _proposed(
        self, proposal: EditProposal, file: ProposedFile, below: Container[str]
    ) -> tuple[list[ReviewHunk], str]:
        """The open hunks of a proposal where they belong in the present text. `below` are the files that proposals
        before it change."""
        path = Path(file.path)
        file = await review.real(self._session, file)
        where = await self._moves(path, file)
        open_hunks = [h for h in file.hunks if h.hunk_id not in self._decided.get(proposal.proposal_id, {})]
        out: list[ReviewHunk] = []
        for hunk in open_hunks:
            start, end = hunk.old_start - 1, hunk.old_start - 1 + hunk.old_lines
            place = where.moved(start, end) if where else (start, end)
            if place is None:
                why = "the file changed in the same lines. Refuse it, or ask again."
                if file.path in below:
                    why = "it builds on a proposal that was made before it. Decide about that one first."
                return [], f"{path}: {proposal.title}: {why}"
            out.append(
                ReviewHunk(
                    hunk_id=f"{proposal.proposal_id}/{hunk.hunk_id}",
                    kind="proposed",
                    line=place[0] + 1,
                    lines=hunk.old_lines,
                    old_text=hunk.old_text,
                    new_text=hunk.new_text,
                    proposal_id=proposal.proposal_id,
                )
            )
        return out, ""

    async def _moves(self, path: Path, file: ProposedFile) -> LineMap | None:
        """Where the lines of the proposal's base went; None when they are where they were."""
        base = self._session.kept_text(file.base_hash)
        if base is None or file.op == "add":
            return None
        try:
            now = (await self._session.workspace.actual(path)).text
        except ToolError:
            return None
        return None if now == base else line_after(base, now)

    async def _finish(self, proposal: EditProposal, decisions: tuple[HunkDecision, ...]) -> Sequence[str]:
        """Every hunk is decided: answer the question that waits, or apply what plan mode kept."""
        self._decided.pop(proposal.proposal_id, None)
        refused = all(decision.decision == "reject" for decision in decisions)
        outcome = PermissionOutcome(
            outcome="selected", option_id="reject_once" if refused else "allow_once", hunks=decisions
        )
        if self._session.asks.decide(proposal.proposal_id, outcome):
            return ()
        if review.is_running(self._session, proposal):
            return ()
        if refused:
            await review.discard(self._session, proposal, decisions)
            return ()
        return (await review.apply(self._session, proposal, decisions)).conflicts


def _decision(id: str, params: ReviewResolveParams) -> HunkDecision:
    word = {"keep": "accept", "revert": "reject", "amend": "amend"}[params.action]
    return HunkDecision.model_validate(
        {"hunkId": id, "decision": word, "reason": params.comment, "text": params.text}
    )

"""Proposals that were decided so long ago that only the journal still has them."""

from __future__ import annotations

from cass.protocol.edits import EditProposal
from cass.protocol.events import EditUpdate
from cass.sessions.stream import Stream


def find(stream: Stream, proposal_id: str) -> EditProposal | None:
    """The proposal with its hunks and its present state; None when the session has none with this id."""
    known = stream.state.proposals.get(proposal_id)
    if known is not None or not proposal_id:
        return known
    for event in stream.durable(proposal_id):
        if isinstance(event, EditUpdate) and event.proposal_id == proposal_id:
            known = event.proposal or known
            known = known.model_copy(update={"state": event.state}) if known else None
    return known

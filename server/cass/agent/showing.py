"""Whether a text may be told to the model without anybody being asked: news of files that changed are no calls, so
nobody could be asked about them."""

from __future__ import annotations

from pathlib import Path

from cass.agent.permissions import Policy, judge
from cass.ports import Action, Outcome


def why_not(policy: Policy, path: Path) -> str:
    """Why the model may not read this file without a question; empty when it may."""
    reading = Action(title="", kind="read", changes=False, paths=(path,), run=_nothing)
    verdict = judge("read_file", reading, policy)
    return "" if verdict.answer == "allow" else verdict.reason


async def _nothing() -> Outcome:
    raise AssertionError("this action only asks whether it may run")

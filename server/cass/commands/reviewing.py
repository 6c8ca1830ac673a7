"""/review: look at the changes that wait for a decision, and decide, where there is no editor to do it in."""

from __future__ import annotations

from cass.errors import SessionError
from cass.protocol.editing import ReviewHunk, ReviewResolveParams
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session

_ACTIONS = ("keep", "revert", "comment")


async def review(session: Session, argument: str) -> Reply:
    """`/review` lists; `/review keep|revert [NUMBER|all] [reason]` decides; `/review comment NUMBER words` tells."""
    listed = await session.reviews.list()
    numbered = [(file.path, hunk) for file in listed.files for hunk in file.hunks]
    word, _, rest = argument.partition(" ")
    if not word:
        return Reply(text=_shown(numbered, listed.conflicts))
    if word not in _ACTIONS:
        raise SessionError(f"/review cannot {word[:40]!r}", hint="It can keep, revert and comment.")
    which, _, reason = rest.strip().partition(" ")
    ids: tuple[str, ...] = ()
    if which not in ("", "all"):
        if not which.isdigit() or not 1 <= int(which) <= len(numbered):
            raise SessionError(f"there is no change {which[:40]!r}", hint="/review lists them with their numbers.")
        ids = (numbered[int(which) - 1][1].hunk_id,)
    elif word == "comment":
        raise SessionError("which change is the comment about?", hint="/review comment NUMBER words")
    params = ReviewResolveParams.model_validate(
        {"sessionId": session.session_id, "action": word, "hunkIds": ids, "comment": reason or None}
    )
    result = await session.reviews.resolve(params)
    left = sum(len(file.hunks) for file in result.files)
    return Reply(text="\n".join([f"{left} change{'' if left == 1 else 's'} left to decide.", *result.conflicts]))


def _shown(numbered: list[tuple[str, ReviewHunk]], conflicts: tuple[str, ...]) -> str:
    if not numbered:
        return "\n".join(["No change waits for a decision.", *conflicts])
    parts: list[str] = []
    for number, (path, hunk) in enumerate(numbered, 1):
        old = [f"-{line}" for line in hunk.old_text.splitlines()]
        new = [f"+{line}" for line in hunk.new_text.splitlines()]
        diff = "\n".join([*old, *new])
        parts.append(f"**{number}.** {path}:{hunk.line} ({hunk.kind})\n```diff\n{diff}\n```")
    parts.append("`/review keep 1`, `/review revert all reason`, `/review comment 2 words`")
    return "\n".join([*parts, *conflicts])


COMMANDS = (
    Command(
        "review", "Review changes: keep, revert, comment.", review, hint="[keep|revert|comment NUMBER|all words]"
    ),
)

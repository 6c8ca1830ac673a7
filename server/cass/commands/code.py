"""/explain, /fix, /edit, /tests, /document and /commit: what is asked most, about what the user is looking at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cass.sessions.command import Command, Reply
from cass.sessions.session import Session


def _prompting(words: str) -> Callable[[Session, str], Awaitable[Reply]]:
    async def run(session: Session, argument: str) -> Reply:
        return Reply(prompt=f"{words}\n\n{argument}".strip())

    return run


COMMANDS = (
    Command(
        "explain",
        "Explain the selected code.",
        _prompting(
            "Explain the code below: what it does, why it is written so, and what to watch out for when changing it. "
            "Look at what it uses where that helps. Change nothing."
        ),
        hint="[what]",
    ),
    Command(
        "fix",
        "Find and fix what is wrong with the selected code.",
        _prompting(
            "Fix the code below. Where a problem is named, fix that one; else look for the fault, say what it is, and "
            "mend it with the smallest change that is right."
        ),
        hint="[problem]",
    ),
    Command(
        "edit",
        "Change the selected code.",
        _prompting("Change the code below as asked, and nothing else:"),
        hint="<instruction>",
    ),
    Command(
        "tests",
        "Write tests for the selected code.",
        _prompting(
            "Write tests for the code below, in the project's own style and place. Test what a user would miss if it "
            "broke, run them, and mend what they find in the tests; say it when the code itself is wrong."
        ),
        hint="[what]",
    ),
    Command(
        "document",
        "Write documentation for the selected code.",
        _prompting(
            "Document the code below in place, in the project's own style: what it promises, its units, limits and "
            "errors. Change no behaviour."
        ),
        hint="[what]",
    ),
    Command(
        "commit",
        "Draft a message for what is staged.",
        _prompting(
            "Look at the staged changes (git diff --staged; where nothing is staged, git diff) and at the style of the "
            "last messages (git log), and draft a commit message: an imperative subject, then why. Commit nothing; "
            "answer with the message alone."
        ),
        hint="[remark]",
    ),
)

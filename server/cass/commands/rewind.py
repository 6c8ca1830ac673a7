"""/rewind: go back to before a turn, in the conversation, the files or both; for any client."""

from __future__ import annotations

import shlex
from pathlib import Path

from cass.errors import SessionError
from cass.protocol.rewinding import RewindFile, RewindParams, RewindPreviewResult, RewindResult
from cass.sessions import rewinding
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session

_SCOPES = ("conversation", "files", "both")
_SHOWN = 60


async def rewind(session: Session, argument: str) -> Reply:
    """`/rewind` lists; `/rewind NUMBER [conversation|files|both|only] [path…]` shows what would be done, and with `yes`
    at its end does it; `/rewind undo` takes the latest one back."""
    try:
        words = shlex.split(argument)
    except ValueError:
        words = argument.split()
    if not words:
        return Reply(text=_turns(session))
    if words == ["undo"]:
        return Reply(text=_done(session, await rewinding.undo(session)))
    params, sure = _asked(session, words)
    if sure:
        return Reply(text=_done(session, await rewinding.apply(session, params)))
    command = f"/rewind {argument.strip()} yes"
    return Reply(text=_preview(session, await rewinding.preview(session, params), command))


def _asked(session: Session, words: list[str]) -> tuple[RewindParams, bool]:
    listed = rewinding.turns(session).turns
    number, *rest = words
    if not number.isdigit() or not 1 <= int(number) <= len(listed):
        raise SessionError(f"there is no turn {number[:40]!r} to go back to", hint="/rewind lists them.")
    turn = listed[int(number) - 1]
    sure = bool(rest) and rest[-1] == "yes"
    rest = rest[:-1] if sure else rest
    only = bool(rest) and rest[0] == "only"
    named = bool(rest) and rest[0] in (*_SCOPES, "only")
    scope = "files" if only else rest[0] if named else "both" if turn.conversation else "files"
    paths = rest[1:] if named else rest
    if paths and not named:
        scope = "files"
    params = {"sessionId": session.session_id, "turnId": turn.turn_id, "scope": scope, "only": only, "paths": paths}
    return RewindParams.model_validate(params), sure


def _turns(session: Session) -> str:
    listed = rewinding.turns(session)
    if not listed.turns:
        return "There is no turn to go back to."
    lines = ["Back to before:", ""]
    for number, turn in enumerate(listed.turns, 1):
        files = f" ({turn.files} file{'' if turn.files == 1 else 's'} changed)" if turn.files else ""
        gone = "" if turn.conversation else " (files only)"
        lines.append(f"{number}. {turn.prompt}{files}{gone}")
    lines += ["", "`/rewind 1` shows what would be done: conversation and files. `/rewind 1 files`, "]
    lines[-1] += (
        "`/rewind 1 conversation`, `/rewind 1 only` (the files of that turn alone), `/rewind 1 files PATH`."
    )
    if listed.undo:
        lines.append("`/rewind undo` takes the latest rewind back.")
    return "\n".join(lines)


def _preview(session: Session, found: RewindPreviewResult, command: str) -> str:
    parts = [f"The conversation loses {found.turns} turn{'' if found.turns == 1 else 's'}."] if found.turns else []
    parts += _listed(session, found.files) or ([] if found.turns else ["No file would change."])
    return "\n".join([*parts, *found.problems, "", f"`{command}` does it."])


def _done(session: Session, result: RewindResult) -> str:
    if result.rewind_id is None and not result.refused:
        return "\n".join(["Nothing had to be changed.", *result.problems])
    head = "Done; `/rewind undo` takes it back." if result.rewind_id else "Nothing was changed."
    parts = [head, *_listed(session, (*result.restored, *result.refused)), *result.problems]
    if result.prompt:
        parts += ["", "The prompt was:", "", *(f"> {line}" for line in result.prompt.splitlines())]
    return "\n".join(parts)


def _listed(session: Session, files: tuple[RewindFile, ...]) -> list[str]:
    lines: list[str] = []
    for file in files[:_SHOWN]:
        path = Path(file.path)
        name = path.relative_to(session.cwd) if path.is_relative_to(session.cwd) else path
        lines.append(f"- {file.action}: {name}" + (f" ({file.reason})" if file.reason else ""))
    return [*lines, f"- and {len(files) - _SHOWN} more"] if len(files) > _SHOWN else lines


COMMANDS = (
    Command(
        "rewind",
        "Go back to before a turn: conversation, files or both.",
        rewind,
        hint="[NUMBER [conversation|files|both|only] [path…] [yes]|undo]",
    ),
)

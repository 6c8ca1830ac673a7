"""Going back: to before a turn, in the conversation, the files or both; looked at first, and taken back again."""

from __future__ import annotations

from typing import Literal

from cass.protocol.history import RewindScope
from cass.protocol.wire import Method, Wire

RewindAction = Literal["restored", "recreated", "removed", "merged", "refused"]


class RewindListParams(Wire):
    """The session that is meant."""

    session_id: str


class RewindTurn(Wire):
    """A turn that can be gone back to. `prompt` is what it began with, at most 200 characters; `files` says how many
    files it changed, as far as that was kept. `conversation` is false when the conversation does not hold it any
    more, and only its files can be taken back."""

    turn_id: str
    prompt: str
    files: int
    conversation: bool = True


class RewindListResult(Wire):
    """The turns, newest first, and the latest rewind that can be undone."""

    turns: tuple[RewindTurn, ...]
    undo: str | None = None


class RewindParams(Wire):
    """Back to before `turn_id`. With `only`, what this turn alone did to files is taken back, and later turns stay;
    the scope is `files` then. `paths` restricts files to these, or those in these folders: absolute, or relative to
    the session's folder."""

    session_id: str
    turn_id: str
    scope: RewindScope = "both"
    only: bool = False
    paths: tuple[str, ...] = ()


class RewindFile(Wire):
    """What becomes of one path. `merged`: later changes of the user's are kept. `refused`: it is left alone, and
    `reason` says why."""

    path: str
    action: RewindAction
    reason: str | None = None


class RewindPreviewResult(Wire):
    """What `apply` would do now: the `files`, how many `turns` the conversation loses, and problems with what was
    kept."""

    files: tuple[RewindFile, ...] = ()
    turns: int = 0
    problems: tuple[str, ...] = ()


class RewindUndoParams(Wire):
    """Take a rewind back: this one, or the latest."""

    session_id: str
    rewind_id: str | None = None


class RewindResult(Wire):
    """What was done. Without a `rewind_id` there was nothing to do. `prompt` is what the turn began with, to be
    changed and sent again, where the conversation went back."""

    rewind_id: str | None = None
    restored: tuple[RewindFile, ...] = ()
    refused: tuple[RewindFile, ...] = ()
    problems: tuple[str, ...] = ()
    prompt: str | None = None


REWIND_LIST = Method("cass/rewind/list", RewindListParams, RewindListResult)
REWIND_PREVIEW = Method("cass/rewind/preview", RewindParams, RewindPreviewResult)
REWIND_APPLY = Method("cass/rewind/apply", RewindParams, RewindResult)
REWIND_UNDO = Method("cass/rewind/undo", RewindUndoParams, RewindResult)

CLIENT_TO_SERVER = (REWIND_LIST, REWIND_PREVIEW, REWIND_APPLY, REWIND_UNDO)

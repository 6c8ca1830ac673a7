"""Answers, plans and diffs as documents that any editor can open."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote

from cass import private
from cass.errors import ProtocolError
from cass.protocol.wire import JsonObject
from cass.sessions import inspect
from cass.sessions.library import Library
from cass.sessions.session import Session

SCHEME = "cass"
KINDS = ("answer", "plan", "diff", "conversation")


def address(session: Session, kind: str, name: str = "") -> str:
    """The URI of a document, for editors that read them from the server."""
    return f"{SCHEME}:/{session.session_id}/{kind}{f'/{quote(name)}' if name else ''}.md"


async def content(library: Library, uri: str) -> str:
    """What such a URI holds. ProtocolError for one that names nothing."""
    match = re.fullmatch(rf"{SCHEME}:(?://)?/([\w-]+)/(\w+)(?:/(.*))?\.md", unquote(uri))
    if match is None or match[2] not in KINDS:
        raise ProtocolError(f"{uri[:120]} names no document of cass", kind="invalid_params")
    return await text(library.get(match[1]), match[2], match[3] or "")


async def text(session: Session, kind: str, name: str = "") -> str:
    """A document: the `answer` of a turn, the `plan`, the `diff` of all that waits, the whole `conversation`."""
    if kind == "answer":
        return inspect.last_text(session, name)
    if kind == "plan":
        marks = {"pending": " ", "in_progress": "~", "completed": "x"}
        lines = [f"- [{marks[entry.status]}] {entry.content}" for entry in session.plan]
        return "\n".join(["# Plan", "", *(lines or ["Nothing is planned."]), "", await _diff(session)])
    if kind == "diff":
        return await _diff(session)
    return inspect.transcript(session)


def write(folder: Path, session: Session, name: str, words: str) -> Path:
    """Put a document where every editor can read it; its path."""
    path = folder / "answers" / session.session_id / f"{re.sub(r'[^A-Za-z0-9_-]', '-', name)}.md"
    private.write(path, session.masker.text(words).encode("utf-8", "replace"))
    return path


async def _diff(session: Session) -> str:
    listed = await session.reviews.list()
    parts: list[str] = []
    for file in listed.files:
        parts.append(f"## {file.path}\n")
        for hunk in file.hunks:
            old = "".join(f"-{line}\n" for line in hunk.old_text.splitlines())
            new = "".join(f"+{line}\n" for line in hunk.new_text.splitlines())
            parts.append(f"Line {hunk.line}, {hunk.kind}:\n\n```diff\n{old}{new}```\n")
    parts += [f"- {conflict}" for conflict in listed.conflicts]
    return "\n".join(["# Changes", "", *(parts or ["No change waits for a decision."]), ""])


def served() -> JsonObject:
    """The capability to announce."""
    return {"schemes": [SCHEME]}

"""What any LSP editor shows of cass without a plug-in: lenses over changes, and actions on what is selected."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsprotocol import types

from cass.app import App
from cass.lsp.editor import Editor
from cass.lsp.mirror import Document
from cass.protocol.editing import ReviewHunk
from cass.sessions.addresses import file_of

QUESTION = "cass-question.md"
ACTIONS = (
    ("cass.ask", "Ask about this"),
    ("cass.explain", "Explain this"),
    ("cass.edit", "Edit this"),
    ("cass.fix", "Fix this"),
    ("cass.tests", "Write tests for this"),
    ("cass.document", "Document this"),
)

_WISH = re.compile(r"\bCASS([!?])\s*(?:\*/|-->|#\}|\)|\"\"\"|''')?$")
_WISHES = 50


class Features:
    """Serves CodeLens and code actions."""

    def __init__(self, app: App, editor: Editor) -> None:
        self._app = app
        self._editor = editor
        editor.feature(types.TEXT_DOCUMENT_CODE_LENS, self._lenses, types.CodeLensOptions())
        kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.RefactorRewrite]
        editor.feature(
            types.TEXT_DOCUMENT_CODE_ACTION, self._actions, types.CodeActionOptions(code_action_kinds=kinds)
        )

    async def _lenses(self, params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        document = self._editor.at(uri)
        if self._editor.abilities.review or document is None:
            return []
        out: list[types.CodeLens] = []
        hunks = await self._hunks(uri)
        for session_id, hunk in hunks:
            line = min(hunk.line - 1, max(0, len(document.rows) - 1))
            for title, command in _decisions(hunk):
                out.append(_lens(line, title, command, [uri, hunk.hunk_id, session_id]))
        if len(hunks) > 1:
            out.append(_lens(0, f"cass: keep all {len(hunks)} changes", "cass.review.keepAll", [uri]))
            out.append(_lens(0, "refuse all", "cass.review.revertAll", [uri]))
        for line, mark in wishes(document):
            out.append(_lens(line, f"cass: {_wish_title(mark)}", "cass.todo", [uri, line]))
        if document.file and document.file.name == QUESTION:
            out.append(_lens(0, "cass: send", "cass.send", [uri]))
        return out

    async def _actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        uri, only = params.text_document.uri, params.context.only
        document = self._editor.at(uri)
        if document is None:
            return []
        out: list[types.CodeAction] = []
        first, last = params.range.start.line, params.range.end.line
        for line, mark in wishes(document):
            if first <= line <= last:
                out.append(_action(f"cass: {_wish_title(mark)}", "quickfix", "cass.todo", [uri, line]))
        for problem in params.context.diagnostics:
            place = {"start": _place(problem.range.start), "end": _place(problem.range.end)}
            title = f"cass: fix '{problem.message.splitlines()[0][:60] if problem.message else 'this'}'"
            out.append(_action(title, "quickfix", "cass.fix", [uri, place, problem.message], problem))
        for session_id, hunk in await self._hunks(uri):
            if hunk.line - 1 <= last and first <= hunk.line - 1 + max(0, hunk.lines - 1):
                for title, command in _decisions(hunk):
                    out.append(_action(f"cass: {title}", "quickfix", command, [uri, hunk.hunk_id, session_id]))
        place = {"start": _place(params.range.start), "end": _place(params.range.end)}
        for command, title in ACTIONS:
            out.append(_action(f"cass: {title}", "refactor.rewrite", command, [uri, place]))
        return [action for action in out if not only or _wanted(str(action.kind), only)]

    async def _hunks(self, uri: str) -> list[tuple[str, ReviewHunk]]:
        """Hunks of this document in all sessions, from top to bottom."""
        path = file_of(uri)
        if path is None:
            return []
        found: list[tuple[str, ReviewHunk]] = []
        for session in self._app.library.sessions:
            if not session.reviews.waits(path):
                continue
            listed = await session.reviews.list(uri)
            found += [(session.session_id, hunk) for file in listed.files for hunk in file.hunks]
        return sorted(found, key=lambda pair: pair[1].line)


def wishes(document: Document) -> Iterable[tuple[int, str]]:
    """Lines, from 0, that end with `CASS!` or `CASS?`, and which of them."""
    found = 0
    for number, row in enumerate(document.rows):
        match = _WISH.search(row.rstrip()) if "CASS" in row else None
        if match:
            found += 1
            yield number, match[1]
        if found >= _WISHES:
            return


def _wish_title(mark: str) -> str:
    return "do what this comment says" if mark == "!" else "answer this comment"


def _decisions(hunk: ReviewHunk) -> tuple[tuple[str, str], ...]:
    new, old = len(hunk.new_text.splitlines()), len(hunk.old_text.splitlines())
    if hunk.kind == "proposed":
        return (
            (f"accept +{new} -{old}", "cass.review.keep"),
            ("refuse", "cass.review.revert"),
            ("show", "cass.review.diff"),
        )
    return (
        (f"keep +{new} -{old}", "cass.review.keep"),
        ("revert", "cass.review.revert"),
        ("show", "cass.review.diff"),
    )


def _lens(line: int, title: str, command: str, arguments: list[object]) -> types.CodeLens:
    place = types.Position(line=line, character=0)
    return types.CodeLens(
        range=types.Range(start=place, end=place),
        command=types.Command(title=title, command=command, arguments=arguments),
    )


def _action(
    title: str, kind: str, command: str, arguments: list[object], problem: types.Diagnostic | None = None
) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=kind,
        diagnostics=[problem] if problem else None,
        command=types.Command(title=title, command=command, arguments=arguments),
    )


def _place(position: types.Position) -> dict[str, int]:
    return {"line": position.line, "character": position.character}


def _wanted(kind: str, only: Iterable[object]) -> bool:
    return any(kind == str(word) or kind.startswith(f"{word}.") for word in map(_word, only))


def _word(kind: object) -> str:
    return str(getattr(kind, "value", kind))

"""Putting questions to a person by LSP's own means: a message with buttons."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types

from cass.lsp.editor import Editor
from cass.protocol.asking import ElicitationParams, ElicitationResult, PermissionOutcome, RequestPermissionParams
from cass.protocol.edits import EditProposal
from cass.protocol.wire import JsonObject, as_list, as_object
from cass.rpc.endpoint import RpcError

REVIEW = "Review hunk by hunk"

_DIFF_LINES = 24
_WAIT = 24 * 3600.0


async def permission(editor: Editor, ask: RequestPermissionParams) -> PermissionOutcome:
    """Ask with a message. Whatever is no clear answer is a refusal. For hunk by hunk the question stays open: it is
    answered by deciding about the last hunk."""
    names = {option.name: option.option_id for option in ask.options}
    titles = [*names, REVIEW] if ask.proposal else list(names)
    answer = await _choose(editor, _question(ask), titles)
    if answer == REVIEW and ask.proposal:
        file = ask.proposal.files[0]
        await show(editor, editor.address(Path(file.path)), file.hunks[0].old_start - 1 if file.hunks else 0)
        await asyncio.Event().wait()
    if answer not in names:
        return PermissionOutcome(outcome="cancelled")
    return PermissionOutcome(outcome="selected", option_id=names[answer])


async def elicit(editor: Editor, question: ElicitationParams) -> ElicitationResult | None:
    """Put a form whose fields have fixed answers, one after the other; others cannot be put by LSP: None for a form that
    needs one, and one that it does not need is left out."""
    required = as_list(question.requested_schema.get("required"))
    content: JsonObject = {}
    for name, value in as_object(question.requested_schema.get("properties")).items():
        field = as_object(value)
        is_truth = field.get("type") == "boolean"
        choices = ["Yes", "No"] if is_truth else [str(choice) for choice in as_list(field.get("enum"))]
        if not choices:
            if name in required:
                return None
            continue
        says = [question.message, *([f"{name}: {field.get('description') or '?'}"] if name != "answer" else [])]
        answer = await _choose(editor, "\n".join(says), choices)
        if answer is None:
            return ElicitationResult(action="cancel")
        content[name] = answer == "Yes" if is_truth else answer
    return ElicitationResult(action="accept", content=content) if content else None


async def show(editor: Editor, path: Path | str, line: int = 0) -> bool:
    """Have the editor open a file, or a URI, at a line counted from 0; whether it says that it did."""
    uri = path.as_uri() if isinstance(path, Path) else path
    place = types.Position(line=max(0, line), character=0)
    params = types.ShowDocumentParams(uri=uri, take_focus=True, selection=types.Range(start=place, end=place))
    if not editor.abilities.show_document:
        return False
    try:
        answer = await editor.ask("window/showDocument", params, 30)
    except (RpcError, TimeoutError):
        return False
    return as_object(answer).get("success") is True


def message(editor: Editor, text: str, kind: types.MessageType = types.MessageType.Info) -> None:
    """Show a message."""
    editor.tell("window/showMessage", types.ShowMessageParams(type=kind, message=text))


async def _choose(editor: Editor, text: str, titles: list[str]) -> str | None:
    actions = [types.MessageActionItem(title=title) for title in titles]
    params = types.ShowMessageRequestParams(type=types.MessageType.Info, message=text, actions=actions)
    try:
        answer = await editor.ask("window/showMessageRequest", params, _WAIT)
    except (RpcError, TimeoutError):
        return None
    title = as_object(answer).get("title")
    return title if isinstance(title, str) and title in titles else None


def _question(ask: RequestPermissionParams) -> str:
    lines = [f"cass: {_plain(ask.title)}"]
    if ask.description:
        lines.append(_plain(ask.description))
    if ask.subject.command is not None:
        where = f" (in {ask.subject.cwd})" if ask.subject.cwd else ""
        lines.append(f"$ {_plain(ask.subject.command)}{where}")
    if ask.proposal:
        lines += _diff(ask.proposal)
    return "\n".join(lines)


def _diff(proposal: EditProposal) -> list[str]:
    lines: list[str] = []
    for file in proposal.files:
        lines.append(f"{file.path}{f' -> {file.move_to}' if file.move_to else ''} ({file.op})")
        for hunk in file.hunks:
            lines += [f"-{line}" for line in hunk.old_text.splitlines()]
            lines += [f"+{line}" for line in hunk.new_text.splitlines()]
    if len(lines) > _DIFF_LINES:
        lines = [*lines[:_DIFF_LINES], f"... {len(lines) - _DIFF_LINES} more lines"]
    return [_plain(line) for line in lines]


def _plain(text: str) -> str:
    """Text with control characters shown, so that what is read is what will run."""
    return "".join(c if c.isprintable() or c in "\t\n" else f"\\x{ord(c):02x}" for c in text)

"""`workspace/executeCommand`: cass's commands for editors without a plug-in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from lsprotocol import types

from cass import private
from cass.app import App
from cass.errors import CassError
from cass.lsp import answers, asking
from cass.lsp.editor import Editor
from cass.lsp.features import QUESTION
from cass.lsp.plain import PlainClient
from cass.protocol.editing import ReviewResolveParams
from cass.protocol.messages import Text
from cass.protocol.methods import PromptContext, PromptParams
from cass.protocol.wire import JsonObject, as_list, as_object
from cass.rpc.endpoint import INVALID_PARAMS, RpcError
from cass.sessions.addresses import file_of

Run = Callable[[Sequence[object]], Awaitable[object]]

_NEEDS_WORDS = {"cass.ask": "", "cass.edit": "/edit "}
_ABOUT = {
    "cass.explain": "/explain",
    "cass.fix": "/fix",
    "cass.tests": "/tests",
    "cass.document": "/document",
    "cass.commit": "/commit",
}


class Commands:
    """Runs them. `[uri, range, words]` are the arguments of those about code, `[uri, hunkId?, words?]` of those
    about changes; every one may be left out."""

    def __init__(self, app: App, editor: Editor, client: PlainClient) -> None:
        self._app = app
        self._editor = editor
        self._client = client
        self._asked: tuple[str, Sequence[object]] = ("cass.ask", ())
        self._all: dict[str, Run] = {
            **{name: self._about(name) for name in (*_NEEDS_WORDS, *_ABOUT)},
            "cass.send": self._send,
            "cass.todo": self._todo,
            "cass.plan": self._plan,
            "cass.stop": self._stop,
            "cass.new": self._new,
            "cass.conversation": self._conversation,
            "cass.mode": self._option("mode"),
            "cass.approval": self._option("approval"),
            "cass.model": self._option("model"),
            "cass.review.keep": self._resolve("keep"),
            "cass.review.revert": self._resolve("revert"),
            "cass.review.comment": self._resolve("comment"),
            "cass.review.amend": self._resolve("amend"),
            "cass.review.keepAll": self._resolve("keep"),
            "cass.review.revertAll": self._resolve("revert"),
            "cass.review.next": self._next,
            "cass.review.diff": self._diff,
            "cass.review.apply": self._resolve("keep"),
        }

    @property
    def names(self) -> list[str]:
        """To announce."""
        return list(self._all)

    async def execute(self, params: JsonObject) -> object:
        """One command. What goes wrong is shown to the user, too, as most editors hide such answers."""
        name, arguments = str(params.get("command")), params.get("arguments")
        run = self._all.get(name)
        if run is None:
            raise RpcError(INVALID_PARAMS, f"there is no command {name[:80]!r}", {"kind": "command_not_found"})
        try:
            return await run(as_list(arguments))
        except CassError as error:
            hint = f" {error.hint}" if error.hint else ""
            asking.message(self._editor, f"cass: {error.message}.{hint}", types.MessageType.Error)
            raise

    # --- about code ---

    def _about(self, name: str) -> Run:
        async def run(arguments: Sequence[object]) -> object:
            words = _text(arguments, 2)
            if name in _NEEDS_WORDS and not words:
                return await self._write_question(name, arguments)
            return await self._prompt(_NEEDS_WORDS.get(name, _ABOUT.get(name, "") + " ") + words, arguments)

        return run

    async def _prompt(self, words: str, arguments: Sequence[object]) -> object:
        uri = _text(arguments, 0) or None
        session = await self._client.session(uri)
        context = PromptContext(
            active_uri=uri,
            selection=self._selected(uri, arguments[1] if len(arguments) > 1 else None),
            open_uris=tuple(document.uri for document in self._editor.documents)[:20],
        )
        turn_id, _ = session.work.prompt(
            PromptParams(session_id=session.session_id, prompt=(Text(text=words.strip()),), context=context)
        )
        return {"sessionId": session.session_id, "turnId": turn_id}

    def _selected(self, uri: str | None, place: object) -> str | None:
        """The selected lines with their place, whole lines."""
        document = self._editor.at(uri) if uri else None
        if document is None:
            return None
        start, end = (_line(as_object(place).get(key)) for key in ("start", "end"))
        if start is None or end is None:
            return None
        rows = document.rows[start : end + 1]
        return f"{document.shown}:{start + 1}-{end + 1}\n```{document.language_id or ''}\n{''.join(rows)}\n```"

    async def _write_question(self, name: str, arguments: Sequence[object]) -> object:
        """LSP has no way to ask for words: a document is opened to write them into."""
        self._asked = (name, arguments)
        folder = self._app.places.data / "questions"
        path = folder / QUESTION
        about = self._selected(_text(arguments, 0) or None, arguments[1] if len(arguments) > 1 else None) or ""
        where = about.splitlines()[0] if about else "the project"
        await asyncio.to_thread(
            private.write,
            path,
            f"<!-- About {where}. Write below, then run the action 'cass: send'. -->\n\n".encode(),
        )
        if not await asking.show(self._editor, path, 2):
            asking.message(
                self._editor, f"Give the words as the third argument of {name}, or write them into {path}."
            )
        return {"document": path.as_uri()}

    async def _send(self, arguments: Sequence[object]) -> object:
        """The question document is written: send what it says."""
        document = self._editor.at(_text(arguments, 0))
        if document is None:
            raise RpcError(INVALID_PARAMS, "the document with the question is not open")
        words = "\n".join(line for line in document.source.splitlines() if not line.startswith("<!-- About "))
        if not words.strip():
            asking.message(self._editor, "cass: the question is empty.", types.MessageType.Warning)
            return None
        name, about = self._asked
        return await self._prompt(_NEEDS_WORDS[name] + words.strip(), about)

    async def _todo(self, arguments: Sequence[object]) -> object:
        """Do, or answer, what a comment that ends with CASS! or CASS? says."""
        uri, line = _text(arguments, 0), arguments[1] if len(arguments) > 1 else None
        document = self._editor.at(uri)
        if document is None or not isinstance(line, int) or not 0 <= line < len(document.rows):
            raise RpcError(INVALID_PARAMS, "there is no such line")
        first = line
        while first > 0 and line - first < 20 and _is_comment(document.rows[first - 1]):
            first -= 1
        said = "".join(document.rows[first : line + 1]).rstrip()
        answers_only = said.rstrip(" */->#}\"')").endswith("?")
        words = (
            "Answer the comment that is addressed to you, and change nothing:"
            if answers_only
            else "Do what the comment that is addressed to you says, and remove the comment:"
        )
        place = {"start": {"line": max(0, first - 10)}, "end": {"line": line + 30}}
        return await self._prompt(f"{words}\n{document.shown}:{line + 1}\n{said}", [uri, place])

    async def _plan(self, arguments: Sequence[object]) -> object:
        session = await self._client.session(_text(arguments, 0) or None)
        await self._client.show("plan", await answers.text(session, "plan"))
        return None

    async def _conversation(self, arguments: Sequence[object]) -> object:
        session = await self._client.session(_text(arguments, 0) or None)
        await self._client.show("conversation", await answers.text(session, "conversation"))
        return None

    async def _stop(self, arguments: Sequence[object]) -> object:
        if self._client.current:
            self._client.current.work.cancel()
        return None

    async def _new(self, arguments: Sequence[object]) -> object:
        return {"sessionId": (await self._client.fresh(_text(arguments, 0) or None)).session_id}

    def _option(self, id: str) -> Run:
        async def run(arguments: Sequence[object]) -> object:
            session = await self._client.session(None)
            session.set_option(id, _text(arguments, 0))
            asking.message(self._editor, f"cass: {id} is {_text(arguments, 0)} now.")
            return None

        return run

    # --- about changes ---

    def _resolve(self, action: str) -> Run:
        async def run(arguments: Sequence[object]) -> object:
            uri, hunk, third = _text(arguments, 0), _text(arguments, 1), _text(arguments, 2)
            session = next((s for s in self._app.library.sessions if s.session_id == third), None)
            words = _text(arguments, 3) if session else third
            session = session or await self._client.session(uri or None)
            result = await session.reviews.resolve(
                ReviewResolveParams.model_validate(
                    {
                        "sessionId": session.session_id,
                        "action": action,
                        "uri": uri or None,
                        "hunkIds": [hunk] if hunk else [],
                        "text": words if action == "amend" else None,
                        "comment": (words or None) if action != "amend" else None,
                    }
                )
            )
            for conflict in result.conflicts:
                asking.message(self._editor, f"cass: {conflict}", types.MessageType.Warning)
            self._client.refresh()
            return result.wire()

        return run

    async def _next(self, arguments: Sequence[object]) -> object:
        """Go to the first change after a line: `[uri, line]`."""
        session = await self._client.session(None)
        uri, line = _text(arguments, 0), arguments[1] if len(arguments) > 1 else -1
        after = line if isinstance(line, int) else -1
        places = [(file.uri, hunk.line - 1) for file in (await session.reviews.list()).files for hunk in file.hunks]
        later = [p for p in places if p[0] == uri and p[1] > after] or [p for p in places if p[0] != uri] or places
        if later:
            await asking.show(self._editor, later[0][0], later[0][1])
        return None

    async def _diff(self, arguments: Sequence[object]) -> object:
        session = await self._client.session(_text(arguments, 0) or None)
        await self._client.show("changes", await answers.text(session, "diff"))
        return None


def folder_of(params: JsonObject) -> Path | None:
    """The first folder that the editor works in, by `workspaceFolders`; None when it names none here."""
    folders = params.get("workspaceFolders")
    for folder in as_list(folders):
        path = file_of(str(as_object(folder).get("uri")))
        if path and path.is_dir():
            return path
    return None


def _text(arguments: Sequence[object], index: int) -> str:
    found = arguments[index] if index < len(arguments) else ""
    return found if isinstance(found, str) else ""


def _line(place: object) -> int | None:
    line = as_object(place).get("line")
    return line if isinstance(line, int) and line >= 0 else None


def _is_comment(row: str) -> bool:
    return row.lstrip().startswith(("#", "//", "--", ";", "*", "/*", "%", '"'))

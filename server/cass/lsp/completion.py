"""Serves textDocument/inlineCompletion: the model goes on with what is being typed, where that is switched on.

Every key ends what was asked before it. What comes back to a text that is another one by then is thrown away, and no
failure is ever shown: who types is not disturbed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path

from lsprotocol import types

from cass.app import App
from cass.errors import CassError
from cass.lsp.editor import Editor
from cass.lsp.mirror import Document
from cass.lsp.offers import Offers, Spot
from cass.lsp.sendable import Sendable
from cass.ports import CompletionRequest

log = logging.getLogger(__name__)

_NONE: tuple[types.InlineCompletionItem, ...] = ()
_PAIRS = {")": "(", "]": "[", "}": "{"}


class Completions:
    """One request at a time for each document."""

    def __init__(self, app: App, editor: Editor) -> None:
        self._app = app
        self._editor = editor
        self._switch = app.completing
        self._sendable = Sendable(app.completing)
        self._offers = Offers()
        self._running: dict[str, asyncio.Task[types.InlineCompletionItem | None]] = {}
        options = types.InlineCompletionOptions()
        editor.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, self._complete, options)
        editor.on_change.append(lambda document: self._stop(document.uri))
        app.completing.on_change.append(self._switched)

    async def _complete(self, params: types.InlineCompletionParams) -> types.InlineCompletionList:
        uri = params.text_document.uri
        self._stop(uri)
        document = self._editor.at(uri)
        version = self._editor.asked_of
        if document is None or document.version != version or not self._is_on(document):
            return types.InlineCompletionList(_NONE)
        task = asyncio.get_running_loop().create_task(_quietly(self._offer(document, params)))
        self._running[uri] = task
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
            if self._running.get(uri) is task:
                del self._running[uri]
        item = None if task.cancelled() else task.result()
        current = self._editor.at(uri) is document and document.version == version and self._is_on(document)
        return types.InlineCompletionList((item,) if item and current else _NONE)

    def _stop(self, uri: str) -> None:
        """Whoever waits for this document gets nothing."""
        task = self._running.pop(uri, None)
        if task:
            task.cancel()

    def _switched(self) -> None:
        for uri in tuple(self._running):
            document = self._editor.at(uri)
            if document is None or not self._is_on(document):
                self._stop(uri)

    def _is_on(self, document: Document) -> bool:
        place = self._sendable.place(document)
        return place is not None and self._switch.rule(document.language_id, place).enabled

    async def _offer(
        self, document: Document, params: types.InlineCompletionParams
    ) -> types.InlineCompletionItem | None:
        place = self._sendable.place(document)
        settings = self._switch.settings(place)
        asked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
        before, behind = document.around(params.position)
        chosen = params.context.selected_completion_info
        if chosen is not None:
            before, behind = (
                document.around(chosen.range.start)[0] + chosen.text,
                document.around(chosen.range.end)[1],
            )
        before, behind = _plain(before), _plain(behind)
        if not asked and _is_idle(before, behind):
            return None
        spot = Spot(document.uri, len(before), before[-settings.max_prefix :], behind[: settings.max_suffix])
        text = self._offers.find(spot)
        if text is None or (asked and not text):
            await asyncio.sleep(0 if asked else settings.debounce / 1000)
            if refusal := await self._sendable.refusal(document):
                log.debug("nothing of %s is sent: %s", document.uri, refusal)
                return None
            text = await self._ask(spot, document, place)
            self._offers.put(spot, text)
        if not text:
            return None
        if chosen is not None:
            return types.InlineCompletionItem(insert_text=chosen.text + text, range=chosen.range)
        rest = behind.split("\n", 1)[0]
        over = document.units(rest) if _brings_again(text, rest) else 0
        start = params.position
        end = types.Position(line=start.line, character=start.character + over)
        return types.InlineCompletionItem(insert_text=text, range=types.Range(start=start, end=end))

    async def _ask(self, spot: Spot, document: Document, place: Path | None) -> str:
        settings = self._switch.settings(place)
        model = self._app.models.get(await self._switch.model(place))
        masker = self._app.masker(self._switch.loaded(place).config)
        path = document.file or Path("untitled")
        folders = [folder for folder in self._switch.folders if path.is_relative_to(folder)]
        return await model.complete(
            CompletionRequest(
                prefix=masker.text(spot.prefix),
                suffix=masker.text(spot.suffix),
                path=str(path.relative_to(folders[0])) if folders else path.name,
                language=document.language_id or "",
                max_tokens=settings.max_tokens,
                seconds=settings.timeout,
            )
        )


async def _quietly(
    work: Coroutine[object, object, types.InlineCompletionItem | None],
) -> types.InlineCompletionItem | None:
    """A failure is a line in the log."""
    try:
        return await work
    except CassError as error:
        log.debug("no completion: %s", error.message)
        return None


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _is_idle(before: str, behind: str) -> bool:
    """Whether nobody would want a completion here: in the middle of a word, or where there is nothing yet."""
    in_word = behind[:1].isalnum() or behind.startswith("_")
    return in_word or not (before + behind).strip()


def _brings_again(text: str, rest: str) -> bool:
    """Whether a text of several lines has the rest of the cursor's line in its first one, so that it is to be put in
    the place of that rest."""
    first, *more = text.split("\n")
    wanted = rest.strip()
    if not more or not wanted or wanted not in first:
        return False
    opening = _PAIRS.get(wanted[-1])
    return opening is None or first.count(wanted[-1]) > first.count(opening)

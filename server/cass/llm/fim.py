"""Asks an endpoint for the text between two others: finds out once how it wants to be asked, and asks so.

`infill` is llama.cpp's own API, `suffix` the completions API of OpenAI as Ollama, DeepSeek's beta address and others
serve it, `fim` Mistral's. An endpoint with none of them is asked by `chat`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

from cass.errors import BadResponse, CassError, ModelError
from cass.llm.failures import Place, Refused, explain
from cass.llm.jsonvalue import child, dump, entries, is_object, number_of, parse, text_of, whole
from cass.llm.link import Link, read_document, silent
from cass.llm.preset import Endpoint
from cass.ports import CompletionRequest

Way = Literal["infill", "suffix", "fim", "chat"]

LOOK_SECONDS = 30.0
"""Seconds that one attempt may take while it is found out what there is: a server may have to load the model."""

_WAYS: tuple[Way, ...] = ("infill", "suffix", "fim")
_WORDS = 48
_COUNTED = _WORDS // 2
_NOT_NOW = frozenset({408, 425, 429, 502, 503, 504})

log = logging.getLogger(__name__)


class Filler:
    """One model at one endpoint. `recalled` is the way that was learned in an earlier run, `learned` keeps one."""

    def __init__(
        self,
        endpoint: Endpoint,
        place: Place,
        link: Link,
        recalled: Callable[[], str],
        learned: Callable[[str], None],
    ) -> None:
        self._endpoint = endpoint
        self._place = place
        self._link = link
        self._recalled = recalled
        self._learned = learned
        self._way: Way | None = "chat" if endpoint.own and endpoint.preset.chat_only else None
        self._looking: asyncio.Task[Way] | None = None

    async def way(self) -> Way:
        """How to ask. Who is cancelled while it is being found out leaves that going on. ModelError when the endpoint
        cannot be asked at the moment."""
        known = self._way if self._way is not None else _named(self._recalled())
        if known is None:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.get_running_loop().create_task(self._look())
                self._looking.add_done_callback(_heard)
            known = await asyncio.shield(self._looking)
        self._way = known
        return known

    async def fill(self, way: Way, request: CompletionRequest) -> str:
        """The text, as the endpoint gave it. ModelError for whatever goes wrong; an endpoint that has this way no more
        is looked at again the next time."""
        try:
            return _read(way, await self._post(way, request))
        except Refused as refused:
            if refused.status not in _NOT_NOW and refused.status not in (401, 402, 403):
                self._way = None
                self._learned("")
            raise explain(refused, self._place) from None

    async def _look(self) -> Way:
        """Try one way after the other with a text whose size is known: a server that leaves out what stands behind the
        cursor says, by the tokens that it counted, that it did."""
        probe = CompletionRequest("a", " one" * _WORDS, "", "", 1, LOOK_SECONDS)
        for way in _WAYS:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    answer = await self._post(way, probe)
                if _whole_was_read(way, answer):
                    self._learned(way)
                    return way
            except TimeoutError:
                raise silent(self._place, LOOK_SECONDS) from None
            except Refused as refused:
                if refused.status in _NOT_NOW:
                    raise explain(refused, self._place) from None
            except BadResponse:
                continue
        return "chat"

    async def _post(self, way: Way, request: CompletionRequest) -> object:
        path, body = _written(way, self._place, request)
        async with self._link.post(path, dump(body)) as reply:
            data = await read_document(reply)
        try:
            return parse(data.decode("utf-8", "replace"))
        except ValueError:
            raise BadResponse(f"{self._place.provider} did not answer with JSON.") from None


def _named(word: str) -> Way | None:
    """The way with this name; `chat` is never kept, so that a server that learned another is found out."""
    for way in _WAYS:
        if way == word:
            return way
    return None


def _written(way: Way, place: Place, request: CompletionRequest) -> tuple[str, dict[str, object]]:
    """Where the request goes, and what it says."""
    if way == "infill":
        root = place.url.rstrip("/").removesuffix("/v1")
        texts = {"input_prefix": request.prefix, "input_suffix": request.suffix, "prompt": ""}
        return f"{root}/infill", {**texts, "n_predict": request.max_tokens, "temperature": 0, "stream": False}
    texts = {"model": place.model, "prompt": request.prefix, "suffix": request.suffix}
    path = "/completions" if way == "suffix" else "/fim/completions"
    return path, {**texts, "max_tokens": request.max_tokens, "temperature": 0, "stream": False}


def _read(way: Way, answer: object) -> str:
    """The text in an answer; BadResponse where there is none."""
    if way == "infill":
        holder = answer if is_object(answer) else {}
        key = "content"
    else:
        choices = entries(answer, "choices")
        choice = choices[0] if choices else None
        holder = child(choice, "message") if way == "fim" else choice or {}
        key = "content" if way == "fim" else "text"
    if not isinstance(holder.get(key), str):
        raise BadResponse("What came back is no completion.")
    return whole(text_of(holder, key))


def _whole_was_read(way: Way, answer: object) -> bool:
    """Whether the text behind the cursor counted. A server that reports no tokens is believed."""
    _read(way, answer)
    if way == "infill":
        counted = number_of(answer, "tokens_evaluated")
    else:
        counted = number_of(child(answer, "usage"), "prompt_tokens")
    return counted is None or counted >= _COUNTED


def _heard(task: asyncio.Task[Way]) -> None:
    """Nobody may be waiting any more: then a failure is only worth a line in the log."""
    if task.cancelled():
        return
    error = task.exception()
    if isinstance(error, ModelError | CassError):
        log.debug("how to ask for completions was not found out: %s", error.message)
    elif error is not None:
        log.warning("how to ask for completions was not found out", exc_info=error)

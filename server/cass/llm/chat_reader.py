"""The chat completions wire: reads streamed chunks and whole answers."""

from __future__ import annotations

from cass.errors import BadResponse
from cass.llm.assemble import Assembly
from cass.llm.failures import Refused, is_error
from cass.llm.finish import chat_usage, finish_reason
from cass.llm.jsonvalue import child, clean, dump, is_list, is_object, number_of, objects, text_of
from cass.protocol.wire import JsonObject

_THINKING_FIELDS = ("reasoning_content", "reasoning", "thinking")


class ChatReader:
    """Reads an answer of the chat completions API, one choice of it. `origin` marks reasoning that may only go back
    to where it came from."""

    def __init__(self, assembly: Assembly, origin: str) -> None:
        self._assembly = assembly
        self._origin = origin
        self._details: list[JsonObject] = []
        self._legacy = False

    def event(self, name: str, value: JsonObject) -> None:
        """One chunk."""
        if is_error(value) or name == "error":
            raise Refused(0, {}, dump(value))
        self._common(value)
        for choice in objects(value.get("choices")):
            if number_of(choice, "index") not in (None, 0.0):
                continue
            delta = choice.get("delta")
            if is_object(delta):
                self._delta(delta)
            elif is_object(choice.get("message")) and not self._assembly.has_text:
                self._delta(child(choice, "message"))
            elif isinstance(delta, str):
                self._assembly.text(delta)
            self._finish(choice)

    def document(self, value: JsonObject) -> None:
        """A whole `chat.completion`."""
        if is_error(value):
            raise Refused(0, {}, dump(value))
        choices = objects(value.get("choices"))
        if not choices:
            raise BadResponse("The endpoint answered with JSON that holds no answer.")
        self._common(value)
        self._delta(child(choices[0], "message") or child(choices[0], "delta"))
        self._finish(choices[0])

    def _common(self, value: JsonObject) -> None:
        usage = chat_usage(value.get("usage"))
        if usage is not None:
            self._assembly.usage = usage
        self._assembly.model = self._assembly.model or text_of(value, "model")[:200]

    def _finish(self, choice: JsonObject) -> None:
        found = text_of(choice, "finish_reason") or text_of(choice, "native_finish_reason")
        if found and self._assembly.reason is None:
            self._assembly.reason = finish_reason(found)
        if is_object(choice.get("error")):
            raise Refused(0, {}, dump(choice))

    def _delta(self, delta: JsonObject) -> None:
        self._reasoning(delta)
        self._content(delta.get("content"))
        if refusal := text_of(delta, "refusal"):
            self._assembly.text(refusal)
            self._assembly.reason = "refusal"
        calls = delta.get("tool_calls")
        if is_object(calls):
            calls = [calls]
        if calls is not None and not is_list(calls):
            raise BadResponse("The stream has tool calls that cannot be read.")
        for call in objects(calls):
            self._legacy = False
            self._assembly.call(call)
        legacy = delta.get("function_call")
        if is_object(legacy) and not calls and (self._legacy or not len(self._assembly.calls)):
            self._legacy = True
            self._assembly.call({"index": "function_call", "function": legacy})

    def _content(self, content: object) -> None:
        if content is None:
            return
        if isinstance(content, str):
            self._assembly.text(content)
        elif is_object(content):
            self._content([content])
        elif is_list(content):
            for part in content:
                self._part(part)
        else:
            raise BadResponse("The stream has content that is not text.")

    def _part(self, part: object) -> None:
        if isinstance(part, str):
            self._assembly.text(part)
        elif is_object(part):
            thought = part.get("thinking")
            if is_list(thought):
                self._assembly.thinking("".join(text_of(item, "text") for item in thought))
            elif isinstance(thought, str):
                self._assembly.thinking(thought)
            else:
                self._assembly.text(text_of(part, "text"))

    def _reasoning(self, delta: JsonObject) -> None:
        details = objects(delta.get("reasoning_details"))
        thought = next((t for t in (text_of(delta, field) for field in _THINKING_FIELDS) if t), "")
        if not thought:
            thought = "".join(text_of(item, "text") or text_of(item, "summary") for item in details)
        if thought:
            self._assembly.thinking(thought)
        for item in details:
            _merge(self._details, item)
        if details:
            copy = clean([dict(item) for item in self._details])
            self._assembly.thinking_data({"origin": self._origin, "reasoning_details": copy})


def _merge(known: list[JsonObject], item: JsonObject) -> None:
    """Join pieces of one detail, as the provider wants them back: whole."""
    last = known[-1] if known else None
    same = last is not None and all(
        last.get(key) == item.get(key) or item.get(key) is None for key in ("type", "index", "format")
    )
    if last is None or not same or item.get("type") == "reasoning.encrypted":
        known.append(dict(item))
        return
    for key, value in item.items():
        old = last.get(key)
        if key in ("text", "summary", "data") and isinstance(old, str) and isinstance(value, str):
            last[key] = old + value
        elif value is not None:
            last[key] = value

"""The Responses wire: reads streamed events and whole answers."""

from __future__ import annotations

from cass.errors import BadResponse
from cass.llm.assemble import Assembly
from cass.llm.failures import Refused, is_error
from cass.llm.finish import responses_usage
from cass.llm.jsonvalue import child, clean, dump, entries, is_object, text_of
from cass.protocol.wire import JsonObject


class ResponsesReader:
    """Reads an answer of the Responses API. A finished item says again, whole, what its pieces said; what the pieces
    already gave is not taken twice. `origin` marks reasoning that may only go back to where it came from."""

    def __init__(self, assembly: Assembly, origin: str) -> None:
        self._assembly = assembly
        self._origin = origin
        self._seen: set[str] = set()
        self._taken: set[str] = set()

    def event(self, name: str, value: JsonObject) -> None:
        """One event of the stream."""
        kind = text_of(value, "type") or name
        if kind == "error" or (is_error(value) and "response" not in value):
            raise Refused(0, {}, dump(value))
        match kind:
            case "response.output_text.delta" | "response.refusal.delta":
                self._assembly.text(text_of(value, "delta"))
                self._seen.add(text_of(value, "item_id"))
                if kind == "response.refusal.delta":
                    self._assembly.reason = "refusal"
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self._assembly.thinking(text_of(value, "delta"))
                self._seen.add(text_of(value, "item_id"))
            case "response.reasoning_summary_part.added":
                if text_of(value, "item_id") in self._seen:
                    self._assembly.thinking("\n\n")
            case "response.output_item.added":
                item = child(value, "item")
                if text_of(item, "type") == "function_call":
                    self._call(item, "")
            case "response.function_call_arguments.delta":
                self._assembly.call({"index": text_of(value, "item_id"), "arguments": text_of(value, "delta")})
            case "response.output_item.done":
                self._item(child(value, "item"))
            case "response.completed" | "response.incomplete" | "response.failed":
                self._end(child(value, "response"))
            case _:
                return

    def document(self, value: JsonObject) -> None:
        """A whole `response`."""
        if is_error(value):
            raise Refused(0, {}, dump(value))
        if "output" not in value:
            raise BadResponse("The endpoint answered with JSON that holds no answer.")
        self._end(value)

    def _call(self, item: JsonObject, arguments: str) -> None:
        self._assembly.call(
            {
                "index": text_of(item, "id") or text_of(item, "call_id"),
                "id": text_of(item, "call_id"),
                "name": text_of(item, "name"),
                "arguments": arguments,
            }
        )

    def _item(self, item: JsonObject) -> None:
        item_id = text_of(item, "id") or text_of(item, "call_id")
        if item_id and item_id in self._taken:
            return
        self._taken.add(item_id)
        match text_of(item, "type"):
            case "reasoning":
                if item_id not in self._seen:
                    for part in [*entries(item, "summary"), *entries(item, "content")]:
                        self._assembly.thinking(text_of(part, "text"))
                kept = clean({key: value for key, value in item.items() if key != "status" and value is not None})
                if is_object(kept):
                    self._assembly.thinking_item({"origin": self._origin, "item": kept})
            case "message":
                for part in entries(item, "content"):
                    if item_id not in self._seen:
                        self._assembly.text(text_of(part, "text") or text_of(part, "refusal"))
                    if text_of(part, "type") == "refusal":
                        self._assembly.reason = "refusal"
            case "function_call":
                self._assembly.calls.clear(item_id)
                self._call(item, text_of(item, "arguments"))
            case _:
                return

    def _end(self, response: JsonObject) -> None:
        status = text_of(response, "status")
        if status == "failed" or response.get("error"):
            raise Refused(0, {}, dump({"error": response.get("error") or "The response failed."}))
        for item in entries(response, "output"):
            self._item(item)
        self._assembly.usage = responses_usage(response.get("usage")) or self._assembly.usage
        self._assembly.model = text_of(response, "model")[:200]
        if status == "incomplete":
            cause = text_of(child(response, "incomplete_details"), "reason")
            self._assembly.reason = "refusal" if cause == "content_filter" else "length"
        elif status in ("cancelled", "in_progress", "queued"):
            raise BadResponse(f"The provider broke off the answer ({status}).")
        elif self._assembly.reason is None:
            self._assembly.reason = "stop"

"""Holds back what should not be shown as text: reasoning in tags, and what may turn out to be a tool call."""

from __future__ import annotations

_OPENERS = ("<think>", "<thinking>")
_CALL_ANYWHERE = (
    "<tool_call",
    "<function=",
    "<function_call",
    "[TOOL_CALLS]",
    "<|python_tag|>",
)
_CALL_AT_START = ("{", "[{", "[ {", "[\n", "```json", "```\n{", "```\n<", "```xml", "```tool")
_LONGEST = max(len(mark) for mark in _CALL_ANYWHERE) - 1


class Screen:
    """Splits text that arrives in pieces. `<think>…</think>` at the start is reasoning. With `watch_calls`, text
    from the first mark of a printed tool call on is kept back until `close`."""

    def __init__(self, *, watch_calls: bool) -> None:
        self._watch_calls = watch_calls
        self._held = ""
        self._state = "start"
        self._closer = ""

    def feed(self, piece: str) -> list[tuple[bool, str]]:
        """What can be shown now: pairs of (is it reasoning, text)."""
        shown: list[tuple[bool, str]] = []
        self._held += piece
        if self._state == "start":
            self._begin()
        if self._state == "thinking":
            shown.append((True, self._think()))
        if self._state == "after":
            self._held = self._held.lstrip()
            if self._held:
                self._state = "text"
        if self._state == "text":
            shown.append((False, self._watch()))
        return [(thought, text) for thought, text in shown if text]

    def close(self) -> list[tuple[bool, str]]:
        """What was kept back."""
        held, self._held = self._held, ""
        return [(self._state == "thinking", held)] if held else []

    def _begin(self) -> None:
        text = self._held.lstrip()
        opener = next((tag for tag in _OPENERS if text.startswith(tag)), None)
        if opener is not None:
            self._held = text[len(opener) :].lstrip("\n")
            self._closer = opener.replace("<", "</")
            self._state = "thinking"
        elif any(tag.startswith(text) for tag in _OPENERS):
            return
        elif self._watch_calls and any(mark.startswith(text) for mark in _CALL_AT_START):
            if text in _CALL_AT_START:
                self._state = "held"
        elif self._watch_calls and text.startswith(_CALL_AT_START):
            self._state = "held"
        else:
            self._state = "text"

    def _think(self) -> str:
        end = self._held.find(self._closer)
        if end < 0:
            return self._release(len(self._closer) - 1, "<")
        thought = self._held[:end]
        self._held = self._held[end + len(self._closer) :]
        self._state = "after"
        return thought

    def _watch(self) -> str:
        if not self._watch_calls:
            shown, self._held = self._held, ""
            return shown
        marks = [at for at in (self._held.find(mark) for mark in _CALL_ANYWHERE) if at >= 0]
        if not marks:
            return self._release(_LONGEST, "<[")
        shown, self._held = self._held[: min(marks)], self._held[min(marks) :]
        self._state = "held"
        return shown

    def _release(self, tail: int, starts: str) -> str:
        """All but an end that may be the beginning of a mark."""
        begin = max(0, len(self._held) - tail)
        found = [at for at in (self._held.find(start, begin) for start in starts) if at >= 0]
        cut = min(found) if found else len(self._held)
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

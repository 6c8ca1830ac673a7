"""Builds the answer out of what a wire reads, and decides whether it is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cass.errors import BadResponse
from cass.llm.calls import CallPieces
from cass.llm.jsonvalue import whole
from cass.llm.screen import Screen
from cass.llm.texttools import TextCalls, find_calls
from cass.ports import Completed, FinishReason, ModelEvent, ModelNotice, TextDelta, ThinkingDelta
from cass.protocol.messages import Text, Thinking, ToolCall, Usage
from cass.protocol.wire import JsonObject

MAX_ANSWER = 32 * 1024 * 1024
"""Characters of one answer; a model that runs on beyond that is stopped with BadResponse."""

Block = Text | Thinking | ToolCall


@dataclass(frozen=True)
class Expected:
    """What the answer is read against: the schemas of the tools that were offered, ids that are taken, whether
    calls that are printed as text count, and the limit of output tokens that was asked for (0: none)."""

    tools: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    taken_ids: frozenset[str] = frozenset()
    text_calls: bool = False
    limit: int = 0


class _Part:
    """A run of text or of thinking, or the place of a tool call."""

    def __init__(self, kind: type[Text] | type[Thinking] | type[ToolCall]) -> None:
        self.kind = kind
        self.pieces: list[str] = []
        self.data: JsonObject | None = None
        self.closed = kind is ToolCall

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Assembly:
    """One answer while it arrives. Feed it through `text`, `thinking` and `call`; `take` gives what may be shown
    since the last time; `finish` gives the answer, or raises BadResponse when there is none. `progress` counts what
    was fed."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._parts: list[_Part] = []
        self._deltas: list[ModelEvent] = []
        self._screen = Screen(watch_calls=expected.text_calls)
        self._size = 0
        self._half = ""
        self.progress = 0
        self.calls = CallPieces(expected.tools)
        self.usage: Usage | None = None
        self.reason: FinishReason | None = None
        self.model = ""
        self.notices: list[str] = []
        self.printed_calls = False

    @property
    def has_text(self) -> bool:
        """Whether any text has come."""
        return any(part.kind is Text for part in self._parts)

    def text(self, piece: str) -> None:
        """Some more of the answer."""
        self._count(piece)
        piece = self._join_halves(piece)
        for thought, shown in self._screen.feed(piece):
            self._append(Thinking if thought else Text, shown)

    def thinking(self, piece: str) -> None:
        """Some more of the reasoning."""
        self._count(piece)
        self._append(Thinking, whole(piece))

    def thinking_data(self, data: JsonObject) -> None:
        """The provider's own form of the reasoning, in place of what was given before."""
        part = next((p for p in reversed(self._parts) if p.kind is Thinking), None)
        if part is None:
            part = self._open(Thinking)
        part.data = data
        self.progress += 1

    def thinking_item(self, data: JsonObject) -> None:
        """The provider's own form of the reasoning since the last item: one block of its own."""
        last = self._parts[-1] if self._parts else None
        part = last if last is not None and last.kind is Thinking and not last.closed else self._open(Thinking)
        part.data, part.closed = data, True

    def call(self, delta: JsonObject) -> None:
        """A piece of a tool call."""
        before = len(self.calls)
        self.calls.add(delta)
        self.progress += 1
        if len(self.calls) > before:
            self._open(ToolCall)

    def take(self) -> list[ModelEvent]:
        """What came since the last call, for showing."""
        taken, self._deltas = self._deltas, []
        return taken

    def partial(self) -> tuple[Text | Thinking, ...]:
        """What has come so far, without tool calls: nothing of it is a finished answer."""
        return tuple(block for block in self._blocks() if not isinstance(block, ToolCall))

    def finish(self) -> tuple[list[ModelEvent], Completed]:
        """The last things to show, and the whole answer."""
        if self.reason is None:
            raise BadResponse("The stream ended before the answer was finished.")
        if self.usage is not None and 0 < self._expected.limit <= self.usage.output and self.reason != "refusal":
            self.reason = "length"  # some servers call it finished
        shown = len(self._deltas)
        self._flush()
        calls = self.calls.finish(self._expected.taken_ids, cut=self.reason == "length")
        answer = self._blocks(calls)
        if not calls and self._expected.text_calls and self.reason != "length":
            answer, calls = self._printed(answer)
            if calls:
                del self._deltas[shown:]  # what was kept back turned out to be a call, not text
        self._check(answer, has_calls=bool(calls))
        notices = [ModelNotice(text) for text in self.notices]
        if self.calls.left_out:
            notices.append(ModelNotice(f"The model asked for too many tools at once; {len(calls)} calls are kept."))
        return [*self.take(), *notices], Completed(
            content=tuple(answer), finish=self._reason(bool(calls)), usage=self.usage, model=self.model
        )

    def _reason(self, has_calls: bool) -> FinishReason:
        if self.reason in ("length", "refusal"):
            return self.reason
        return "tool_calls" if has_calls else "stop"

    def _check(self, answer: Iterable[Block], *, has_calls: bool) -> None:
        if has_calls or self.reason in ("length", "refusal"):
            return
        if any(isinstance(block, Text) and block.text.strip() for block in answer):
            return
        if any(isinstance(block, Thinking) and block.text.strip() for block in answer):
            raise EmptyAnswer("The model gave its reasoning but no answer.")
        raise EmptyAnswer("The model answered with nothing.")

    def _printed(self, blocks: list[Block]) -> tuple[list[Block], list[ToolCall]]:
        text = "".join(block.text for block in blocks if isinstance(block, Text))
        found: TextCalls | None = find_calls(text, self._expected.tools, self._expected.taken_ids)
        if found is None:
            return blocks, []
        self.printed_calls = True
        kept: list[Block] = [block for block in blocks if not isinstance(block, Text)]
        if found.rest:
            kept.append(Text(text=found.rest))
        return [*kept, *found.calls], list(found.calls)

    def _blocks(self, calls: Iterable[ToolCall] = ()) -> list[Block]:
        """The parts in the order in which they began; every place of a call takes the next one of `calls`."""
        blocks: list[Block] = []
        left = list(calls)
        for part in self._parts:
            text = whole(part.text)
            if part.kind is Thinking and (text or part.data is not None):
                blocks.append(Thinking(text=text, data=part.data))
            elif part.kind is Text and text:
                blocks.append(Text(text=text))
            elif part.kind is ToolCall and left:
                blocks.append(left.pop(0))
        return [*blocks, *left]

    def _append(self, kind: type[Text] | type[Thinking], piece: str) -> None:
        if not piece:
            return
        last = self._parts[-1] if self._parts else None
        if last is None or last.kind is not kind or last.closed:
            last = self._open(kind)
        last.pieces.append(piece)
        self._deltas.append(TextDelta(piece) if kind is Text else ThinkingDelta(piece))

    def _open(self, kind: type[Text] | type[Thinking] | type[ToolCall]) -> _Part:
        self._parts.append(_Part(kind))
        return self._parts[-1]

    def _flush(self) -> None:
        if self._half:
            self._half = ""
            self.text("\ufffd")
        for thought, shown in self._screen.close():
            self._append(Thinking if thought else Text, shown)

    def _join_halves(self, piece: str) -> str:
        """Keep back the first half of a surrogate pair until its second half has come."""
        piece = self._half + piece
        self._half = ""
        if piece and "\ud800" <= piece[-1] <= "\udbff":
            self._half, piece = piece[-1], piece[:-1]
        return whole(piece)

    def _count(self, piece: str) -> None:
        self._size += len(piece)
        self.progress += bool(piece)  # empty pieces are no progress: some would come for ever
        if self._size > MAX_ANSWER:
            error = BadResponse(f"The answer is longer than {MAX_ANSWER // 1024 // 1024} million characters.")
            error.retryable = False
            raise error


class EmptyAnswer(BadResponse):
    """The answer came whole and has nothing in it."""

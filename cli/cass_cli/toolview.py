"""Shows tool calls: one line when a call is over, what it did where that matters, and what runs right now."""

from __future__ import annotations

from dataclasses import dataclass, field

from cass_cli.diffview import draw_patch
from cass_cli.escape import escape, escape_line
from cass_cli.fields import Json, get_int, get_list, get_object, get_text
from cass_cli.paint import Paint

OUTPUT_LINES = 6
FAILED_LINES = 16
PATCH_LINES = 120
LIVE_CHARS = 4_000

_OVER = ("completed", "failed", "cancelled")


@dataclass
class _Call:
    name: str = ""
    title: str = ""
    kind: str = ""
    status: str = ""
    output: str = ""
    content: list[Json] = field(default_factory=list[Json])


@dataclass
class ToolView:
    """The tool calls of a session. `seen` holds the ids of calls whose diff the user has looked at already."""

    paint: Paint
    seen: set[str] = field(default_factory=set[str])
    _calls: dict[str, _Call] = field(default_factory=dict[str, _Call])

    def update(self, update: Json) -> str:
        """Take in a `tool_call_update`. Answers what to print now: nothing until the call is over."""
        call_id = get_text(update, "toolCallId")
        call = self._calls.setdefault(call_id, _Call())
        call.name = get_text(update, "name", call.name)
        call.title = get_text(update, "title", call.title)
        call.kind = get_text(update, "kind", call.kind)
        call.status = get_text(update, "status", call.status)
        if "content" in update:
            call.content = get_list(update, "content")
        if call.status not in _OVER:
            return ""
        del self._calls[call_id]
        if not (call.title or call.name):
            return ""
        return "\n".join(filter(None, (self._line(call, update), self._details(call, call_id, update))))

    def chunk(self, update: Json) -> None:
        """Take in output of a running call."""
        call = self._calls.get(get_text(update, "toolCallId"))
        if call is not None:
            text = get_text(get_object(get_object(update, "content"), "content"), "text")
            call.output = (call.output + text)[-LIVE_CHARS:]

    def live(self) -> list[str]:
        """What runs right now, for the lines above the prompt."""
        lines: list[str] = []
        for call in self._calls.values():
            mark = "?" if call.status == "pending" else self.paint.symbol("▸", ">")
            lines.append(f"{self.paint.cyan(mark)} {_name(call)}")
            tail = [line for line in escape(call.output).split("\n") if line.strip()][-3:]
            lines += [self.paint.dim("  " + line.expandtabs(4)) for line in tail]
        return lines

    def clear(self) -> None:
        """The turn is over; nothing runs."""
        self._calls.clear()

    def _line(self, call: _Call, update: Json) -> str:
        paint = self.paint
        mark = {
            "completed": paint.green(paint.symbol("✓", "ok")),
            "failed": paint.red(paint.symbol("✗", "failed")),
            "cancelled": paint.yellow(paint.symbol("–", "-")),
        }[call.status]
        notes = ["cancelled"] if call.status == "cancelled" else []
        if get_int(update, "exitCode") != 0:
            notes.append(f"exit code {get_int(update, 'exitCode')}")
        if "elapsedMs" in update:
            notes.append(duration(get_int(update, "elapsedMs") / 1000))
        return f"{mark} {_name(call)}  {paint.dim('  '.join(notes))}".rstrip()

    def _details(self, call: _Call, call_id: str, update: Json) -> str:
        if call.status == "cancelled":
            return ""
        parts: list[str] = []
        failed = call.status == "failed"
        for item in call.content:
            if item.get("type") == "diff" and not failed and call_id not in self.seen:
                parts.append(_head(draw_patch(get_text(item, "patch"), self.paint), PATCH_LINES))
            elif item.get("type") == "content" and (failed or call.kind == "execute"):
                text = get_text(get_object(item, "content"), "text")
                parts.append(self._output(text, FAILED_LINES if failed else OUTPUT_LINES))
        if not call.content and (failed or call.kind == "execute"):
            text = "\n".join(get_text(block, "text") for block in get_list(update, "result"))
            parts.append(self._output(text, FAILED_LINES if failed else OUTPUT_LINES))
        return "\n".join(filter(None, parts))

    def _output(self, text: str, limit: int) -> str:
        lines = escape(text).strip("\n").expandtabs(4).split("\n")
        if lines == [""]:
            return ""
        left_out = len(lines) - limit
        shown = lines[-limit:] if left_out > 1 else lines
        note = [f"({left_out} lines above)"] if left_out > 1 else []
        return self.paint.dim("\n".join("  " + line for line in [*note, *shown]))


def duration(seconds: float) -> str:
    """A time span for reading."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} m {int(seconds % 60):02d} s"


def _name(call: _Call) -> str:
    return escape_line(call.title or call.name or "tool")


def _head(text: str, limit: int) -> str:
    lines = text.split("\n")
    if len(lines) <= limit + 1:
        return text
    return "\n".join([*lines[:limit], f"({len(lines) - limit} more lines; /diff shows all changes)"])

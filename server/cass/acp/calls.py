"""Tool calls as ACP v1 tells them: one that creates the call, then what changed, always whole.

ACP v1 has no way to add output to a call: each update replaces the content. So the end of what a running command
printed is sent again now and then, never for every piece.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cass.acp import visible
from cass.acp.diffs import pairs
from cass.acp.saying import Call, Content, Diff, Location, Shown
from cass.protocol.asking import PermissionSubject
from cass.protocol.events import DiffContent, TextContent, ToolCallContentChunk, ToolCallUpdate, ToolContent
from cass.protocol.messages import Text
from cass.protocol.reaching import AgentUpdate
from cass.protocol.wire import JsonObject

_OUTPUT_SECONDS = 0.25
_OUTPUT_CHARS = 8_000


@dataclass
class _Known:
    call: Call
    output: str = ""
    told: float = 0.0


@dataclass
class Calls:
    """The calls of one session that have not ended."""

    now: Callable[[], float] = time.monotonic
    _known: dict[str, _Known] = field(default_factory=dict[str, _Known])

    def update(self, event: ToolCallUpdate) -> Call:
        """What to say of an event."""
        known = self._known.get(event.tool_call_id)
        update = _call(event, known.call if known else None)
        if event.status in ("completed", "failed", "cancelled"):
            self._known.pop(event.tool_call_id, None)
        elif known:
            known.call = known.call.model_copy(update=update.model_dump(exclude_none=True, include=_KEPT))
            known.call = known.call.model_copy(update={"content": update.content or known.call.content})
        else:
            self._known[event.tool_call_id] = _Known(update)
        return update

    def output(self, event: ToolCallContentChunk) -> Call | None:
        """What to say of some output of a running call; None when it is too early to say more."""
        known = self._known.get(event.tool_call_id)
        if known is None or not isinstance(event.content.content, Text):
            return None
        known.output = (known.output + event.content.content.text)[-_OUTPUT_CHARS:]
        if self.now() - known.told < _OUTPUT_SECONDS:
            return None
        known.told = self.now()
        content = (Shown(content=Text(text=known.output)),)
        return Call(
            session_update="tool_call_update",
            tool_call_id=event.tool_call_id,
            status="in_progress",
            content=content,
        )

    def agent(self, event: AgentUpdate) -> Call | None:
        """What to say of a sub-agent whose call runs: how it stands. One in the background has no call any more."""
        known = self._known.get(event.tool_call_id or "")
        if known is None or known.output or event.state in ("done", "failed", "cancelled"):
            return None
        waits = {"waiting": "waits for a free place", "requires_action": "waits for your answer"}
        doing = waits.get(event.state) or event.activity or "works"
        content = (Shown(content=Text(text=visible.line(f"{event.name}: {doing}"))),)
        return Call(
            session_update="tool_call_update",
            tool_call_id=known.call.tool_call_id,
            status="in_progress",
            content=content,
        )

    def asked(self, subject: PermissionSubject, title: str) -> Call:
        """A call that waits for permission, as far as it is known. A command is shown whole: its title is not."""
        known = self._known.get(subject.tool_call_id)
        call = known.call if known else Call(tool_call_id=subject.tool_call_id)
        update: JsonObject = {"session_update": None, "title": visible.line(title), "status": "pending"}
        if subject.command is not None:
            shown = Shown(content=Text(text=visible.command(subject.command)))
            update["content"] = (shown, *(call.content or ()))
        return call.model_copy(update=update)


_KEPT = {"title", "kind", "status"}


def _call(event: ToolCallUpdate, known: Call | None) -> Call:
    status = "failed" if event.status == "cancelled" else event.status
    ended = event.result is not None
    output: JsonObject | None = {"exitCode": event.exit_code} if event.exit_code is not None else None
    return Call(
        session_update="tool_call_update" if known else "tool_call",
        tool_call_id=event.tool_call_id,
        title=visible.line(event.title) if event.title else None if known else event.name or "Tool call",
        kind=event.kind,
        status=status,
        locations=tuple(Location(path=place.path, line=place.line) for place in event.locations)
        if event.locations
        else None,
        content=_ended(event, known) if ended else _contents(event.content or ()),
        raw_input=event.raw_input,
        raw_output=output,
    )


def _ended(event: ToolCallUpdate, known: Call | None) -> tuple[Content, ...] | None:
    """What a call shows at its end: what its tool shows, else what the model reads; changes that were made stay."""
    shown = _contents(event.content or ()) or tuple(Shown(content=block) for block in event.result or ())
    changes = tuple(part for part in (known.content if known else None) or () if isinstance(part, Diff))
    if changes and event.status == "completed":
        return None if all(isinstance(part, Shown) for part in shown) and len(shown) <= 1 else (*changes, *shown)
    return shown or None


def _contents(parts: Sequence[ToolContent]) -> tuple[Content, ...] | None:
    found: list[Content] = []
    for part in parts:
        match part:
            case DiffContent():
                found += pairs(part)
            case TextContent():
                found.append(Shown(content=part.content))
    return tuple(found) or None

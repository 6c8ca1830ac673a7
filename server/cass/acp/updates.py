"""The events of a session as ACP's updates.

ACP v1 has only pieces of messages, and a piece cannot be taken back. So what was already shown of a message is
remembered until the whole of it is known, and only what is missing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cass.acp import modes, saying
from cass.acp.calls import Calls
from cass.protocol import events
from cass.protocol.messages import ContentBlock, Text, Thinking
from cass.protocol.offering import AvailableCommand
from cass.protocol.reaching import AgentUpdate, McpUpdate


@dataclass
class _Said:
    """A message on its way: what the client has of it, and, when the model began anew, what it has said since."""

    shown: list[str] = field(default_factory=list[str])
    anew: str | None = None


@dataclass
class Updates:
    """Translates one session's events. `replaying` says that the client is shown an earlier conversation, in which
    the user's words are new to it, too. `notices`: it can show remarks beside the conversation."""

    notices: bool = False
    models: Sequence[str] = ()
    replaying: bool = False
    mode: str = ""
    calls: Calls = field(default_factory=Calls)
    _said: dict[tuple[str, saying.ChunkKind], _Said] = field(
        default_factory=dict[tuple[str, saying.ChunkKind], _Said]
    )

    def of(self, event: events.Event) -> Sequence[saying.Saying]:
        """What to say of an event, in order; nothing for what ACP has no words for."""
        match event:
            case events.UserMessage():
                return self._user(event)
            case events.AgentMessageChunk():
                return self._piece("agent_message_chunk", event.message_id, event.content.text)
            case events.AgentThoughtChunk():
                return self._piece("agent_thought_chunk", event.message_id, event.content.text)
            case events.AgentMessage():
                return self._whole(event)
            case events.MessageDiscarded():
                for (message_id, _), said in self._said.items():
                    said.anew = "" if message_id == event.message_id else said.anew
                return ()
            case events.ToolCallUpdate():
                return (self.calls.update(event),)
            case events.ToolCallContentChunk():
                update = self.calls.output(event)
                return (update,) if update else ()
            case _:
                return self._state(event)

    def _state(self, event: events.Event) -> Sequence[saying.Saying]:
        """What is not the conversation itself."""
        match event:
            case events.PlanUpdate():
                return (saying.Plan(entries=event.entries),)
            case events.ConfigOptionUpdate():
                return self._options(event.config_options)
            case events.AvailableCommandsUpdate():
                return (saying.Commands(available_commands=tuple(map(_command, event.commands))),)
            case events.SessionInfoUpdate():
                return (saying.Title(title=event.title),)
            case events.UsageUpdate():
                cost = event.total.cost if event.total else None
                spent = saying.Cost(amount=cost) if cost is not None else None
                return (saying.Used(used=event.used, size=event.size, cost=spent),) if event.size else ()
            case events.CompactionUpdate(status="completed"):
                text = f"Made shorter: ~{event.before:,} → ~{event.after:,} tokens. /uncompact takes it back."
                return self._remark("info", text, "agent_thought_chunk")
            case AgentUpdate() if event.tool_call_id and not event.is_background:
                update = self.calls.agent(event)
                return (update,) if update else ()
            case AgentUpdate(state="done" | "failed" | "cancelled") if event.is_background and not event.works_for:
                return self._remark(
                    "info", f"{event.name} has ended: {event.state}. {event.text}", "agent_thought_chunk"
                )
            case events.Retry():
                text = f"Asking again in {max(1, round(event.in_ms / 1000))} s: {event.reason}"
                return self._remark("warning", text, "agent_thought_chunk")
            case events.Notice():
                return self._notice(event)
            case McpUpdate(state="failed" | "login" | "changed"):
                return self._remark("warning", f"MCP server {event.server}: {event.text}", "agent_message_chunk")
            case events.ReminderUpdate(state="fired"):
                what = "Loop" if event.every else "Reminder"
                return self._remark("info", f"{what}: {event.prompt}", "agent_thought_chunk")
            case events.StateUpdate(state="idle"):
                self._said.clear()
                return self._ended(event) if self.replaying else ()
            case _:
                return ()

    def _user(self, event: events.UserMessage) -> Sequence[saying.Saying]:
        if not self.replaying or event.source != "user":
            return ()
        return tuple(_chunk("user_message_chunk", event.message_id, block) for block in event.content)

    def _piece(self, role: saying.ChunkKind, message_id: str, text: str) -> Sequence[saying.Saying]:
        said = self._said.setdefault((message_id, role), _Said())
        if said.anew is None:
            said.shown.append(text)
            return (_chunk(role, message_id, Text(text=text)),) if text else ()
        said.anew += text
        return self._catch_up(role, message_id, said, said.anew)

    def _catch_up(self, role: saying.ChunkKind, message_id: str, said: _Said, now: str) -> Sequence[saying.Saying]:
        """Say what of the message as it is now was not shown yet."""
        shown = "".join(said.shown)
        if shown.startswith(now):
            return ()
        # A model that began anew and says something else is shown below what it said first.
        more = now[len(shown) :] if now.startswith(shown) else f"\n\n{now}"
        said.shown, said.anew = [now], None
        return (_chunk(role, message_id, Text(text=more)),)

    def _whole(self, event: events.AgentMessage) -> Sequence[saying.Saying]:
        thoughts = "".join(part.text for part in event.content if isinstance(part, Thinking))
        text = "".join(part.text for part in event.content if isinstance(part, Text))
        found: list[saying.Saying] = []
        roles: tuple[tuple[saying.ChunkKind, str], ...] = (
            ("agent_thought_chunk", thoughts),
            ("agent_message_chunk", text),
        )
        for role, whole in roles:
            said = self._said.pop((event.message_id, role), None) or _Said()
            shown = "".join(said.shown).strip()
            if shown and (role == "agent_thought_chunk" or shown == whole.strip()):
                continue  # thinking that was shown is not said again because the provider words its end otherwise
            found += self._catch_up(role, event.message_id, said, whole)
        return found

    def _options(self, options: Sequence[events.ConfigOption]) -> Sequence[saying.Saying]:
        found: list[saying.Saying] = []
        mode = modes.current(options)
        if mode != self.mode:
            self.mode = mode
            found.append(saying.ModeNow(current_mode_id=mode))
        return (*found, saying.OptionsNow(config_options=modes.options(options, self.models)))

    def _ended(self, event: events.StateUpdate) -> Sequence[saying.Saying]:
        """How an earlier turn ended: when it happened, the answer to the prompt said so."""
        if event.stop_reason == "cancelled":
            return (_chunk("agent_message_chunk", f"{event.turn_id}-end", Text(text="*This turn was stopped.*")),)
        if event.error:
            return self._remark("error", event.error.message, "agent_message_chunk")
        return ()

    def _notice(self, event: events.Notice) -> Sequence[saying.Saying]:
        if event.level == "info" and event.turn_id:  # what a slash command answers
            return (_chunk("agent_message_chunk", f"{event.turn_id}-reply", Text(text=event.text)),)
        return self._remark(event.level, event.text, "agent_message_chunk")

    def _remark(self, level: saying.Severity, text: str, role: saying.ChunkKind) -> Sequence[saying.Saying]:
        if not text.strip():
            return ()
        if not self.notices:
            mark = "" if level == "info" else f"**{level.capitalize()}:** "
            return (_chunk(role, None, Text(text=f"{mark}{text}\n\n")),)
        first, _, rest = text.strip().partition("\n")
        return (saying.Remark(severity=level, title=first, description=rest.strip() or None),)


def _chunk(role: saying.ChunkKind, message_id: str | None, content: ContentBlock) -> saying.Chunk:
    return saying.Chunk(session_update=role, message_id=message_id, content=content)


def _command(command: AvailableCommand) -> saying.Command:
    hint = saying.CommandInput(hint=command.hint) if command.hint else None
    return saying.Command(name=command.name, description=command.description, input=hint)

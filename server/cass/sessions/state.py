"""What a session is right now: folded from its events, live and on loading alike. Only `fold` writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cass.protocol.edits import EditProposal, ProposalState
from cass.protocol.events import (
    AgentMessage,
    ConfigOptionUpdate,
    EditUpdate,
    Event,
    HistoryCleared,
    PermissionGranted,
    PlanEntry,
    PlanUpdate,
    ReviewBase,
    SessionInfoUpdate,
    SessionState,
    StateUpdate,
    ToolCallUpdate,
    UserMessage,
)
from cass.protocol.messages import Message, Text, ToolCall, ToolResult, Usage

_INTERRUPTED = "This call was interrupted before it ended; whether it had an effect is not known."


@dataclass
class Folded:
    """The state of one session. `messages` is what the model is sent; `open_calls` are tool calls without an
    answer yet; `used` is the size of the last request and its answer, in tokens, 0 when never reported."""

    messages: list[Message] = field(default_factory=list[Message])
    state: SessionState = "idle"
    turn_id: str | None = None
    title: str = ""
    options: dict[str, str] = field(default_factory=dict[str, str])
    plan: tuple[PlanEntry, ...] = ()
    grants: list[str] = field(default_factory=list[str])
    proposals: dict[str, EditProposal] = field(default_factory=dict[str, EditProposal])
    baselines: dict[Path, str | None] = field(default_factory=dict[Path, "str | None"])
    unreviewed: dict[Path, ReviewBase] = field(default_factory=dict[Path, ReviewBase])
    client_keys: dict[str, UserMessage] = field(default_factory=dict[str, UserMessage])
    open_calls: dict[str, ToolCall] = field(default_factory=dict[str, ToolCall])
    total: Usage = field(default_factory=Usage)
    used: int = 0
    prompts: int = 0

    def fold(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case UserMessage():
                self.messages.append(Message(role="user", content=event.content))
                self.prompts += event.source == "user"
                if event.client_key:
                    self.client_keys[event.client_key] = event
            case AgentMessage():
                self._answer(event)
            case ToolCallUpdate() if event.status in ("completed", "failed", "cancelled"):
                self._result(event)
            case StateUpdate():
                self.state = event.state
                self.turn_id = event.turn_id if event.state != "idle" else None
            case ConfigOptionUpdate():
                self.options = {o.id: o.current_value for o in event.config_options}
            case PlanUpdate():
                self.plan = event.entries
            case PermissionGranted():
                self.grants.append(event.rule)
            case SessionInfoUpdate():
                self.title = event.title
            case EditUpdate():
                self._edit(event)
            case ReviewBase():
                self.unreviewed.pop(Path(event.path), None)
                if event.known_hash is not None:
                    self.unreviewed[Path(event.path)] = event
            case HistoryCleared():
                self.messages.clear()
                self.open_calls.clear()
                self.plan, self.used = (), 0
            case _:
                pass

    def interrupted_calls(self) -> list[ToolCallUpdate]:
        """The answers that open calls get when nobody else will give one: the history must have one for each."""
        return [
            ToolCallUpdate(
                tool_call_id=id, status="cancelled", result=(Text(text=_INTERRUPTED),), turn_id=self.turn_id
            )
            for id in self.open_calls
        ]

    def pending_proposals(self) -> list[EditProposal]:
        """Proposals of plan mode that wait for a decision, oldest first."""
        return [p for p in self.proposals.values() if p.state == "proposed"]

    def _answer(self, event: AgentMessage) -> None:
        calls = () if event.interrupted else tuple(b for b in event.content if isinstance(b, ToolCall))
        content = tuple(b for b in event.content if not isinstance(b, ToolCall)) + calls
        if content:
            self.messages.append(Message(role="assistant", content=content))
        for call in calls:
            self.open_calls[call.id] = call
        if event.usage:
            self.total += event.usage
            self.used = event.usage.input + event.usage.output

    def _result(self, event: ToolCallUpdate) -> None:
        if self.open_calls.pop(event.tool_call_id, None) is None:
            return
        content = event.result or (Text(text="(no output)"),)
        result = ToolResult(call_id=event.tool_call_id, content=content, is_error=event.status != "completed")
        self.messages.append(Message(role="tool", content=(result,)))

    def _edit(self, event: EditUpdate) -> None:
        if event.proposal:
            self.proposals[event.proposal_id] = event.proposal
        known = self.proposals.get(event.proposal_id)
        if known is None:
            return
        state: ProposalState = event.state
        self.proposals[event.proposal_id] = known.model_copy(update={"state": state})
        if state == "applied":
            for file in known.files:
                self.baselines.setdefault(Path(file.path), file.base_hash or None)
                if file.move_to:
                    self.baselines.setdefault(Path(file.move_to), None)

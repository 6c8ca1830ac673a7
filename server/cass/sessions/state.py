"""What a session is right now: folded from its events, live and on loading alike. Only `fold` writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cass.protocol.custom import StepUpdate
from cass.protocol.edits import EditOp, EditProposal, ProposalState
from cass.protocol.events import (
    AgentMessage,
    CompactionUpdate,
    ConfigOptionUpdate,
    EditUpdate,
    Event,
    JobUpdate,
    PermissionGranted,
    PlanEntry,
    PromptDropped,
    PromptQueued,
    ReviewBase,
    SessionInfoUpdate,
    SessionState,
    StateUpdate,
    ToolCallUpdate,
    UserMessage,
)
from cass.protocol.messages import Message, ToolCall, Usage
from cass.protocol.reaching import AgentUpdate, ReminderUpdate, ToolsFound
from cass.sessions.history import History

_SETTLED = 64
_KEYS = 4_096
_MADE = 100
"""What is held of the past: decided proposals, the clients' keys, changes of one file. A long session stays as small as
a short one; the journal has the rest."""

AGENT_ENDS = ("done", "failed", "cancelled")
"""How a sub-agent can have ended."""


class Made(NamedTuple):
    """A change of one file that was applied and not taken back."""

    proposal_id: str
    base_hash: str
    op: EditOp


@dataclass
class Folded:
    """The state of one session. `history` is the conversation; going back replaces it, and nothing else of this.
    `proposals` are those to decide about and the latest that were decided; `settled.find` knows the others.
    `runs` says whether a command of several steps was
    ever run. `found_tools` were searched for, in that order. `agents` are the sub-agents that it ever had, as they were
    last told of. `waiting` are words that were taken and not begun, by message; `dropped` counts those that never will be."""

    history: History = field(default_factory=History)
    state: SessionState = "idle"
    turn_id: str | None = None
    title: str = ""
    tags: tuple[str, ...] = ()
    archived: bool = False
    options: dict[str, str] = field(default_factory=dict[str, str])
    grants: list[str] = field(default_factory=list[str])
    proposals: dict[str, EditProposal] = field(default_factory=dict[str, EditProposal])
    made: dict[str, list[Made]] = field(default_factory=dict[str, "list[Made]"])
    baselines: dict[Path, str | None] = field(default_factory=dict[Path, "str | None"])
    unreviewed: dict[Path, ReviewBase] = field(default_factory=dict[Path, ReviewBase])
    client_keys: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    waiting: dict[str, PromptQueued] = field(default_factory=dict[str, PromptQueued])
    jobs: dict[str, JobUpdate] = field(default_factory=dict[str, JobUpdate])
    agents: dict[str, AgentUpdate] = field(default_factory=dict[str, AgentUpdate])
    reminders: dict[str, ReminderUpdate] = field(default_factory=dict[str, ReminderUpdate])
    dropped: int = 0
    total: Usage = field(default_factory=Usage)
    prompts: int = 0
    runs: bool = False
    found_tools: dict[str, None] = field(default_factory=dict[str, None])

    @property
    def messages(self) -> list[Message]:
        """What the model is sent."""
        return self.history.messages

    @property
    def plan(self) -> tuple[PlanEntry, ...]:
        """The to-dos."""
        return self.history.plan

    @property
    def open_calls(self) -> dict[str, ToolCall]:
        """Tool calls without an answer yet."""
        return self.history.open_calls

    @property
    def used(self) -> int:
        """The size of the last request and its answer, in tokens; 0 when it was not reported."""
        return self.history.used

    def fold(self, event: Event) -> None:
        """Take in one event."""
        self.history.fold(event)
        self.take(event)

    def take(self, event: Event) -> None:
        """Take in one event, but for the conversation."""
        match event:
            case UserMessage():
                self.waiting.pop(event.message_id, None)
                self.prompts += event.source == "user"
                if event.client_key:
                    self.client_keys[event.client_key] = event.turn_id or "", event.message_id
                    if len(self.client_keys) > _KEYS:
                        del self.client_keys[next(iter(self.client_keys))]
            case AgentMessage() | CompactionUpdate() if event.usage:
                self.total += event.usage
            case PromptQueued():
                self.waiting[event.message_id] = event
                if event.client_key:
                    self.client_keys[event.client_key] = event.turn_id or "", event.message_id
            case PromptDropped():
                self._drop(event.message_id)
            case JobUpdate():
                self.jobs[event.job_id] = event
            case StateUpdate():
                if (
                    event.state == "idle"
                ):  # a command of cass's own says nothing to the model, and is done with its turn
                    done = [w for w in self.waiting.values() if w.turn_id == event.turn_id and not w.steering]
                    self.waiting = {id: w for id, w in self.waiting.items() if w not in done}
                self.state = event.state
                self.turn_id = event.turn_id if event.state != "idle" else None
            case ConfigOptionUpdate():
                self.options = {o.id: o.current_value for o in event.config_options}
            case PermissionGranted():
                self.grants.append(event.rule)
            case SessionInfoUpdate():
                self.title, self.tags, self.archived = event.title, event.tags, event.archived
            case EditUpdate():
                self._edit(event)
            case StepUpdate():
                self.runs = True
            case ToolsFound():
                self.found_tools.update(dict.fromkeys(event.names))
            case AgentUpdate() if not event.works_for:
                self._agent(event)
            case ReminderUpdate():
                self.reminders.pop(event.reminder_id, None)
                if event.at is not None:
                    self.reminders[event.reminder_id] = event
            case ReviewBase():
                self.unreviewed.pop(Path(event.path), None)
                if event.known_hash is not None:
                    self.unreviewed[Path(event.path)] = event
            case _:
                pass

    def interrupted_calls(self) -> list[ToolCallUpdate]:
        """The answers that open calls get when nobody else will give one."""
        return self.history.interrupted_calls(self.turn_id)

    def pending_proposals(self) -> list[EditProposal]:
        """Proposals of plan mode that wait for a decision, oldest first."""
        return [p for p in self.proposals.values() if p.state == "proposed"]

    def _agent(self, event: AgentUpdate) -> None:
        """A sub-agent's usage counts once it has ended; until then the session asks those that work."""
        known = self.agents.get(event.agent_id)
        if event.state in AGENT_ENDS and event.usage and (known is None or known.state not in AGENT_ENDS):
            self.total += event.usage
        self.agents[event.agent_id] = event

    def _drop(self, message_id: str) -> None:
        dropped = self.waiting.pop(message_id, None)
        self.dropped += 1
        if dropped and dropped.client_key:
            self.client_keys.pop(dropped.client_key, None)

    def _edit(self, event: EditUpdate) -> None:
        if event.proposal:
            self.proposals[event.proposal_id] = event.proposal
        if event.state == "reverted":
            for path, made in list(self.made.items()):
                self.made[path] = [change for change in made if change.proposal_id != event.proposal_id]
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
                made = self.made.setdefault(file.path, [])
                made.append(Made(known.proposal_id, file.base_hash, file.op))
                del made[:-_MADE]
        if state not in ("proposed", "accepted"):
            self._settle(event.proposal_id)

    def _settle(self, proposal_id: str) -> None:
        """A decided proposal is held for a while only: its hunks are what makes a long session big."""
        self.proposals[proposal_id] = self.proposals.pop(proposal_id)  # the latest stand last
        done = [id for id, p in self.proposals.items() if p.state not in ("proposed", "accepted")]
        if len(done) > _SETTLED:
            del self.proposals[done[0]]

"""What happens to a conversation as a whole: it is made shorter, taken back, continued; and what its turns did
to files and left running. All of it is in the journal, so that all of it can be taken back."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from cass.protocol.messages import ContentBlock, Message, Usage
from cass.protocol.wire import JsonObject, SessionEvent

CompactionTrigger = Literal["auto", "manual", "overflow"]
RewindScope = Literal["conversation", "files", "both"]


class CompactionUpdate(SessionEvent):
    """The conversation that the model is sent is made shorter. `completed` does it, in this order: results of the
    calls in `folded` (call id → the line that stands for the result) are replaced by their line, and the arguments of
    those in `arguments` (call id → what stands for them); then the first
    `replaced` messages by those in `kept`. `summary` is the text in `kept` that a model, or cass itself where no
    model could, wrote of what is left out. `before` and `after` are tokens, as far as known. The journal keeps the
    originals: `_uncompacted` gives them back."""

    session_update: Literal["compaction_update"] = "compaction_update"
    compaction_id: str
    status: Literal["in_progress", "completed", "failed"]
    trigger: CompactionTrigger = "auto"
    focus: str | None = None
    before: int = 0
    after: int = 0
    folded: dict[str, str] = Field(default_factory=dict)
    arguments: dict[str, JsonObject] = Field(default_factory=dict)
    replaced: int = 0
    kept: tuple[Message, ...] = ()
    summary: str | None = None
    model: str | None = None
    usage: Usage | None = None

    @property
    def is_durable(self) -> bool:
        """What was done is kept; what is being tried is not."""
        return self.status == "completed"


class SummaryEdited(SessionEvent):
    """The user wrote the summary of the latest compaction anew; `kept` stands in the place of that compaction's."""

    durable: ClassVar[bool] = True
    session_update: Literal["_summary_edited"] = "_summary_edited"
    compaction_id: str
    summary: str
    kept: tuple[Message, ...]


class Uncompacted(SessionEvent):
    """That compaction is void: the model is sent the originals again, byte for byte."""

    durable: ClassVar[bool] = True
    session_update: Literal["_uncompacted"] = "_uncompacted"
    compaction_id: str


class Rewound(SessionEvent):
    """The session went back to before `turn_id` began. With the scope `conversation` or `both` nothing that was said
    since counts any more; with `files` or `both` the effects of those turns on files were taken back, which is the
    effect `effects_id` itself. `undoes` names an earlier `_rewound` that is void again by this one; then `turn_id` is
    that one's."""

    durable: ClassVar[bool] = True
    session_update: Literal["_rewound"] = "_rewound"
    rewind_id: str
    scope: RewindScope
    effects_id: str | None = None
    undoes: str | None = None

    @property
    def talks(self) -> bool:
        """Whether it is about the conversation."""
        return self.scope != "files"


class EffectsUpdate(SessionEvent):
    """What one call, or a rewind, did to files outside of buffers and edits alike: the record `effects_id` in the
    checkpoint store says it path by path. `paths` names at most 100 of the `files`. `missing` are paths whose former
    content could not be kept (too big). `recovered`: cass ended while it was done, and it was looked for when the
    session was opened again; what was changed clearly later is left out."""

    durable: ClassVar[bool] = True
    session_update: Literal["_effects_update"] = "_effects_update"
    effects_id: str
    tool_call_id: str | None = None
    files: int
    paths: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    recovered: bool = False


class JobUpdate(SessionEvent):
    """A command runs in the background, or ended. `output` is the file that holds what it printed."""

    durable: ClassVar[bool] = True
    session_update: Literal["_job_update"] = "_job_update"
    job_id: str
    command: str
    state: Literal["running", "exited", "timed_out", "killed", "lost"]
    exit_code: int | None = None
    output: str | None = None


class PromptQueued(SessionEvent):
    """The user's words were taken and wait for the running turn to end. `turn_id` is the turn they will begin; the
    `user_message` with the same `message_id` says that it began. `steering` words wait for the next request."""

    durable: ClassVar[bool] = True
    session_update: Literal["_prompt_queued"] = "_prompt_queued"
    message_id: str
    content: tuple[ContentBlock, ...]
    client_key: str | None = None
    steering: bool = False


class PromptDropped(SessionEvent):
    """Words that waited are not said any more: the user cancelled, or cass ended before they could be."""

    durable: ClassVar[bool] = True
    session_update: Literal["_prompt_dropped"] = "_prompt_dropped"
    message_id: str

"""All settings: one frozen tree. Where values come from is `cass.layers`.

Each field has a type, a default, bounds and one line of help; `docs/configuration.md` is made from it. `project`
says what a project's own file may do with it: nothing (the default), `tighten` (only in the stricter direction)
or `any` (it only describes or shows).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

ProjectRight = Literal["no", "tighten", "any"]

MODES = ("plan", "active")
APPROVALS = ("ask", "edits", "auto")


def setting(default: Any, help: str, *, project: ProjectRight = "no", **bounds: Any) -> Any:
    """A field with its line of help, its bounds, and what a project file may do with it."""
    extra: JsonDict = {"project": project}
    if callable(default):
        return Field(default_factory=default, description=help, json_schema_extra=extra, **bounds)
    return Field(default=default, description=help, json_schema_extra=extra, **bounds)


class Section(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, protected_namespaces=())


class ModelConfig(Section):
    """Facts about one model that its provider does not report: `[providers.NAME.models."MODEL"]`."""

    context_window: int | None = setting(None, "Size of the window, tokens.", ge=256)
    max_output: int | None = setting(None, "Longest answer, tokens.", ge=1)
    input_price: float | None = setting(None, "US dollars per million input tokens.", ge=0)
    output_price: float | None = setting(None, "US dollars per million output tokens.", ge=0)
    cache_price: float | None = setting(
        None, "US dollars per million input tokens that came from the provider's cache.", ge=0
    )
    images: bool | None = setting(None, "Whether it reads images.")
    wire: Literal["chat", "responses", "auto"] = setting("auto", "Which API this model answers on.")


class ProviderConfig(Section):
    """An endpoint of the user's own, or changes to a preset: `[providers.NAME]`."""

    base_url: str | None = setting(None, "Base URL of an OpenAI-compatible API, up to and with /v1.")
    key_env: str | None = setting(None, "Environment variable that holds the key.")
    wire: Literal["chat", "responses", "auto"] = setting(
        "auto", "Which API to speak: chat completions or Responses."
    )
    headers: dict[str, str] = setting(dict, "Extra HTTP headers.")
    models: dict[str, ModelConfig] = setting(dict, "What is known of single models, by their name at the provider.")


class LlmConfig(Section):
    """How requests to a model are made."""

    idle_timeout: float = setting(
        120.0, "Seconds without a byte from the model until the request is given up.", gt=0, le=3600
    )
    connect_timeout: float = setting(10.0, "Seconds to reach the endpoint.", gt=0, le=600)
    max_retries: int = setting(4, "How often a failed request is sent again.", ge=0, le=20)
    max_retry_wait: float = setting(
        60.0,
        "Longest wait before a retry, seconds; an endpoint that asks for more is reported instead.",
        ge=0,
        le=3600,
    )
    max_output: int | None = setting(
        None, "Longest answer to ask for, tokens; unset leaves it to the provider.", ge=1
    )
    text_tool_calls: Literal["auto", "on", "off"] = setting(
        "auto",
        "Whether tool calls that a model prints as text are understood; auto: where the endpoint gave no proper one.",
    )


class PermissionConfig(Section):
    """Rules such as `shell(git status*)` or `edit_file(src/**)`. Deny goes before ask, ask before allow."""

    allow: tuple[str, ...] = setting((), "Calls that need no asking.")
    ask: tuple[str, ...] = setting((), "Calls that are always asked about.", project="tighten")
    deny: tuple[str, ...] = setting((), "Calls that are refused in every mode.", project="tighten")


class CompactionConfig(Section):
    """How a conversation that grows too long for the model's window is made shorter."""

    at: float = setting(
        0.9, "The part of the window that a request may fill before that is done.", project="any", ge=0.2, le=1
    )
    model: str | None = setting(
        None, "The model that sums up what is left out, as provider/model; unset: the session's."
    )
    summary_tokens: int | None = setting(
        None, "Longest summary, tokens; unset: a twelfth of the window, 2,000 at most.", ge=100, le=32_000
    )
    transcript_tokens: int = setting(
        24_000, "How much of what is left out the model is given to sum up, tokens.", ge=1_000, le=1_000_000
    )


class LimitConfig(Section):
    """What one turn, one session and one day may use up. Unset means no limit."""

    turns: int = setting(200, "Requests to the model in one turn.", project="tighten", ge=1, le=10_000)
    seconds: float | None = setting(None, "Wall time of one turn, seconds.", project="tighten", gt=0)
    tokens: int | None = setting(None, "Tokens of one turn, in and out.", project="tighten", ge=1)
    cost: float | None = setting(None, "US dollars of one turn, where prices are known.", project="tighten", gt=0)
    session_tokens: int | None = setting(None, "Tokens of one session, in and out.", project="tighten", ge=1)
    session_cost: float | None = setting(None, "US dollars of one session.", project="tighten", gt=0)
    day_tokens: int | None = setting(
        None, "Tokens of one day (UTC), in and out, of all sessions of the user.", project="tighten", ge=1
    )
    day_cost: float | None = setting(
        None, "US dollars of one day (UTC), of all sessions of the user.", project="tighten", gt=0
    )
    repeats: int = setting(
        3, "Identical tool calls in a row until the turn is stopped.", project="tighten", ge=2, le=100
    )


class ToolConfig(Section):
    """Limits of the tools."""

    output_chars: int = setting(
        12_000,
        "Longest output of a tool that the model is given whole, characters; of more it gets head and tail.",
        project="tighten",
        ge=500,
        le=200_000,
    )
    read_lines: int = setting(1_000, "Lines that read_file gives at most.", project="tighten", ge=10, le=100_000)
    shell_timeout: float = setting(
        120.0, "Seconds that a command may run when the model names no limit.", project="tighten", gt=0, le=86_400
    )
    shell_timeout_max: float = setting(
        1_800.0, "Longest limit that the model may name, seconds.", project="tighten", gt=0, le=86_400
    )


class UiCompletionConfig(Section):
    """Completion while typing in the terminal."""

    menu: bool = setting(True, "Offer slash commands and @files in a menu.", project="any")
    inline: bool = setting(True, "Show the rest of an earlier prompt in grey.", project="any")


class UiConfig(Section):
    """The terminal."""

    color: Literal["auto", "always", "never"] = setting(
        "auto", "Colours. NO_COLOR switches them off too.", project="any"
    )
    thinking: Literal["show", "short", "hide"] = setting(
        "short", "How much of the model's reasoning is shown.", project="any"
    )
    completion: UiCompletionConfig = setting(UiCompletionConfig, "Completion while typing.")


class CompletionConfig(Section):
    """Completion of what is being typed in an editor. A project's file may only switch it off."""

    enabled: bool = setting(
        False, "Whether the model is asked to go on with what is being typed, in all languages.", project="tighten"
    )
    languages: dict[str, bool] = setting(
        dict, "On or off for single languages, by LSP's language id, whatever `enabled` says.", project="tighten"
    )
    model: str | None = setting(None, "The model that completes, as provider/model; unset: the session's.")
    debounce: int = setting(120, "Milliseconds without another key until the model is asked.", ge=0, le=10_000)
    max_tokens: int = setting(128, "Longest completion, tokens.", project="tighten", ge=1, le=4_096)
    timeout: float = setting(10.0, "Seconds until an answer comes too late.", gt=0, le=120)
    max_prefix: int = setting(
        6_000, "Characters before the cursor that are sent at most.", project="tighten", ge=100, le=200_000
    )
    max_suffix: int = setting(
        2_000, "Characters behind the cursor that are sent at most.", project="tighten", ge=0, le=200_000
    )


class EditorConfig(Section):
    """What cass does in an editor."""

    save: Literal["touched", "never"] = setting(
        "touched",
        "touched: a buffer is saved after cass changed it, where the editor can be told to; never: it is left unsaved.",
        project="any",
    )


class InstructionConfig(Section):
    """Files with rules for the model."""

    files: tuple[str, ...] = setting(
        ("CASS.md", "AGENTS.md", "CLAUDE.md"),
        "Names that are looked for in each folder; the first one found there is taken.",
    )
    max_chars: int = setting(40_000, "Most characters of instructions that are sent.", ge=0, le=1_000_000)


class CheckpointConfig(Section):
    """What is kept of files so that `/rewind` can take back what a turn did to them."""

    enabled: bool = setting(True, "Whether files are kept before a command or an edit changes them.")
    max_file_mb: int = setting(
        100, "Biggest file that is kept, MB; of bigger ones only that they changed.", ge=1, le=100_000
    )
    max_total_mb: int = setting(2_000, "Most that is kept of one folder, MB on disk.", ge=1, le=1_000_000)
    max_files: int = setting(
        50_000, "Most files of a folder; in a bigger one only edits are covered, not commands.", ge=1, le=2_000_000
    )


class SessionsConfig(Section):
    """How long sessions are kept. Unset means for ever."""

    keep_days: int | None = setting(
        None, "Days after which a session that was not used any more is removed, once a day.", ge=1, le=100_000
    )
    keep_archived: bool = setting(True, "Keep archived sessions whatever their age.")
    keep_tagged: bool = setting(True, "Keep sessions with a tag whatever their age.")


class LogConfig(Section):
    """The server's log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "warning", "How much is logged. Prompts, answers and keys never are."
    )


class SecretConfig(Section):
    """Masking of secrets before anything is kept, logged or sent to a model. A project may only add patterns."""

    mask: bool = setting(True, "Whether secrets are masked.", project="tighten")
    off: tuple[str, ...] = setting((), "Names of built-in patterns that are not looked for.")
    extra: tuple[str, ...] = setting(
        (),
        "Regular expressions of your own secrets; a group named s is the secret, else all that matches.",
        project="tighten",
    )


class Config(Section):
    """Everything that can be set."""

    model: str | None = setting(None, "The model, as provider/model.")
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = setting(
        None, "Reasoning effort, where the model knows it."
    )
    mode: Literal["plan", "active"] = setting(
        "active", "plan: changes are only proposed; active: they are made.", project="tighten"
    )
    approval: Literal["ask", "edits", "auto"] = setting(
        "ask",
        "What is asked about in active mode: everything that changes something, all but file edits, or nothing.",
        project="tighten",
    )
    default_provider: str | None = setting(None, "Provider of a model name without one.")
    providers: dict[str, ProviderConfig] = setting(dict, "Endpoints.")
    llm: LlmConfig = setting(LlmConfig, "Requests to the model.")
    permissions: PermissionConfig = setting(PermissionConfig, "Permission rules.")
    compaction: CompactionConfig = setting(CompactionConfig, "Long conversations.")
    limits: LimitConfig = setting(LimitConfig, "Limits of turn, session and day.")
    tools: ToolConfig = setting(ToolConfig, "Limits of the tools.")
    secrets: SecretConfig = setting(SecretConfig, "Masking of secrets.")
    instructions: InstructionConfig = setting(InstructionConfig, "Project instructions.")
    completion: CompletionConfig = setting(CompletionConfig, "Inline completion.")
    editor: EditorConfig = setting(EditorConfig, "Editors.")
    checkpoints: CheckpointConfig = setting(CheckpointConfig, "Undo of what turns did to files.")
    ui: UiConfig = setting(UiConfig, "The terminal.")
    sessions: SessionsConfig = setting(SessionsConfig, "Stored sessions.")
    log: LogConfig = setting(LogConfig, "The log.")

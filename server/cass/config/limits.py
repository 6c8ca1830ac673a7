"""What may be used up, kept and done unasked."""

from __future__ import annotations

from cass.config.setting import Section, setting


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


class SecretConfig(Section):
    """Masking of secrets before anything is kept, logged or sent to a model. A project may only add patterns."""

    mask: bool = setting(True, "Whether secrets are masked.", project="tighten")
    off: tuple[str, ...] = setting((), "Names of built-in patterns that are not looked for.")
    extra: tuple[str, ...] = setting(
        (),
        "Regular expressions of your own secrets; a group named s is the secret, else all that matches.",
        project="tighten",
    )

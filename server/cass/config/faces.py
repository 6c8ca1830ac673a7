"""Terminal, editors, completion, the log."""

from __future__ import annotations

from typing import Literal

from cass.config.setting import Section, setting


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


class LogConfig(Section):
    """The server's log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "warning", "How much is logged. Prompts, answers and keys never are."
    )

"""cass's mode and approval as ACP's modes, and cass's options as ACP's.

ACP clients know one list of modes. cass has two switches: whether changes are made at all, and what is asked before.
As a mode they are one list: `plan`, and in active mode the three ways to approve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cass.acp.words import Choice, Mode, Modes, Option
from cass.errors import ProtocolError
from cass.protocol.events import ConfigOption

_MODES = (
    Mode(id="plan", name="Plan", description="Changes are kept as proposals; nothing is written."),
    Mode(id="ask", name="Ask", description="Everything that changes something is asked about."),
    Mode(
        id="edits", name="Accept edits", description="Files are changed without asking; commands are asked about."
    ),
    Mode(id="auto", name="Auto", description="Nothing is asked."),
)

_UNSET = "default"
"""ACP's values have a name; cass's empty value is called so."""


def modes(values: Sequence[ConfigOption]) -> Modes:
    """The modes, with the present one."""
    return Modes(current_mode_id=current(values), available_modes=_MODES)


def current(values: Sequence[ConfigOption]) -> str:
    """The present mode."""
    now = {option.id: option.current_value for option in values}
    return "plan" if now.get("mode") == "plan" else now.get("approval", "ask")


def settings_of(mode_id: str) -> Mapping[str, str]:
    """The options that make a mode. ProtocolError `invalid_value` for a mode that does not exist."""
    if mode_id not in {mode.id for mode in _MODES}:
        known = ", ".join(mode.id for mode in _MODES)
        raise ProtocolError(f"there is no mode {mode_id!r}", hint=f"The modes are {known}.", kind="invalid_value")
    return {"mode": "plan"} if mode_id == "plan" else {"approval": mode_id, "mode": "active"}


def options(values: Sequence[ConfigOption], models: Sequence[str]) -> tuple[Option, ...]:
    """The options with all their values; `models` are those that may be chosen."""
    return tuple(_option(option, models) for option in values)


def value_of(config_id: str, value: str) -> str:
    """cass's word for a value that a client chose."""
    return "" if config_id != "model" and value == _UNSET else value


def _option(option: ConfigOption, models: Sequence[str]) -> Option:
    now = option.current_value or _UNSET
    choices = [
        Choice(value=choice.value or _UNSET, name=choice.name, description=choice.description)
        for choice in option.options
    ]
    if option.id == "model":
        choices = [Choice(value=name, name=name) for name in dict.fromkeys([now, *models])]
    return Option(
        id=option.id,
        name=option.name,
        category=f"_{option.category}" if option.category == "approval" else option.category,
        description=option.description,
        current_value=now,
        options=tuple(choices),
    )

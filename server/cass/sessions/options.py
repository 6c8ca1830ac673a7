"""The options of a session that the user may switch: mode, approval, model, effort."""

from __future__ import annotations

from collections.abc import Mapping

from cass.config import Config
from cass.errors import ProtocolError
from cass.protocol.events import ConfigOption, ConfigOptionValue

_CHOICES: dict[str, tuple[str, str, str, tuple[tuple[str, str], ...]]] = {
    "mode": (
        "Mode",
        "mode",
        "Whether changes are made or only proposed.",
        (("plan", "Changes are kept as proposals"), ("active", "Changes are made")),
    ),
    "approval": (
        "Approval",
        "approval",
        "What is asked about in active mode.",
        (
            ("ask", "Everything that changes something"),
            ("edits", "All but file edits"),
            ("auto", "Nothing"),
        ),
    ),
    "effort": (
        "Effort",
        "thought_level",
        "How much the model thinks, where it knows that.",
        tuple((v, v or "default") for v in ("", "none", "minimal", "low", "medium", "high", "xhigh")),
    ),
}


class Options:
    """The values of one session: its settings', and what was switched since."""

    def __init__(self, config: Config, switched: Mapping[str, str]) -> None:
        self._values = {**_configured(config), **switched}

    def __getitem__(self, id: str) -> str:
        return self._values[id]

    def listed(self) -> tuple[ConfigOption, ...]:
        """All of them, as clients see them."""
        return listed(self._values)

    def switch(self, id: str, value: str) -> bool:
        """Take this value; whether it is another one than before."""
        changed = self._values.get(id) != value
        self._values[id] = value
        return changed

    def outdated(self, before: Config, now: Config) -> dict[str, str]:
        """The model and the effort that the settings name by now, where the user has not switched them."""
        old, new = _configured(before), _configured(now)
        return {id: new[id] for id in ("model", "effort") if new[id] and self._values[id] == old[id]}


def _configured(config: Config) -> dict[str, str]:
    return {
        "mode": config.mode,
        "approval": config.approval,
        "model": config.model or "",
        "effort": config.effort or "",
    }


def listed(values: Mapping[str, str]) -> tuple[ConfigOption, ...]:
    """All options with these values, as clients see them."""
    options = [
        ConfigOption(
            id=id,
            name=name,
            category=category,
            description=description,
            current_value=values.get(id, ""),
            options=tuple(ConfigOptionValue(value=v, name=v or "default", description=d) for v, d in choices),
        )
        for id, (name, category, description, choices) in _CHOICES.items()
    ]
    model = ConfigOption(
        id="model",
        name="Model",
        category="model",
        description="The model, as provider/model.",
        current_value=values.get("model", ""),
    )
    return (*options[:2], model, *options[2:])


def check(id: str, value: str) -> None:
    """ProtocolError `invalid_value` for an option or a value that does not exist."""
    if id == "model":
        if not value.strip():
            raise ProtocolError("a model is named as provider/model", kind="invalid_value")
        return
    if id not in _CHOICES:
        known = ", ".join([*_CHOICES, "model"])
        raise ProtocolError(f"there is no option {id!r}", hint=f"The options are {known}.", kind="invalid_value")
    allowed = [v for v, _ in _CHOICES[id][3]]
    if value not in allowed:
        shown = ", ".join(v for v in allowed if v)
        raise ProtocolError(f"{id} cannot be {value!r}", hint=f"It is one of: {shown}.", kind="invalid_value")

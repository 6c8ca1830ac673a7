"""What the bottom line tells: model, mode, how full the window is, what it has cost; and whether a turn runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from cass_cli.escape import escape_line
from cass_cli.fields import Json, get_int, get_list, get_number, get_object, get_text
from cass_cli.mcpview import Resources
from cass_cli.reminderview import ReminderView

CYCLE = (("plan", ""), ("active", "ask"), ("active", "edits"), ("active", "auto"))

MODEL_COLUMNS = 24


@dataclass
class Status:
    """The state of one session as its updates tell it."""

    session_id: str = ""
    running: bool = False
    turn_id: str = ""
    used: int = 0
    size: int = 0
    estimated: bool = True
    cost: float | None = None
    config: dict[str, str] = field(default_factory=dict[str, str])
    commands: dict[str, str] = field(default_factory=dict[str, str])
    parameters: dict[str, list[Json]] = field(default_factory=dict[str, "list[Json]"])
    resources: Resources = field(default_factory=Resources)
    reminders: ReminderView = field(default_factory=ReminderView)

    def take_config(self, options: list[Json]) -> None:
        """The session's config options, all of them."""
        self.config = {get_text(option, "id"): get_text(option, "currentValue") for option in options}

    def take_commands(self, commands: list[Json]) -> None:
        """The slash commands that the server knows."""
        self.commands = {
            get_text(command, "name").lstrip("/"): get_text(command, "description") for command in commands
        }
        self.parameters = {
            get_text(command, "name").lstrip("/"): get_list(command, "parameters") for command in commands
        }

    def update(self, update: Json) -> None:
        """Take in one update."""
        self.resources.heard(update)
        kind = get_text(update, "sessionUpdate")
        if kind == "state_update":
            self.running = get_text(update, "state") != "idle"
            self.turn_id = get_text(update, "turnId") if self.running else ""
        elif kind == "usage_update":
            self.used, self.size = get_int(update, "used"), get_int(update, "size")
            self.estimated = update.get("estimated") is not False
            cost = get_number(get_object(update, "total"), "cost")
            self.cost = self.cost if cost is None else cost
        elif kind == "config_option_update":
            self.take_config(get_list(update, "configOptions"))
        elif kind == "_reminder_update":
            self.reminders.take(update)
        elif kind == "available_commands_update":
            self.take_commands(get_list(update, "commands"))

    def mode(self) -> str:
        """One word: `plan`, or how much is asked about."""
        return "plan" if self.config.get("mode") == "plan" else self.config.get("approval", "ask")

    def next_mode(self) -> tuple[str, str]:
        """Mode and approval that come after the present ones."""
        at = next((n for n, (mode, approval) in enumerate(CYCLE) if (approval or mode) == self.mode()), 0)
        return CYCLE[(at + 1) % len(CYCLE)]

    def toolbar(self, width: int) -> str:
        """One line of at most `width` columns; what matters least is left out first."""
        model = escape_line(self.config.get("model", "")) or "no model"
        room = max(MODEL_COLUMNS, width // 2 - len(self.mode()))
        parts = [self.mode(), model if len(model) <= room else "..." + model[3 - room :]]
        if self.used or self.size:
            used = f"{'~' if self.estimated else ''}{thousands(self.used)}"
            parts.append(f"{used}/{thousands(self.size)} tokens" if self.size else f"{used} tokens")
        if self.cost is not None:
            parts.append(f"${self.cost:.4f}" if self.cost < 1 else f"${self.cost:.2f}")
        if self.running:
            parts.append("Ctrl-C cancels")
        elif following := self.reminders.following():
            parts.append(following)
        while len(parts) > 1 and len(" | ".join(parts)) + 2 > width:
            parts.pop()
        return f" {' | '.join(parts)}"[: max(1, width - 1)]


def thousands(count: int) -> str:
    """A number of tokens, short."""
    if count < 1_000:
        return str(count)
    return f"{count / 1_000:.1f}k" if count < 100_000 else f"{count // 1_000}k"

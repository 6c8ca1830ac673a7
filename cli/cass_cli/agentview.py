"""Sub-agents as the user sees them: a line when one begins, a line when it ends, and one each while they work."""

from __future__ import annotations

from cass_cli.escape import escape_line
from cass_cli.fields import Json, get_bool, get_int, get_number, get_object, get_text
from cass_cli.paint import Paint

_COLUMNS = 100
_SHOWN = 8
_WORDS = {"waiting": "waits for a free place", "requires_action": "waits for your answer"}


class AgentView:
    """Those that work, and lines about those that begin and end."""

    def __init__(self, paint: Paint) -> None:
        self._paint = paint
        self._working: dict[str, Json] = {}

    def line(self, update: Json) -> str:
        """What is to be said, styled; empty for nothing."""
        agent_id, state = get_text(update, "agentId"), get_text(update, "state")
        known = self._working.pop(agent_id, None)
        if state in ("waiting", "running", "requires_action"):
            self._working[agent_id] = update
            begins = state == "running" and (known is None or get_text(known, "state") == "waiting")
            behind = self._paint.dim(" (in the background)") if get_bool(update, "isBackground", False) else ""
            return (
                f"{self._paint.cyan(self._paint.symbol('▸', '>'))} {self._head(update)}{behind}" if begins else ""
            )
        return plain(update, self._paint)

    def live(self) -> list[str]:
        """What is under way, a line each, a few at most."""
        lines = [self._live(update) for update in list(self._working.values())[:_SHOWN]]
        more = len(self._working) - _SHOWN
        return [*lines, *([self._paint.dim(f"and {more} more")] if more > 0 else [])]

    def end_turn(self) -> None:
        """Only those in the background work on."""
        self._working = {i: u for i, u in self._working.items() if get_bool(u, "isBackground", False)}

    def _live(self, update: Json) -> str:
        state = get_text(update, "state")
        doing = _WORDS.get(state) or escape_line(get_text(update, "activity")) or "begins"
        return self._paint.dim(f"{_name(update)}: {_cut(doing)}{used(update)}")

    def _head(self, update: Json) -> str:
        return f"{self._paint.bold(_name(update))} {self._paint.dim(_cut(escape_line(get_text(update, 'task'))))}"


def plain(update: Json, paint: Paint) -> str:
    """How one ended."""
    state = get_text(update, "state")
    sign = {
        "done": paint.green(paint.symbol("✓", "done:")),
        "failed": paint.red(paint.symbol("✗", "failed:")),
        "cancelled": paint.yellow(paint.symbol("■", "stopped:")),
    }.get(state, "")
    if not sign:
        return ""
    first = next((line for line in get_text(update, "text").strip().split("\n") if line.strip()), "")
    said = f": {_cut(escape_line(first))}" if first else ""
    return f"{sign} {paint.bold(_name(update))}{paint.dim(used(update) + said)}"


def used(update: Json) -> str:
    """Tokens and dollars so far, in brackets; empty for nothing."""
    usage = get_object(update, "usage")
    tokens, cost = get_int(usage, "input") + get_int(usage, "output"), get_number(usage, "cost")
    if not tokens:
        return ""
    return f" ({tokens:,} tokens{f', ${cost:.4f}' if cost is not None else ''})"


def _name(update: Json) -> str:
    above = escape_line(get_text(update, "worksFor"))
    name = escape_line(get_text(update, "name"))
    return f"{above}/{name}" if above else name


def _cut(text: str) -> str:
    return text if len(text) <= _COLUMNS else text[:_COLUMNS] + "..."

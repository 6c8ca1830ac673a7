"""What was learned of servers, kept for the next time: what they offer, and what of it was agreed to."""

from __future__ import annotations

import contextlib
import difflib
import logging
import time
from pathlib import Path

from pydantic import Field, ValidationError

from cass import plainfile, private
from cass.mcp.facts import Facts, ToolFact
from cass.protocol.wire import Wire

_MOST_BYTES = 8_000_000
_MOST_FILES = 200
_KEPT_SECONDS = 180 * 86_400

log = logging.getLogger(__name__)


class Agreed(Wire):
    """What a tool's words were when they were agreed to: their hash, and themselves, to show what changed."""

    pin: str
    words: str


class Kept(Wire):
    """One server, by the key of its definition."""

    facts: Facts | None = None
    agreed: dict[str, Agreed] = Field(default_factory=dict)

    def learned(self, facts: Facts) -> Kept:
        """With what was listed now. The words of a tool that is new are agreed to; those of a known one stay as they were
        agreed to, also when it was gone meanwhile."""
        new = {t.name: Agreed(pin=t.pin, words=t.words) for t in facts.tools if t.name not in self.agreed}
        return Kept(facts=facts, agreed={**self.agreed, **new})

    def accepted(self) -> Kept:
        """With all that is listed now agreed to."""
        now = {t.name: Agreed(pin=t.pin, words=t.words) for t in (self.facts.tools if self.facts else ())}
        return Kept(facts=self.facts, agreed={**self.agreed, **now})

    @property
    def offered(self) -> tuple[ToolFact, ...]:
        """The tools whose words are those that were agreed to."""
        return tuple(t for t in (self.facts.tools if self.facts else ()) if self._is_agreed(t))

    @property
    def changed(self) -> tuple[ToolFact, ...]:
        """The tools whose words are others."""
        return tuple(t for t in (self.facts.tools if self.facts else ()) if not self._is_agreed(t))

    def difference(self, tool: ToolFact) -> str:
        """What changed in a tool's words, as a diff."""
        before = self.agreed[tool.name].words.splitlines() if tool.name in self.agreed else []
        lines = difflib.unified_diff(before, tool.words.splitlines(), "agreed", "now", lineterm="", n=1)
        return "\n".join(line.replace("\\n", "\n    ") for line in lines)

    def _is_agreed(self, tool: ToolFact) -> bool:
        known = self.agreed.get(tool.name)
        return known is not None and known.pin == tool.pin


class Catalog:
    """A small file for each server that was ever reached, for the owner alone. Losing it loses nothing but time, and what
    was agreed to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> Kept:
        """What is known; nothing for what was never seen, and for what cannot be read."""
        try:
            return Kept.model_validate_json(plainfile.read(self._folder / f"{key}.json", _MOST_BYTES))
        except FileNotFoundError:
            return Kept()
        except (OSError, ValidationError, ValueError) as error:
            log.warning("what was known of an MCP server cannot be read and is learned anew: %s", error)
            return Kept()

    def write(self, key: str, kept: Kept) -> None:
        """Keep it. What cannot be kept is learned again the next time."""
        try:
            private.write(self._folder / f"{key}.json", kept.model_dump_json(by_alias=True).encode())
            self._clear()
        except (OSError, ValueError) as error:
            log.warning("what was learned of an MCP server cannot be kept: %s", error)

    def _clear(self) -> None:
        files = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        old = time.time() - _KEPT_SECONDS
        for file in [f for n, f in enumerate(files) if n >= _MOST_FILES or f.stat().st_mtime < old]:
            with contextlib.suppress(OSError):
                file.unlink()

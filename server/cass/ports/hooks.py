"""The seam to hooks: programs of the user that are told what happens, and may object."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from cass.config import HookEvent
from cass.protocol.wire import JsonObject

__all__ = ["HookAnswer", "HookEvent", "Hooks"]


@dataclass(frozen=True)
class HookAnswer:
    """What all hooks of one event came to. `blocked` is the reason why it must not go on; `decision` answers for the user
    (never wider than a rule that denies); `arguments` replace a call's; `context` is told to the model; `stop` ends the
    turn with this reason."""

    blocked: str | None = None
    decision: Literal["allow", "ask", "deny"] | None = None
    arguments: JsonObject | None = None
    context: tuple[str, ...] = ()
    stop: str | None = None


class Hooks(Protocol):
    """The hooks of one session."""

    def has(self, event: HookEvent) -> bool:
        """Whether any hook listens; cheap, so that nothing is gathered for nobody."""
        ...

    async def fire(self, event: HookEvent, data: JsonObject, *, call_id: str | None = None) -> HookAnswer:
        """Run the hooks that match, in order, each within its limit, and tell the session what they did. `data` is what
        the event adds to the common fields of the contract. Never raises but CancelledError."""
        ...

    def also(
        self, rules: Mapping[str, object], origin: str, project_file: Path | None = None
    ) -> AbstractContextManager[None]:
        """These hooks listen, too, for a while: those of a command's front matter, in the same shape as in a settings
        file. ConfigError, which names `origin`, for what is wrong in them. Where a file of the project says them, they
        run only while it, and the scripts that they name, are as the user trusted them."""
        ...

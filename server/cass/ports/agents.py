"""The seam to sub-agents: sessions that work for the model's own, each with a conversation of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cass.ports.files import FileEdit
from cass.ports.tool import Outcome
from cass.protocol.messages import Usage

ABILITY = "agents"
"""What a tool needs that works with sub-agents. Calls of such tools run beside each other: each has its own end."""


@dataclass(frozen=True)
class Order:
    """What a sub-agent is to do. `task` is a short title, `prompt` all that it is told. An empty `profile` stands for
    one that may what the session may; `model` is a name of a model, empty for the profile's. `apart`: it works on a
    copy of the files, and what it changes there is offered."""

    task: str
    prompt: str
    profile: str = ""
    model: str = ""
    background: bool = False
    apart: bool = False


class Agents(Protocol):
    """The sub-agents of one session, as one call of a tool may use them."""

    async def check(self, order: Order) -> str:
        """The profile that the order is for. ToolError for an order that cannot be followed, with the reason."""
        ...

    async def run(self, order: Order) -> Outcome:
        """Have it done, and wait for what comes of it; of one in the background at once how it is called. It waits for
        its turn where too many work already. Cancelling ends it. ToolError where it cannot begin."""
        ...

    async def result(self, name: str, wait: float) -> Outcome:
        """What a sub-agent has come to; of one that still works, after so many seconds at most, how far it is.
        ToolError for one that there is not."""
        ...

    async def tell(self, name: str, words: str) -> Outcome:
        """Tell it something before its next request. ToolError for one that does not work."""
        ...

    async def stop(self, name: str) -> Outcome:
        """End it, and wait for that."""
        ...

    async def changes(self, offer: str) -> tuple[FileEdit, ...]:
        """The edits of an offer that waits: what a sub-agent did to its copy of the files. ToolError for none."""
        ...


class AgentDesk(Protocol):
    """The same as the session has it."""

    def of(self, turn_id: str, call_id: str) -> Agents:
        """As one call may use them."""
        ...

    def spent(self, turn_id: str) -> Usage:
        """What those that were begun in a turn have used so far, those that work for them included."""
        ...

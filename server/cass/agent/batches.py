"""The calls of one answer: those that only read, and sub-agents, run together, the others in the model's order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cass.agent.gate import Gate
from cass.ports.agents import ABILITY
from cass.protocol.messages import ToolCall


async def run(gate: Gate, calls: Sequence[ToolCall], turn_id: str) -> None:
    """Run them all; one that may change something, after all before it."""
    together: list[ToolCall] = []
    for call in calls:
        if gate.reads_only(call) or _is_agents(gate, call):
            together.append(call)
            continue
        await _together(gate, together, turn_id)
        together = []
        await gate.call(call, turn_id)
    await _together(gate, together, turn_id)


def _is_agents(gate: Gate, call: ToolCall) -> bool:
    tool = gate.tools.get(call.name)
    return tool is not None and tool.needs == ABILITY


async def _together(gate: Gate, calls: Sequence[ToolCall], turn_id: str) -> None:
    if len(calls) == 1:
        await gate.call(calls[0], turn_id)
    elif calls:
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(gate.call(call, turn_id))

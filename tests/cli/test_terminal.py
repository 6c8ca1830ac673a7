"""A question has the terminal for itself."""

from __future__ import annotations

import asyncio

from cass_cli.paint import Paint
from cass_cli.terminal import Terminal


async def test_no_prompt_comes_up_while_a_question_is_open() -> None:
    terminal = Terminal(Paint(color=False))
    happened: list[str] = []

    async def prompt() -> None:
        await terminal.quiet()
        happened.append("prompt")

    async with terminal.question():
        waiting = asyncio.ensure_future(prompt())
        for _ in range(10):
            await asyncio.sleep(0)
        happened.append("answered")
    await waiting
    assert happened == ["answered", "prompt"]

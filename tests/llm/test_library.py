"""The client library is loaded once, beside other work, however many ask for it at the same time."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import asyncio, gc, sys
from cass.llm.library import load_library

async def whole():
    await load_library()
    assert hasattr(sys.modules["openai"], "AsyncOpenAI"), "it is only half there"

async def second():
    while "openai" not in sys.modules:  # the first import is under way
        await asyncio.sleep(0)
    assert not hasattr(sys.modules["openai"], "AsyncOpenAI"), "this tests nothing"
    await whole()

async def main():
    await asyncio.gather(whole(), second())
    assert gc.isenabled()

asyncio.run(main())
"""


def test_who_asks_while_it_is_being_loaded_gets_all_of_it() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr

"""Tools that run, plan and ask; and that all tools together are cheap to describe."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import pkgutil
import re
from typing import Any

import pytest
from pydantic import ValidationError

import cass.tools
from cass.protocol.events import PlanUpdate


async def test_shell_says_how_a_command_ended(bench: Any) -> None:
    action = await bench.prepare("shell", command=" echo hi\necho ho")
    assert (action.title, action.command, action.cwd) == ("echo hi", " echo hi\necho ho", bench.cwd)
    assert (action.changes, action.kind) == (True, "execute")
    assert await bench.call("shell", command="pwd") == str(bench.cwd)
    assert bench.shown == [f"{bench.cwd}\n"]
    assert await bench.call("shell", command="true") == "[no output]"
    failed = await bench.outcome("shell", command="echo no; exit 7")
    assert failed.content[0].text == "no\n[exit code 7]"
    assert (failed.is_error, failed.exit_code) == (True, 7)
    slow = await bench.outcome("shell", command="echo begun; sleep 60", timeout=0.3)
    assert slow.content[0].text.startswith("begun\n[stopped: it ran longer than 0.3 s.")
    assert slow.is_error
    assert "empty" in await bench.error("shell", command="  ")


async def test_much_output_costs_few_tokens_and_can_be_read_on(bench: Any) -> None:
    text = await bench.call("shell", command="seq 1 800000")
    assert len(text) / 4 < 2_000
    spill = next(bench.settings.spill_dir.iterdir())
    assert f"all of it is in {spill}" in text
    assert await bench.call("read_file", path=str(spill), offset=400_000, limit=1) == (
        "[lines 400000-400000 of 800000; go on with offset 400001]\n400000\n"
    )


async def test_background_jobs(bench: Any) -> None:
    os.mkfifo(bench.cwd / "gate")
    started = await bench.call("shell", command="echo up; cat gate; exit 3", background=True)
    assert started == "Started as job 1. Use shell_job to read its output or to kill it."
    assert re.fullmatch(r"up\n\[running for \d+ s\]", await bench.call("shell_job", job=1, wait=5))
    assert re.fullmatch(r"\[running for \d+ s\]", await bench.call("shell_job", job="1"))
    await asyncio.to_thread((bench.cwd / "gate").write_text, "x\n")
    text = ""
    while "exit code" not in text:
        text += await bench.call("shell_job", job="1", wait=5)
    assert text.startswith("x\n")
    assert text.endswith("[ended with exit code 3]")
    await bench.call("shell", command="sleep 60", background=True)
    assert await bench.call("shell_job", job="2", action="kill") == "[killed]"
    assert (await bench.prepare("shell_job", job="2", action="kill")).title == "Kill job 2"
    assert "There is no background job '9'" in await bench.error("shell_job", job="9")


async def test_todos_replace_the_plan(bench: Any) -> None:
    entries = [{"content": "first", "status": "completed"}, {"content": "second"}]
    outcome = await bench.outcome("todos", entries=entries)
    (event,) = outcome.events
    assert isinstance(event, PlanUpdate)
    assert [(e.content, e.status) for e in event.entries] == [("first", "completed"), ("second", "pending")]
    assert outcome.content[0].text == "2 to-dos, 1 completed."
    assert await bench.call("todos", entries=[]) == "The list is empty now."
    with pytest.raises(ValidationError):
        await bench.prepare("todos", entries=[{"content": ""}])


async def test_the_user_is_asked_or_the_model_decides(bench: Any) -> None:
    arguments = {"question": "Which one?\nSay it.", "options": ["a", "b"]}
    assert (await bench.prepare("ask_user", **arguments)).title == "Which one?"
    assert (await bench.call("ask_user", **arguments)).startswith("Nobody can answer now. Decide yourself")
    bench.answer = lambda question: question.options[1]
    assert await bench.call("ask_user", **arguments) == "The user answers: b"
    assert bench.questions[1].text == "Which one?\nSay it."


def untitled(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: untitled(value) for key, value in schema.items() if key != "title"}
    return [untitled(value) for value in schema] if isinstance(schema, list) else schema


def test_all_tools_together_are_cheap_to_describe() -> None:
    names = [info.name for info in pkgutil.iter_modules(cass.tools.__path__) if not info.name.startswith("_")]
    modules = [importlib.import_module(f"cass.tools.{name}") for name in names]
    assert [module.name for module in modules] == names
    specs = {
        m: {"name": m.name, "description": m.__doc__.strip(), "parameters": untitled(m.Params.model_json_schema())}
        for m in modules
    }
    everywhere = [spec for module, spec in specs.items() if getattr(module, "needs", "todos") == "todos"]
    assert len(json.dumps(everywhere, separators=(",", ":"), ensure_ascii=False)) / 4 <= 1_300
    of_the_web = [s for m, s in specs.items() if getattr(m, "needs", "") == "web"]
    assert len(json.dumps(of_the_web, separators=(",", ":"), ensure_ascii=False)) / 4 <= 140
    of_servers = [s for m, s in specs.items() if getattr(m, "needs", "") in ("mcp", "mcp_resources")]
    assert len(json.dumps(of_servers, separators=(",", ":"), ensure_ascii=False)) / 4 <= 160
    at_times = (
        *("results", "todos", "skills", "web", "commit", "findings", "mcp", "mcp_resources"),
        *("agents", "agent_changes"),
    )
    in_an_editor = [s for m, s in specs.items() if getattr(m, "needs", "results") not in at_times]
    assert len(json.dumps(in_an_editor, separators=(",", ":"), ensure_ascii=False)) / 4 <= 400
    of_sub_agents = [s for m, s in specs.items() if getattr(m, "needs", "") == "agents"]
    assert len(json.dumps(of_sub_agents, separators=(",", ":"), ensure_ascii=False)) / 4 <= 330
    once_something_is_left_out = [s for m, s in specs.items() if getattr(m, "needs", "") == "results"]
    assert len(json.dumps(once_something_is_left_out, separators=(",", ":"), ensure_ascii=False)) / 4 <= 90
    assert not any("$ref" in json.dumps(spec) for spec in specs.values())

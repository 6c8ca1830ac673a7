"""Other programs' logs become whole conversations; what is written for reading shows hostile text as text."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass import registry
from cass.ports.exchange import Coming, Format, Going
from cass.protocol.events import AgentMessage, DiffContent, Event, Notice, StateUpdate, ToolCallUpdate, UserMessage
from cass.protocol.keeping import ImportParams
from cass.protocol.messages import Image, Message, Text, Thinking, ToolCall, ToolResult
from cass.sessions import exchanging
from cass.sessions.state import Folded
from support.house import House, RecordingClient

FORMATS: Mapping[str, Format] = {module.FORMAT.name: module.FORMAT for module in registry.find("exchange")}

CLAUDE = [
    {"type": "file-history-snapshot", "messageId": "x", "snapshot": {}},
    {"type": "user", "isSidechain": False, "cwd": "/w/p", "timestamp": "2026-03-01T22:38:47.557Z", "message": {"role": "user", "content": "list the files"}},
    {"type": "user", "isSidechain": False, "isMeta": True, "message": {"role": "user", "content": "<local-command-caveat>"}},
    {"type": "assistant", "isSidechain": False, "message": {"id": "m1", "model": "opus", "role": "assistant", "content": [{"type": "thinking", "thinking": "hmm", "signature": "s"}]}},
    {"type": "assistant", "isSidechain": False, "message": {"id": "m1", "role": "assistant", "content": [{"type": "text", "text": "Looking."}]}},
    {"type": "assistant", "isSidechain": False, "message": {"id": "m1", "role": "assistant", "content": [{"type": "tool_use", "id": "tu1", "name": "Bash", "input": {"command": "ls"}}]}},
    {"type": "assistant", "isSidechain": False, "message": {"id": "m1", "role": "assistant", "content": [{"type": "tool_use", "id": "tu2", "name": "Read", "input": {"file_path": "a"}}]}},
    {"type": "assistant", "isSidechain": True, "message": {"role": "assistant", "content": [{"type": "text", "text": "a sub-agent"}]}},
    {"type": "user", "isSidechain": False, "message": {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "tu2", "is_error": True, "content": [{"type": "text", "text": "no such file"}]}]}},
    {"type": "user", "isSidechain": False, "message": {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "tu1", "content": "a.py"}]}},
    {"type": "assistant", "isSidechain": False, "message": {"id": "m2", "role": "assistant", "content": [{"type": "tool_use", "id": "tu3", "name": "Bash", "input": {"command": "rm"}}]}},
    {"type": "user", "isSidechain": False, "message": {"role": "user", "content": [{"type": "text", "text": "[Request interrupted by user]"}]}},
    {"type": "user", "isSidechain": False, "message": {"role": "user", "content": [{"type": "text", "text": "stop that"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}]}},
    {"type": "user", "isSidechain": False, "isCompactSummary": True, "message": {"role": "user", "content": "This session is being continued"}},
    {"type": "summary", "summary": "Listing files", "leafUuid": "x"},
]  # fmt: skip

CODEX = [
    {"timestamp": "2026-04-15T09:31:00.000Z", "type": "session_meta", "payload": {"id": "i", "timestamp": "2026-04-15T09:30:59.000Z", "cwd": "/w/p", "base_instructions": {"text": "x"}}},
    {"type": "turn_context", "payload": {"cwd": "/w/p", "model": "gpt-5"}},
    {"type": "response_item", "payload": {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "rules"}]}},
    {"type": "response_item", "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<environment_context>…"}]}},
    {"type": "response_item", "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "run the tests"}]}},
    {"type": "event_msg", "payload": {"type": "user_message", "message": "run the tests"}},
    {"type": "response_item", "payload": {"type": "reasoning", "summary": [{"type": "summary_text", "text": "plan"}], "encrypted_content": "x"}},
    {"type": "response_item", "payload": {"type": "function_call", "name": "exec_command", "arguments": "{\"cmd\":\"pytest\"}", "call_id": "c1"}},
    {"type": "response_item", "payload": {"type": "custom_tool_call", "status": "completed", "call_id": "c2", "name": "apply_patch", "input": "*** Begin Patch"}},
    {"type": "response_item", "payload": {"type": "function_call_output", "call_id": "c1", "output": "{\"output\":\"1 failed\",\"metadata\":{\"exit_code\":1}}"}},
    {"type": "response_item", "payload": {"type": "custom_tool_call_output", "call_id": "c2", "output": "Success"}},
    {"type": "response_item", "payload": {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "One fails."}]}},
    {"type": "response_item", "payload": {"type": "function_call_output", "call_id": "never", "output": "x"}},
]  # fmt: skip

AIDER = """
# aider chat started at 2025-12-24 16:45:52

> Aider v0.86
> Git repo: .git

#### add a test
#### for the parser

I will add it.

```python
assert True
```

> Applied edit to test_a.py

#### /exit

# aider chat started at 2025-12-25 10:00:00

> nothing was said

# aider chat started at 2025-12-26 10:00:00

#### thanks

You are welcome.
"""


def _lines(path: Path, entries: list[dict[str, object]], *damage: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in [*map(json.dumps, entries), *damage]), "utf-8")
    return path


def _read(name: str, path: Path) -> list[Coming]:
    form = FORMATS[name]
    assert form.read and form.detect
    assert form.detect(path.read_text("utf-8", "replace")[:65_536])
    return list(form.read(path))


def _history(coming: Coming) -> list[Message]:
    state = Folded()
    for event in coming.events:
        state.fold(event)
    assert not state.open_calls and state.state == "idle"
    return state.messages


def _shape(messages: list[Message]) -> list[str]:
    """The conversation in a word an entry."""
    shown: list[str] = []
    for message in messages:
        for block in message.content:
            match block:
                case Text():
                    shown.append(f"{message.role}: {block.text}")
                case ToolCall():
                    shown.append(f"call {block.id} {block.name} {json.dumps(block.arguments)}")
                case ToolResult():
                    shown.append(f"{'error' if block.is_error else 'result'} {block.call_id}: {block.text}")
                case _:
                    shown.append(block.type)
    return shown


def test_claude_code_s_log(tmp_path: Path) -> None:
    (coming,) = _read("claude", _lines(tmp_path / "log.jsonl", CLAUDE, '{"type": "user", "mess', "[]"))
    assert (coming.cwd, coming.created_at, coming.title) == ("/w/p", "2026-03-01T22:38:47.557Z", "Listing files")
    assert coming.left_out == 1
    assert _shape(_history(coming)) == [
        "user: list the files", "thinking", "assistant: Looking.", 'call tu1 Bash {"command": "ls"}',
        'call tu2 Read {"file_path": "a"}', "error tu2: no such file", "result tu1: a.py",
        'call tu3 Bash {"command": "rm"}', "error tu3: The log holds no answer to this call.",
        "user: stop that", "image",
    ]  # fmt: skip


def test_codex_s_log(tmp_path: Path) -> None:
    (coming,) = _read("codex", _lines(tmp_path / "rollout.jsonl", CODEX, "{"))
    assert (coming.cwd, coming.left_out) == ("/w/p", 2)
    assert _shape(_history(coming)) == [
        "user: run the tests", "thinking", 'call c1 exec_command {"cmd": "pytest"}',
        'call c2 apply_patch {"input": "*** Begin Patch"}', "error c1: 1 failed", "result c2: Success",
        "assistant: One fails.",
    ]  # fmt: skip


def test_an_older_codex_log_without_envelopes(tmp_path: Path) -> None:
    bare = [entry["payload"] for entry in CODEX if entry["type"] == "response_item"]
    (coming,) = _read(
        "codex", _lines(tmp_path / "old.jsonl", [{"id": "i", "timestamp": "2025-07-01T00:00:00Z"}, *bare])
    )  # type: ignore[list-item]
    assert coming.created_at == "2025-07-01T00:00:00Z"
    assert _shape(_history(coming))[0] == "user: run the tests"


def test_aider_s_history_is_a_session_a_chat(tmp_path: Path) -> None:
    path = tmp_path / ".aider.chat.history.md"
    path.write_text(AIDER)
    first, second = _read("aider", path)
    assert _shape(_history(first)) == [
        "user: add a test\nfor the parser",
        "assistant: I will add it.\n\n```python\nassert True\n```",
        "user: /exit",
    ]
    assert _shape(_history(second)) == ["user: thanks", "assistant: You are welcome."]
    assert first.created_at < second.created_at


@pytest.mark.parametrize("name", ["claude", "codex"])
@given(cut=st.integers(0, 3_000), noise=st.binary(max_size=40))
def test_a_damaged_log_is_still_a_whole_conversation(
    tmp_path_factory: pytest.TempPathFactory, name: str, cut: int, noise: bytes
) -> None:
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    data = _lines(path, CLAUDE if name == "claude" else CODEX).read_bytes()  # type: ignore[arg-type]
    path.write_bytes(data[:cut] + noise + data[cut + 20 :])
    form = FORMATS[name]
    assert form.read
    for coming in form.read(path):
        _history(coming)


async def test_a_program_s_logs_about_a_folder_come_in_once(tmp_path: Path) -> None:
    house, home = House(tmp_path), tmp_path / "user"
    logs = home / ".claude" / "projects" / re.sub(r"[^A-Za-z0-9]", "-", str(house.project))
    day = home / ".codex" / "sessions" / "2026" / "04" / "15"
    logs.mkdir(parents=True)
    day.mkdir(parents=True)
    _lines(logs / "one.jsonl", CLAUDE)
    here = json.loads(json.dumps(CODEX).replace("/w/p", str(house.project)))
    _lines(day / "rollout-1.jsonl", here)
    _lines(day / "rollout-2.jsonl", CODEX)
    (house.project / ".aider.chat.history.md").write_text(AIDER)
    library = house.app.library
    for name, count in (("claude", 1), ("codex", 1), ("aider", 2)):
        params = ImportParams(format=name, cwd=str(house.project))
        made = await exchanging.bring_in(library, params, home)
        assert len(made.sessions) == count
        assert {info.cwd for info in made.sessions} == {str(house.project)}
        assert (await exchanging.bring_in(library, params, home)).sessions == ()
    (claude,) = (await exchanging.bring_in(library, ImportParams(path=str(logs / "one.jsonl")), home)).sessions
    assert (claude.title, claude.messages, claude.origin) == ("Listing files", 2, "claude:one")
    session = await house.resume(claude.session_id, RecordingClient())
    assert session.stream.state.title == "Listing files"


async def test_a_journal_s_own_file_comes_in_too(tmp_path: Path) -> None:
    house = House(tmp_path)
    path = tmp_path / "copied.jsonl"
    header = {"cass": 1, "sessionId": "x", "cwd": "/w", "createdAt": "2026-01-01T00:00:00+00:00"}
    said = UserMessage(message_id="m", content=(Text(text='"isSidechain": false \u2028 line'),))
    path.write_text(f"{json.dumps(header)}\n{said.wire_json()}\nbroken\n", "utf-8")
    made = await exchanging.bring_in(house.app.library, ImportParams(path=str(path)), tmp_path)
    assert (made.left_out, made.sessions[0].messages) == (1, 1)


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)> ``` </pre> \"'& javascript:x \x1b[2J"


def _story(text: str) -> list[Event]:
    return [
        UserMessage(message_id="1", content=(Text(text=text), Image(data="aGk=", mime_type="image/png"), Image(data="<b>", mime_type='x" onload="y'))),
        AgentMessage(message_id="2", content=(Thinking(text=text), Text(text=f"{text}\n```{text}\n{text}\n```\n`{text}` **{text}**"))),
        ToolCallUpdate(tool_call_id="c", status="in_progress", name=text, title=text, raw_input={text: text}),
        ToolCallUpdate(tool_call_id="c", status="failed", result=(Text(text=text * 3_000),)),
        ToolCallUpdate(tool_call_id="d", status="completed", title="Edit", content=(DiffContent(path=text, patch=f"@@ -1 +1 @@\n-{text}\n+{text}\n same\n"),)),
        StateUpdate(state="idle", stop_reason="cancelled"),
        Notice(level="info", text=text),
    ]  # fmt: skip


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: dict[str, set[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")


def _written(name: str, text: str) -> str:
    out, form = io.StringIO(), FORMATS[name]
    assert form.write
    form.write(Going("id", text, "2026-01-01T00:00:00", text, _story(text)), out)
    return out.getvalue()


@pytest.mark.parametrize("text", [HOSTILE, "plain"])
def test_a_page_runs_nothing_and_asks_for_nothing(text: str) -> None:
    page = _Tags()
    page.feed(_written("html", text))
    assert not page.seen & {"script", "link", "iframe", "object", "embed", "form", "base", "a", "svg", "video"}
    assert not [name for name in page.attributes if name.startswith("on")]
    assert page.attributes["src"] == {"data:image/png;base64,aGk="}
    assert "href" not in page.attributes
    written = _written("html", text)
    assert "default-src 'none'" in written and "prefers-color-scheme: dark" in written
    assert 'class="add"' in written and "<details" in written
    assert "http://" not in written and "https://" not in written


def test_markdown_keeps_foreign_text_inside_its_fences() -> None:
    written = _written("markdown", "```\n# not a heading\n````")
    for line in written.splitlines():
        if line.strip().startswith("# ") and "not a heading" in line:
            assert line != "# not a heading" or "`````" in written
    assert "## You" in written and "diff" in written
    assert "(failed)" in written


def test_the_forms_are_what_they_should_be() -> None:
    assert {name for name, form in FORMATS.items() if form.write} == {"json", "markdown", "html"}
    assert {name for name, form in FORMATS.items() if form.read} == {"json", "claude", "codex", "aider"}

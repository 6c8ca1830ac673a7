"""Codex's logs: JSON lines, one file a session (a "rollout"), in `~/.codex/sessions/YEAR/MONTH/DAY/`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cass.exchange._building import Building, picture, texts, tool_call
from cass.ports.exchange import Coming, Format
from cass.protocol.messages import ContentBlock, Text, Thinking, ToolCall
from cass.protocol.wire import JsonObject, as_list, as_object

_NOT_SAID = (
    "<environment_context>",
    "<user_instructions>",
    "# AGENTS.md instructions",
    "<permissions",
    "<turn_aborted>",
)
_LOOKED_AT = 400
"""Logs that are looked at for one folder, the newest first."""


def detect(head: str) -> bool:
    """Lines in envelopes; older files have the bare items."""
    plain = head.replace(" ", "")
    return '"type":"session_meta"' in plain or '"type":"response_item"' in plain or (
        '"type":"function_call' in plain or '"record_type":"state"' in plain
    )  # fmt: skip


def read(path: Path) -> Iterator[Coming]:
    """The session of a file: what was said, called and answered; not what the program told the model by itself."""
    building, about = Building(), {"cwd": "", "created": "", "model": ""}
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file):
            try:
                entry = as_object(json.loads(line)) if line.strip() else {}
            except (ValueError, RecursionError):
                building.left_out += 1
                continue
            payload = as_object(entry.get("payload"))
            match entry.get("type"):
                case "session_meta" | "turn_context":
                    about["cwd"] = about["cwd"] or str(payload.get("cwd") or "")
                    about["created"] = about["created"] or str(
                        payload.get("timestamp") or entry.get("timestamp") or ""
                    )
                    about["model"] = str(payload.get("model") or "") or about["model"]
                case "response_item":
                    _item(building, payload, about["model"])
                case "event_msg" | "compacted":
                    pass
                case None if number == 0:
                    about["created"] = str(entry.get("timestamp") or "")
                case None:
                    pass
                case _:
                    _item(building, entry, about["model"])
    yield Coming(building.done(), about["cwd"], about["created"], "", building.left_out)


def logs(home: Path, cwd: Path) -> list[Path]:
    """The files whose first line names the folder."""
    found = sorted((home / ".codex" / "sessions").glob("*/*/*/rollout-*.jsonl"), reverse=True)[:_LOOKED_AT]
    return [path for path in found if _folder(path) == str(cwd)]


def _folder(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return str(as_object(as_object(json.loads(file.readline(1_000_000))).get("payload")).get("cwd") or "")
    except (OSError, ValueError):
        return ""


def _item(building: Building, item: JsonObject, model: str) -> None:
    call_id, name = str(item.get("call_id") or item.get("id") or ""), str(item.get("name") or "tool")
    match item.get("type"):
        case "message":
            _message(building, item, model)
        case "reasoning":
            parts = texts(item.get("summary"), "summary_text")
            building.answered([Thinking(text="\n\n".join(p.text for p in parts))] if parts else [], model)
        case "function_call":
            building.answered([tool_call(call_id, name, item.get("arguments"))], model)
        case "custom_tool_call":
            building.answered([tool_call(call_id, name, {"input": item.get("input")})], model)
        case "local_shell_call":
            command = as_list(as_object(item.get("action")).get("command"))
            building.answered([ToolCall(id=call_id, name="shell", arguments={"command": command})], model)
        case "function_call_output" | "custom_tool_call_output" | "local_shell_call_output":
            text, failed = _output(item.get("output"))
            building.resulted(call_id, [Text(text=text)], failed=failed)
        case "web_search_call" | "ghost_snapshot" | "compaction" | "compaction_summary":
            pass
        case _:
            building.left_out += 1


def _message(building: Building, item: JsonObject, model: str) -> None:
    content = item.get("content")
    if item.get("role") == "assistant":
        building.answered(texts(content, "output_text", "text"), model)
    elif item.get("role") == "user":
        said: list[ContentBlock] = [
            block for block in texts(content, "input_text", "text") if not block.text.lstrip().startswith(_NOT_SAID)
        ]
        urls = ({"url": as_object(block).get("image_url")} for block in as_list(content))
        building.said([*said, *(image for image in map(picture, urls) if image)])


def _output(output: object) -> tuple[str, bool]:
    """The text of a call's output, which some versions wrap into JSON, and whether it failed."""
    if isinstance(output, list):
        return "\n".join(t.text for t in texts(output, "input_text", "text", "output_text")), False  # pyright: ignore
    wrapped = as_object(output)
    if isinstance(output, str):
        try:
            wrapped = as_object(json.loads(output)) if output.startswith("{") else {}
        except ValueError:
            wrapped = {}
        if "output" not in wrapped:
            return output, False
    code = as_object(wrapped.get("metadata")).get("exit_code")
    text = wrapped.get("output", wrapped.get("content", ""))
    return str(text or ""), wrapped.get("success") is False or (isinstance(code, int) and code != 0)


FORMAT = Format("codex", detect=detect, read=read, logs=logs)

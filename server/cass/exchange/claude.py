"""Claude Code's logs: JSON lines, one file a session, in `~/.claude/projects/FOLDER/`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from cass.exchange._building import Building, picture, texts, tool_call
from cass.ports.exchange import Coming, Format
from cass.protocol.messages import ContentBlock, Image, Text, Thinking, ToolCall
from cass.protocol.wire import JsonObject, as_list, as_object

_NOT_SAID = (
    "<command-",
    "<local-command-",
    "<system-reminder>",
    "Caveat: The messages below",
    "[Request interrupted",
)
_TITLES = {"summary": "summary", "custom-title": "customTitle", "ai-title": "aiTitle"}


def detect(head: str) -> bool:
    """Lines with this program's marks."""
    return '"isSidechain":' in head or ('"leafUuid":' in head and '"type":"summary"' in head.replace(" ", ""))


def read(path: Path) -> Iterator[Coming]:
    """The session of a file. The whole of it: also what was compacted away, and no summary of it. Sub-agents' talk and
    what the program said to itself are not part of it."""
    building, about = Building(), {"title": "", "cwd": "", "created": ""}
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                entry = as_object(json.loads(line)) if line.strip() else {}
            except (ValueError, RecursionError):
                building.left_out += 1
                continue
            _take(building, about, entry)
    events = building.done()
    yield Coming(events, about["cwd"], about["created"], about["title"], building.left_out)


def logs(home: Path, cwd: Path) -> list[Path]:
    """The files about a folder, whose path is the folder's name with its marks made dashes."""
    folder = home / ".claude" / "projects" / re.sub(r"[^A-Za-z0-9]", "-", str(cwd))
    return sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime, reverse=True)


def _take(building: Building, about: dict[str, str], entry: JsonObject) -> None:
    kind = str(entry.get("type"))
    if kind in _TITLES:
        about["title"] = str(entry.get(_TITLES[kind]) or "") or about["title"]
    if kind not in ("user", "assistant") or entry.get("isSidechain") is True:
        return
    about["cwd"] = about["cwd"] or str(entry.get("cwd") or "")
    about["created"] = about["created"] or str(entry.get("timestamp") or "")
    message = as_object(entry.get("message"))
    if not message:
        building.left_out += 1
    elif kind == "assistant":
        _answer(building, message)
    else:
        _user(building, message.get("content"), own=not (entry.get("isMeta") or entry.get("isCompactSummary")))


def _answer(building: Building, message: JsonObject) -> None:
    blocks: list[Text | Thinking | ToolCall] = []
    for block in map(as_object, as_list(message.get("content"))):
        match block.get("type"):
            case "text":
                blocks.append(Text(text=str(block.get("text") or "")))
            case "thinking":
                blocks.append(Thinking(text=str(block.get("thinking") or "")))
            case "tool_use":
                id, name = str(block.get("id") or ""), str(block.get("name") or "tool")
                blocks.append(tool_call(id, name, block.get("input")))
            case _:
                building.left_out += 1
    building.answered(blocks, str(message.get("model") or ""))


def _user(building: Building, content: object, *, own: bool) -> None:
    said: list[ContentBlock] = []
    if isinstance(content, str):
        said += [Text(text=content)]
    for block in map(as_object, as_list(content)):
        if block.get("type") == "tool_result":
            inner = block.get("content")
            result: list[Text | Image] = [*texts(inner, "text")]
            result += [
                p for p in (picture(as_object(b.get("source"))) for b in map(as_object, as_list(inner))) if p
            ]
            building.resulted(str(block.get("tool_use_id") or ""), result, failed=block.get("is_error") is True)
        elif block.get("type") == "text":
            said.append(Text(text=str(block.get("text") or "")))
        elif image := picture(as_object(block.get("source"))):
            said.append(image)
        else:
            building.left_out += 1
    if own:
        building.said([b for b in said if not (isinstance(b, Text) and _is_noise(b.text))])


def _is_noise(text: str) -> bool:
    return not text.strip() or text.lstrip().startswith(_NOT_SAID)


FORMAT = Format("claude", detect=detect, read=read, logs=logs)

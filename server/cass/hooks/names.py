"""Calls of tools in the words of Claude Code, so that hooks written for it understand them, and back again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cass.protocol.wire import JsonObject, as_list, as_object


@dataclass(frozen=True)
class _Words:
    """One tool: Claude Code's name, and its name for each argument. `more` adds what is no mere name; `back` are
    values that are given in other units."""

    name: str
    arguments: dict[str, str]
    more: Callable[[JsonObject], JsonObject] = lambda given: {}
    back: Callable[[JsonObject], JsonObject] = lambda given: {}


def _milliseconds(given: JsonObject) -> JsonObject:
    timeout = given.get("timeout")
    return {"timeout": round(timeout * 1000)} if isinstance(timeout, int | float) and timeout else {}


def _seconds(given: JsonObject) -> JsonObject:
    timeout = given.get("timeout")
    return {"timeout": timeout / 1000} if isinstance(timeout, int | float) else {}


def _todos(given: JsonObject) -> JsonObject:
    entries = [as_object(entry) for entry in as_list(given.get("entries"))]
    return {"todos": [{**entry, "activeForm": entry.get("content", "")} for entry in entries]}


def _entries(given: JsonObject) -> JsonObject:
    entries = [as_object(entry) for entry in as_list(given.get("todos"))]
    return {"entries": [{k: e[k] for k in ("content", "status") if k in e} for e in entries]}


_FILE = {"path": "file_path"}

_WORDS = {
    "shell": _Words(
        "Bash", {"command": "command", "background": "run_in_background"}, more=_milliseconds, back=_seconds
    ),
    "read_file": _Words("Read", {**_FILE, "offset": "offset", "limit": "limit"}),
    "write_file": _Words("Write", {**_FILE, "content": "content"}),
    "edit_file": _Words(
        "Edit",
        {**_FILE, "old_string": "old_string", "new_string": "new_string", "replace_all": "replace_all"},
    ),
    "grep": _Words(
        "Grep", {"pattern": "pattern", "path": "path", "glob": "glob", "ignore_case": "-i", "context": "-C"}
    ),
    "glob": _Words("Glob", {"pattern": "pattern", "path": "path"}),
    "list_dir": _Words("LS", {"path": "path"}),
    "web_fetch": _Words("WebFetch", {"url": "url", "prompt": "prompt"}),
    "web_search": _Words("WebSearch", {"query": "query"}),
    "todos": _Words("TodoWrite", {}, more=_todos, back=_entries),
    "ask_user": _Words("AskUserQuestion", {"question": "question", "options": "options"}),
    "skill": _Words("Skill", {"name": "skill"}),
    "task": _Words("Task", {"prompt": "prompt", "description": "description", "profile": "subagent_type"}),
}


@dataclass(frozen=True)
class Call:
    """A call of a tool as a hook is told of it. `back` makes cass's arguments of those that the hook gives; None where
    they cannot be changed."""

    tool: str
    arguments: JsonObject
    back: Callable[[JsonObject], JsonObject] | None


def known_as(tool: str) -> tuple[str, ...]:
    """Every name that a matcher may call the tool by."""
    words = _WORDS.get(tool)
    if words is None:
        return (tool,)
    others = ("MultiEdit",) if tool == "edit_file" else ("Agent",) if tool == "task" else ()
    return (tool, words.name, *others)


def edited_as(op: str) -> tuple[str, ...]:
    """The names that go for a change of a file by whatever tool."""
    return ("Write", "write_file") if op == "add" else ("Edit", "edit_file", "MultiEdit")


def calls(tool: str, arguments: JsonObject, paths: Sequence[str], edits: Sequence[JsonObject]) -> list[Call]:
    """The call in Claude Code's words. A tool of cass that changes files in its own way is several calls there, one
    for each file."""
    words = _WORDS.get(tool)
    if words is None:
        return [_of_edit(edit) for edit in edits] or [Call(tool, arguments, lambda given: given)]
    given = {words.arguments[key]: value for key, value in arguments.items() if key in words.arguments}
    given |= words.more(arguments)
    if "path" in arguments and paths:
        given[words.arguments.get("path", "path")] = paths[0]

    def back(changed: JsonObject) -> JsonObject:
        names = {theirs: ours for ours, theirs in words.arguments.items()}
        kept = {key: value for key, value in arguments.items() if key not in names.values()}
        new = {names[key]: value for key, value in changed.items() if key in names}
        return {**kept, **new, **words.back(changed)}

    return [Call(words.name, given, back)]


def tool_of(name: str) -> str:
    """cass's tool by either name."""
    return next((ours for ours, words in _WORDS.items() if name in (ours, words.name)), name)


def from_claude(name: str, arguments: JsonObject) -> tuple[str, JsonObject]:
    """A call in Claude Code's words, in cass's."""
    tool = tool_of(name)
    words = _WORDS.get(tool)
    if words is None or tool == name:
        return tool, arguments
    names = {theirs: ours for ours, theirs in words.arguments.items()}
    return tool, {**{names.get(k, k): v for k, v in arguments.items()}, **words.back(arguments)}


def response(tool: str, text: str, paths: Sequence[str]) -> JsonObject:
    """What came of a call, in Claude Code's words."""
    match tool:
        case "Bash":
            return {"stdout": text, "stderr": "", "interrupted": False, "isImage": False}
        case "Write" | "Edit" | "MultiEdit":
            return {"filePath": paths[0] if paths else "", "success": True, "content": text}
        case "Read":
            return {"type": "text", "file": {"filePath": paths[0] if paths else "", "content": text}}
        case _:
            return {"content": text, "success": True}


def _of_edit(edit: JsonObject) -> Call:
    path, new = str(edit.get("path", "")), edit.get("new_text")
    if edit.get("op") == "add":
        return Call("Write", {"file_path": path, "content": new or ""}, None)
    old, changed = _changed(str(edit.get("old_text") or ""), str(new or ""))
    return Call("Edit", {"file_path": path, "old_string": old, "new_string": changed}, None)


def _changed(old: str, new: str) -> tuple[str, str]:
    """The lines that differ, between the first and the last that do."""
    ours, theirs = old.splitlines(keepends=True), new.splitlines(keepends=True)
    start = _same(ours, theirs)
    end = _same(ours[start:][::-1], theirs[start:][::-1])
    return "".join(ours[start : len(ours) - end]), "".join(theirs[start : len(theirs) - end])


def _same(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """How many lines are the same from the start."""
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((n for n, (our, their) in pairs if our != their), min(len(ours), len(theirs)))

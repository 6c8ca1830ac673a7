"""Whether a hook is meant by what happens."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from cass import globs
from cass.hooks import names
from cass.hooks.rules import Hook, globs_of, words_of
from cass.protocol.wire import JsonObject, as_list

_ABOUT = {
    "SessionStart": "source",
    "SessionEnd": "reason",
    "PreCompact": "trigger",
    "PostCompact": "trigger",
    "Notification": "notification_type",
    "SubagentStart": "agent_type",
    "SubagentStop": "agent_type",
    "PreModel": "model",
    "PostModel": "model",
}
"""What a matcher is held against, where that is not the tool."""

_UNMATCHED = ("UserPromptSubmit", "Stop")

_CONDITION = re.compile(r"\s*([\w*.-]+)\s*(?:\((.*)\))?\s*", re.DOTALL)


def is_meant(hook: Hook, data: JsonObject) -> bool:
    """Whether all that its rule asks for fits. `data` is what the event adds to the common fields, in cass's words."""
    rule = hook.rule
    paths, commands = list(globs_of(rule.path)), list(globs_of(rule.command))
    if paths and not any(path_fits(glob, path, hook.place.root) for glob in paths for path in _paths(data)):
        return False
    if commands and not any(command_fits(glob, _command(data)) for glob in commands):
        return False
    return _named(rule.matcher, subjects(hook, data)) and _condition_holds(hook, data)


def subjects(hook: Hook, data: JsonObject) -> Sequence[str] | None:
    """The words that the matcher is held against; None where the event has none."""
    if hook.event in _UNMATCHED:
        return None
    if field := _ABOUT.get(hook.event):
        return [str(data.get(field, ""))]
    return tools(data)


def tools(data: JsonObject) -> list[str]:
    """All names of the tool that this is about, and of what it does to files."""
    found = list(names.known_as(str(data.get("tool_name", ""))))
    for edit in as_list(data.get("edits")):
        if isinstance(edit, dict):
            found += names.edited_as(str(edit.get("op", "")))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    return list(dict.fromkeys(found))


def name_fits(matcher: str, word: str) -> bool:
    """Whether one name fits: as one of those listed, else as a regular expression anywhere in it."""
    if matcher in ("", "*"):
        return True
    listed = words_of(matcher)
    return word in listed if listed is not None else re.search(matcher, word) is not None


def path_fits(glob: str, path: str, root: Path) -> bool:
    """Whether a file fits. A glob without a slash is held against the name alone."""
    if glob.startswith(("/", "~")):
        return globs.fits(str(Path(glob).expanduser()), path)
    inside = Path(path).is_relative_to(root)
    subject = Path(path).relative_to(root).as_posix() if inside else path
    return globs.fits(glob, subject) or ("/" not in glob.rstrip("/") and globs.fits(glob, Path(path).name))


def command_fits(glob: str, command: str) -> bool:
    """Whether the command line, or one of the commands in it, fits. `git push *` and `git push:*` are also `git push`."""
    glob = glob.replace(":*", " *") if glob.endswith(":*") else glob
    globs_ = [glob, glob[:-2]] if glob.endswith(" *") else [glob]
    pieces = [command, *re.split(r"&&|\|\||[;|&\n(){}`]|\$\(", command)]
    return any(fnmatch.fnmatchcase(piece.strip(), one) for piece in pieces for one in globs_ if piece.strip())


def _named(matcher: str, words: Iterable[str] | None) -> bool:
    return words is None or any(name_fits(matcher, word) for word in words)


def _condition_holds(hook: Hook, data: JsonObject) -> bool:
    """Whether `if` holds. What is not understood keeps no hook from running."""
    condition = hook.entry.condition
    match = _CONDITION.fullmatch(condition)
    if not condition or not match or "tool_name" not in data:
        return True
    if not any(fnmatch.fnmatchcase(tool, match[1]) for tool in tools(data)):
        return False
    pattern = (match[2] or "").strip()
    if pattern in ("", "*"):
        return True
    if command := _command(data):
        return command_fits(pattern, command)
    paths = _paths(data)
    return not paths or any(path_fits(pattern, path, hook.place.root) for path in paths)


def _paths(data: JsonObject) -> list[str]:
    return [str(path) for path in as_list(data.get("paths"))]


def _command(data: JsonObject) -> str:
    return str(data.get("command", ""))

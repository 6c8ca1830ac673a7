"""Profiles of sub-agents: `.cass/agents/*.md`, and `.claude/agents/*.md` as they are. Read only; nothing is run here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cass import frontmatter, plainfile
from cass.brought import Source
from cass.customs import claude
from cass.customs.heads import Head
from cass.customs.index import files
from cass.customs.positions import Lines
from cass.errors import ConfigError

_MOST = 200
_BYTES = 200_000
_DESCRIPTION = 1_024
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_MODEL = re.compile(r"[\w./:@-]{1,200}")

_MODES: Mapping[str, tuple[str, str]] = {
    "plan": ("plan", ""),
    "default": ("", "ask"),
    "ask": ("", "ask"),
    "acceptEdits": ("", "edits"),
    "edits": ("", "edits"),
    "bypassPermissions": ("", "auto"),
    "auto": ("", "auto"),
    "active": ("", ""),
}
"""What a profile may say of its mode: the mode and the approval that it comes to."""

_KEYS = frozenset(
    (
        *("name", "description", "tools", "disallowed-tools", "disallowedTools", "model", "effort", "mode"),
        *("permissionMode", "max-turns", "maxTurns", "background", "isolation", "skills", "hooks", "color"),
    )
)


@dataclass(frozen=True)
class Profile:
    """What a sub-agent is to be. `tools` are patterns of those that it may use, empty: all that the session may; `never`
    goes before them; calls of those in `asks` are always asked about. `turns` are requests to the model. `notes` say what
    of the file means nothing here, each with file and line."""

    name: str
    description: str
    body: str = ""
    path: Path | None = None
    origin: Literal["builtin", "user", "project"] = "builtin"
    tools: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    model: str = ""
    effort: str = ""
    mode: str = ""
    approval: str = ""
    turns: int | None = None
    background: bool = False
    apart: bool = False
    skills: tuple[str, ...] = ()
    hooks: Mapping[str, object] = field(default_factory=dict[str, object])
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """The profiles by name, what comes later instead of what has the same name; and what is wrong, with file and line."""

    profiles: Mapping[str, Profile]
    problems: tuple[str, ...] = ()


def find(sources: Sequence[Source], may: Callable[[Path, str], bool]) -> Found:
    """All that there are in these folders, and cass's own. `may` is asked of each file, with whose it is, before it is
    read. Never raises."""
    found = dict(own())
    problems: list[str] = []
    count = 0
    for source in sources:
        for path, _ in files(source.folder):
            count += 1
            if count > _MOST or not may(path, source.origin):
                continue
            try:
                profile = load(path, source)
            except ConfigError as error:
                problems.append(error.message)
                continue
            found[profile.name] = profile
    if count > _MOST:
        problems.append(f"there are {count:,} profiles of sub-agents; {_MOST} are read")
    return Found(found, tuple(problems))


def load(path: Path, source: Source) -> Profile:
    """One file as it is now. ConfigError says where it is wrong."""
    if source.origin == "project" and not path.resolve().is_relative_to(source.root.resolve()):
        raise ConfigError("a link leads out of the project, so that this profile is left out", where=str(path))
    try:
        text = plainfile.read(path, _BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise ConfigError(f"it cannot be read: {(error.strerror or 'error').lower()}", where=str(path)) from None
    return read(text, path, source.origin)


def read(text: str, path: Path, origin: Literal["user", "project"]) -> Profile:
    """What a file says. ConfigError for one without a name or a description; what else is not understood is noted."""
    page = frontmatter.read(text)
    head = Head(page.values, path, Lines())
    name = str(page.values.get("name") or path.stem).strip()
    description = " ".join(str(page.values.get("description") or "").split())
    if not _NAME.fullmatch(name):
        where = f"{path}:{page.lines.get('name', 1)}"
        raise ConfigError(
            f"{name[:64]!r} is no name of a profile", where=where, hint="Letters, digits, - and _; 64 at most."
        )
    if not description:
        where = f"{path}:{page.lines.get('description', 1)}"
        why = f"{page.problem}; " if page.problem else ""
        raise ConfigError(f"{why}a description is missing: it says when the profile is for", where=where)
    notes = _Notes(path, page.lines)
    if page.problem:
        notes.add("", page.problem)
    for key in page.values:
        if key not in _KEYS:
            notes.add(key, f"{key!r} means nothing here")
    tools, asks = _tools(head, notes, ("tools",))
    never = tuple(
        r.partition("(")[0] for r in claude.rules(_texts(head, notes, "disallowed-tools", "disallowedTools"))
    )
    mode, approval = _mode(head, notes)
    return Profile(
        name=name,
        description=description[:_DESCRIPTION],
        body=page.body.strip(),
        path=path,
        origin=origin,
        tools=tools,
        never=never,
        asks=asks,
        model=_model(head, notes),
        effort=_effort(head, notes),
        mode=mode,
        approval=approval,
        turns=_turns(head, notes),
        background=_is_on(page.values.get("background")),
        apart=_isolation(head, notes),
        skills=_texts(head, notes, "skills"),
        hooks=_hooks(head, notes),
        notes=tuple(notes.found),
    )


def is_name(text: str) -> bool:
    """Whether a profile can be called so."""
    return _NAME.fullmatch(text) is not None


@dataclass
class _Notes:
    path: Path
    lines: Mapping[str, int]
    found: list[str] = field(default_factory=list[str])

    def add(self, key: str, text: str) -> None:
        self.found.append(f"{self.path}:{self.lines.get(key, 1)}: {text}")


def _texts(head: Head, notes: _Notes, *keys: str) -> tuple[str, ...]:
    for key in keys:
        try:
            if found := head.texts(key):
                return found
        except ConfigError:
            notes.add(key, f"{key} is no list of names, and was left out")
    return ()


def _tools(head: Head, notes: _Notes, keys: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tools, and those of them of which only some calls are meant: these are asked about."""
    given = _texts(head, notes, *keys)
    if given in (("*",), ()):
        return ("no tool",) if head.values.get("tools") == [] else (), ()
    rules = list(claude.rules(given))
    asks = tuple(
        dict.fromkeys(rule.partition("(")[0] for rule in rules if "(" in rule and not rule.startswith("task"))
    )
    if asks:
        notes.add("tools", f"only some calls of {', '.join(asks)} are meant; each one is asked about")
    return tuple(dict.fromkeys(rule.partition("(")[0] for rule in rules)), asks


def _mode(head: Head, notes: _Notes) -> tuple[str, str]:
    key = "mode" if head.values.get("mode") is not None else "permissionMode"
    word = str(head.values.get(key) or "").strip()
    if word and word not in _MODES:
        notes.add(key, f"the mode {word[:40]!r} is not known here; it asks about everything that changes something")
        return "", "ask"
    return _MODES.get(word, ("", ""))


def _model(head: Head, notes: _Notes) -> str:
    model = str(head.values.get("model") or "").strip()
    if model in ("", "inherit", "default"):
        return ""
    if not _MODEL.fullmatch(model) or "/" not in model:
        notes.add("model", f"{model[:60]!r} is no provider/model; the session's model is used")
        return ""
    return model


def _effort(head: Head, notes: _Notes) -> str:
    effort = str(head.values.get("effort") or "").strip()
    if effort and effort not in ("none", "minimal", "low", "medium", "high", "xhigh"):
        notes.add("effort", f"the effort {effort[:40]!r} is not known here")
        return ""
    return effort


def _turns(head: Head, notes: _Notes) -> int | None:
    for key in ("max-turns", "maxTurns"):
        value = head.values.get(key)
        if value is None:
            continue
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        notes.add(key, f"{key} must be a whole number from 1")
    return None


def _isolation(head: Head, notes: _Notes) -> bool:
    word = str(head.values.get("isolation") or "").strip()
    if word not in ("", "none", "worktree"):
        notes.add("isolation", f"the isolation {word[:40]!r} is not known here; it works in a copy of the files")
        return True
    return word == "worktree"


def _hooks(head: Head, notes: _Notes) -> Mapping[str, object]:
    """In a sub-agent the end of its turn is the end of the sub-agent."""
    try:
        inner = head.inner("hooks")
    except ConfigError:
        notes.add("hooks", "hooks must hold `Event: …` lines, and were left out")
        return {}
    return {("SubagentStop" if k == "Stop" else k): v for k, v in inner.values.items()} if inner else {}


def _is_on(value: object) -> bool:
    return value is True or str(value).strip().lower() in ("true", "yes", "on", "1")


_LOOKS = (
    *("read_file", "grep", "glob", "list_dir", "read_result", "diff", "problems", "symbols", "definition"),
    *("references", "editor_context", "web_fetch", "web_search", "skill", "todos", "shell", "shell_job"),
)
"""Tools that only look; in plan mode the shell runs only what provably reads."""

_EXPLORE = """\
You find things out; you change nothing. Search broadly first, then read what matters. Commands may only read.
Answer with what was asked for: facts with path:line, short quotes where the words matter, what you could not find, and where you looked."""

_REVIEW = """\
You review code; you change nothing. Look at what changed (diff, or git in the shell), then at the code around it, and look for what is wrong:
mistakes, missing cases, broken callers, security, tests that test nothing. No praise, no matters of taste.
Answer with the findings, worst first, each with path:line, what goes wrong and when, and how to mend it; or say that you found none, and what you looked at."""

_TEST = """\
You run the project's checks; you change no file. Find out how tests, linters and type checkers are run here, run the narrowest that answer
the question, and read what they say. Answer with the exact commands, what passed and failed, the decisive lines of each failure, and the
likeliest cause with path:line. Do not mend anything."""


def own() -> Mapping[str, Profile]:
    """The profiles of cass's own."""
    profiles = (
        Profile("explore", "Finds things out in code and web; read-only.", _EXPLORE, tools=_LOOKS, mode="plan"),
        Profile(
            "review",
            "Reviews changes or code and reports findings; read-only.",
            _REVIEW,
            tools=(*_LOOKS, "report_findings"),
            mode="plan",
        ),
        Profile("test", "Runs tests and checks and reports; edits nothing.", _TEST, tools=_LOOKS),
    )
    return {profile.name: profile for profile in profiles}

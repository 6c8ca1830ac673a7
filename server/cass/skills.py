"""Skills: folders with a `SKILL.md` (agentskills.io), read as far as is needed, and listed within a budget."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Literal

from cass import frontmatter, plainfile
from cass.brought import Source

LISTED_COST = 1_900
"""Characters that the list of skills may cost, all together, when descriptions are long: about 500 tokens. A character
that is no ASCII counts for four."""

_LONGEST = 1_024
_HEAD_BYTES = 16_384
_BODY_BYTES = 400_000
_MOST = 500
_FILES = 100
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9:_-]{0,63}")


@dataclass(frozen=True)
class Skill:
    """One skill by its head. `folder` is where it lies, links followed."""

    name: str
    description: str
    file: Path
    folder: Path
    origin: Literal["user", "project"]
    hint: str = ""
    is_for_user: bool = True
    is_for_model: bool = True


@dataclass(frozen=True)
class Found:
    """The skills by name, the weakest first replaced by what comes later; and what is wrong, each with file and line."""

    skills: Mapping[str, Skill]
    problems: tuple[str, ...] = ()


Known = dict[Path, tuple[tuple[int, int, int], "Skill | str"]]
"""Heads that were read before, each with what says whether its file is still the same."""


def find(sources: Sequence[Source], may: Callable[[Path, str], bool], known: Known) -> Found:
    """All skills in these folders that may be told of: `may` is asked with the file and whose it is. Only heads are
    read, and only of files that are not `known` as they are, to which they are added. Never raises."""
    skills: dict[str, Skill] = {}
    problems: list[str] = []
    for source in sources:
        for folder in _folders(source.folder):
            if not may(folder / "SKILL.md", source.origin):
                continue
            found = _head(folder / "SKILL.md", source, known)
            if isinstance(found, Skill):
                skills[found.name] = found
            else:
                problems.append(found)
    return Found(skills, tuple(problems))


def listed(skills: Sequence[Skill]) -> str:
    """The skills for the system prompt: every name, and of the descriptions as much as the budget holds, shared evenly
    and cut at words. Empty for none."""
    if not skills:
        return ""
    rows = sorted(skills, key=lambda skill: skill.name)
    room = LISTED_COST - sum(_cost(skill.name) + 4 for skill in rows)
    share = _share([_cost(skill.description) for skill in rows], room)
    lines = [f"- {s.name}: {text}" if (text := _cut(s.description, share)) else f"- {s.name}" for s in rows]
    return "# Skills\n\nBefore a task that one of these is for, load it with the skill tool.\n\n" + "\n".join(lines)


def body(skill: Skill) -> tuple[str, tuple[str, ...]]:
    """The text below the head, and what else lies in the folder, relative. OSError."""
    with plainfile.opened(skill.file) as file:
        data = file.read(_BODY_BYTES + 1)
    text = data[:_BODY_BYTES].decode("utf-8", "replace")
    more = f"\n[… cut after {_BODY_BYTES:,} bytes]" if len(data) > _BODY_BYTES else ""
    return frontmatter.read(text).body.strip() + more, tuple(sorted(_files(skill.folder)))


def _folders(top: Path) -> Iterator[Path]:
    try:
        names = sorted(entry.name for entry in os.scandir(top) if entry.is_dir())
    except OSError:
        return
    yield from (top / name for name in names[:_MOST] if (top / name / "SKILL.md").is_file())


def _head(file: Path, source: Source, known: Known) -> Skill | str:
    try:
        now = file.stat()
    except OSError as error:
        return f"{file}: cannot be read: {(error.strerror or 'error').lower()}"
    stamp = now.st_mtime_ns, now.st_size, now.st_ino
    if file not in known or known[file][0] != stamp:
        known[file] = stamp, _read_head(file, source)
    return known[file][1]


def _read_head(file: Path, source: Source) -> Skill | str:
    """The skill, or what is wrong with it."""
    try:
        with plainfile.opened(file) as opened:
            text = opened.read(_HEAD_BYTES).decode("utf-8", "replace")
        folder = file.parent.resolve(strict=True)
    except OSError as error:
        return f"{file}: cannot be read: {(error.strerror or 'error').lower()}"
    if source.origin == "project" and not folder.is_relative_to(source.root.resolve()):
        return f"{file}: a link leads out of the project, so that this skill is left out"
    page = frontmatter.read(text)
    given = page.values
    name = str(given.get("name") or "").strip()
    if not _NAME.fullmatch(name) and _NAME.fullmatch(file.parent.name):
        name = file.parent.name  # a title, as many have it; the folder's name is what it is called by
    description = " ".join(str(given.get("description") or "").split())
    problem = page.problem
    if not _NAME.fullmatch(name):
        line = page.lines.get("name", 1)
        problem = f"line {line}: {name[:64]!r} is no name: letters, digits, - and _ only, 64 at most"
    elif not description:
        line = page.lines.get("description", 1)
        problem = page.problem or f"line {line}: a description is missing; it says when the skill is for"
    if problem and (not _NAME.fullmatch(name) or not description):
        return f"{file}, {problem}"
    return Skill(
        name,
        description[:_LONGEST],
        file,
        folder,
        source.origin,
        hint=str(given.get("argument-hint") or ""),
        is_for_user=_is_on(given.get("user-invocable", True)),
        is_for_model=not _is_on(given.get("disable-model-invocation", False)),
    )


def _is_on(value: object) -> bool:
    return value is True or str(value).strip().lower() in ("true", "yes", "on", "1")


def _share(costs: Sequence[int], room: int) -> int:
    """How much each may cost, so that all together cost no more than there is room: what short ones leave is the
    long ones'."""
    left, waiting = room, sorted(costs)
    while waiting:
        share = left // len(waiting)
        if waiting[0] > share:
            return max(share, 0)
        left -= waiting.pop(0)
    return room


def _cost(text: str) -> int:
    return sum(1 if char < "\x80" else 4 for char in text)


def _cut(text: str, most: int) -> str:
    """The text, or its beginning up to the end of a word."""
    if _cost(text) <= most:
        return text
    costs = accumulate((_cost(char) for char in text), initial=4)
    short = text[: sum(cost <= most for cost in costs) - 1] if most > 4 else ""
    space = short.rfind(" ")
    short = short[:space] if space > len(short) // 2 else short
    return f"{short.rstrip(' ,;:.-(')}…" if len(short) > 3 else ""


def _files(folder: Path) -> Iterator[str]:
    count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place) / name
            if path.relative_to(folder).as_posix() != "SKILL.md" and not name.startswith("."):
                yield path.relative_to(folder).as_posix()
                count += 1
                if count >= _FILES:
                    return

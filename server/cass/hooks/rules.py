"""Hooks as they stand in a file: read, checked, each with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from pydantic import ValidationError

from cass.config import HookEntry, HookEvent, HookRule

Dialect = Literal["cass", "claude"]

EVENTS: tuple[HookEvent, ...] = get_args(HookEvent)

MOST = 500
"""Hooks of one file; of more the rest is left out, and said."""


@dataclass(frozen=True)
class Place:
    """Where rules come from. `file` is None for those of a user's command that is running, and of the client.
    `root` is the folder that they belong to. `dialect` says whose names of tools and arguments they are given."""

    name: str
    file: Path | None
    root: Path
    origin: Literal["user", "project", "command"]
    dialect: Dialect


@dataclass(frozen=True)
class Hook:
    """One hook and when it runs. `key` is the same as long as it says the same."""

    event: HookEvent
    rule: HookRule
    entry: HookEntry
    place: Place
    line: int
    key: str

    @property
    def where(self) -> str:
        """File and line, or what stands for them."""
        return f"{self.place.name}, line {self.line}" if self.line else self.place.name

    @property
    def runs(self) -> str:
        """What is run, in one line."""
        entry = self.entry
        words = {"command": entry.command, "python": entry.function, "prompt": entry.prompt}[entry.type]
        return " ".join(" ".join([words, *(entry.args or ())]).split())

    @property
    def name(self) -> str:
        """What it is called, short."""
        text = self.entry.name or self.runs
        text = re.sub(r"[\"']?\$\{?CLAUDE_PROJECT_DIR\}?[\"']?/|[\"']?\$\{?CASS_PROJECT_DIR\}?[\"']?/", "", text)
        text = re.sub(r"(?<![\w.~$}])/(?:[^\s\"'/]+/)+(?=[^\s\"'/])", "", text)
        return text if len(text) <= 80 else f"{text[:79]}…"


@dataclass(frozen=True)
class Rules:
    """What one file says. `problems` are what is wrong in it, each with its line; the rest counts all the same."""

    hooks: tuple[Hook, ...] = ()
    problems: tuple[str, ...] = ()


def read(values: Mapping[str, object], place: Place, text: str = "") -> Rules:
    """The rules of an object with the events as its keys. `text` is the file's, for finding lines. Never raises."""
    reading = _Reading(place, text)
    for event, rules in values.items():
        if event not in EVENTS:
            if place.dialect == "cass":
                reading.problem(event, f"there is no event {event}; there are {', '.join(EVENTS)}")
            continue
        if not isinstance(rules, list | tuple):
            reading.problem(event, f"{event} must be a list of rules")
            continue
        for rule in cast("list[object]", rules):
            reading.rule(event, rule)
    return reading.read()


class _Reading:
    def __init__(self, place: Place, text: str) -> None:
        self._place = place
        self._lines = _Lines(text)
        self._hooks: list[Hook] = []
        self._problems: list[str] = []

    def read(self) -> Rules:
        if len(self._hooks) > MOST:
            self._problems.append(f"{self._place.name}: more than {MOST} hooks; the others are left out")
        return Rules(tuple(self._hooks[:MOST]), tuple(self._problems))

    def problem(self, near: str, why: str) -> None:
        line = self._lines.of(near)
        self._problems.append(f"{self._place.name}{f', line {line}' if line else ''}: {why}")

    def rule(self, event: HookEvent, value: object) -> None:
        if not isinstance(value, dict):
            self.problem(event, f"a rule of {event} must be an object with `hooks`")
            return
        given = cast("dict[str, object]", value)
        entries = given.get("hooks", ())
        if not isinstance(entries, list | tuple):
            self.problem(event, f"`hooks` of a rule of {event} must be a list")
            return
        try:
            rule = HookRule.model_validate(self._known(HookRule, {**given, "hooks": ()}))
        except ValidationError as error:
            self.problem(event, f"a rule of {event} is wrong: {_first(error)}")
            return
        if why := _bad_matcher(rule.matcher):
            self.problem(rule.matcher, f"the matcher {rule.matcher!r} is no regular expression: {why}")
            return
        for entry in cast("list[object]", entries):
            self._entry(event, rule, entry)

    def _entry(self, event: HookEvent, rule: HookRule, value: object) -> None:
        given = cast("dict[str, object]", value) if isinstance(value, dict) else {}
        said = next((str(given[k]) for k in ("command", "function", "prompt") if given.get(k)), "")
        near = said or event
        if self._place.dialect == "claude" and given.get("type") in ("http", "mcp_tool", "agent"):
            self.problem(
                near, f"a hook of the type {given['type']} is left out: cass has command, python and prompt"
            )
            return
        try:
            entry = HookEntry.model_validate(self._known(HookEntry, given))
        except ValidationError as error:
            self.problem(near, f"a hook of {event} is left out: {_first(error)}")
            return
        line = self._lines.of(near)
        key = json.dumps([self._place.name, event, rule.matcher, entry.model_dump(mode="json"), len(self._hooks)])
        self._hooks.append(Hook(event, rule, entry, self._place, line, key))

    def _known(self, model: type[HookRule] | type[HookEntry], given: Mapping[str, object]) -> dict[str, object]:
        """In another tool's file keys that cass does not know are its affair; and a few are said in other words."""
        if self._place.dialect == "cass":
            return dict(given)
        known = {field.alias or name for name, field in model.model_fields.items()} - {"name"}
        values = {key: value for key, value in given.items() if key in known and value is not None}
        if given.get("asyncRewake") is True:
            values["async"] = True
        if given.get("onFailure") == "block":
            values["required"] = True
        if isinstance(given.get("statusMessage"), str):
            values["name"] = str(given["statusMessage"])[:200]
        if model is HookRule:
            values.pop("path", None)
            values.pop("command", None)
        return values


class _Lines:
    """Finds the lines of words in a text, each from where the last one was found on, as far as a look can tell."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def of(self, words: str) -> int:
        """The line, 0 where it is not found."""
        forms = (json.dumps(words, ensure_ascii=False)[1:-1], words, json.dumps(words)[1:-1])
        for start in (self._at, 0):
            found = min((at for form in forms if (at := self._text.find(form, start)) >= 0), default=-1)
            if found >= 0 and words:
                self._at = found + 1
                return self._text.count("\n", 0, found) + 1
        return 0


def words_of(matcher: str) -> list[str] | None:
    """The names that a matcher lists; None for one that is a regular expression."""
    if not re.fullmatch(r"[\w|, -]*", matcher):
        return None
    return [word.strip() for word in re.split(r"[|,]", matcher) if word.strip()]


def _bad_matcher(matcher: str) -> str:
    if matcher in ("", "*") or words_of(matcher) is not None:
        return ""
    try:
        re.compile(matcher)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return ""


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{f'{place}: ' if place else ''}{first['msg'].removeprefix('Value error, ')}"


def globs_of(value: str | tuple[str, ...]) -> Iterator[str]:
    """One glob, or several."""
    yield from ((value,) if isinstance(value, str) else value)

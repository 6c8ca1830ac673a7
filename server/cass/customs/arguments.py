"""What followed a command's name, taken apart into its parameters.

Words are parted by blanks. A word that begins with a quote, or has one right after `name=`, goes to the next such quote;
inside double quotes a backslash keeps the next quote or backslash. Any other quote is a letter like others, so that
"don't" needs nothing. `name=value`, `--name value` and `--name=value` give a parameter by name, `--flag` and `--no-flag`
a bool; the other words fill the parameters in their order, the last one taking all that is left. After `--` every
word is a value.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cass.customs.definition import Parameter, Value
from cass.customs.parameters import checked
from cass.errors import SessionError

_NAMED = re.compile(r"([A-Za-z][\w-]*)=", re.ASCII)
_OPTION = re.compile(r"--([A-Za-z][\w-]*)(=)?", re.ASCII)


@dataclass(frozen=True)
class Word:
    """A word of a line: its value, and where it begins and ends there. `plain` is false where it was quoted from its
    first letter on, so that it is a value whatever it says."""

    text: str
    start: int
    end: int
    plain: bool = True


@dataclass(frozen=True)
class Given:
    """What a line gave: values by parameter, the words in order (for $1), the line itself, and whether only a dry run
    was asked for."""

    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    words: Sequence[str] = ()
    line: str = ""
    dry_run: bool = False


def split(line: str) -> list[Word]:
    """The words of a line. SessionError for a quote that is not closed."""
    return list(_words(line))


def read(
    line: str, parameters: Sequence[Parameter], *, exists: Callable[[str], bool] | None = None, strict: bool = True
) -> Given:
    """Take a line apart. SessionError names the parameter that is wrong. Without `strict` nothing is: words that
    could be options are values, and a quote without its end is a letter."""
    try:
        words = split(line)
    except SessionError:
        if strict:
            raise
        words = [Word(m[0], m.start(), m.end()) for m in re.finditer(r"\S+", line)]
    words, dry = _without_dry_run(words)
    if dry:
        line = " ".join(line[word.start : word.end] for word in words)
        words = _again(words, line, strict)
    if not parameters:
        return Given({}, tuple(word.text for word in words), line, dry)
    named, loose = _named(words, {p.name: p for p in parameters})
    rest = [p for p in parameters if p.name not in named and p.type != "selection"]
    filled = _filled(rest, loose, line)
    values = {
        p.name: checked(p, given, exists)
        for p in parameters
        if (given := {**named, **filled}.get(p.name)) is not None
    }
    return Given(values, tuple(word.text for word in loose), line, dry)


def _again(words: Sequence[Word], line: str, strict: bool) -> list[Word]:
    """The same words where the shorter line has them."""
    try:
        return split(line)
    except SessionError:
        if strict:
            raise
        return [Word(m[0], m.start(), m.end()) for m in re.finditer(r"\S+", line)]


def _without_dry_run(words: Sequence[Word]) -> tuple[list[Word], bool]:
    end = next((n for n, word in enumerate(words) if word.plain and word.text == "--"), len(words))
    kept = [w for n, w in enumerate(words) if n >= end or not (w.plain and w.text == "--dry-run")]
    return kept, len(kept) < len(words)


def _named(words: Sequence[Word], known: Mapping[str, Parameter]) -> tuple[dict[str, object], list[Word]]:
    named: dict[str, object] = {}
    loose: list[Word] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word.plain and word.text == "--":
            loose += queue
            break
        option = _OPTION.match(word.text) if word.plain else None
        match = _NAMED.match(word.text) if word.plain else None
        if option and (option[2] or option.end() == len(word.text)):
            name, value = _option(word.text, option, queue, known)
            named[name] = value
        elif match and match[1] in known:
            named[match[1]] = word.text[match.end() :]
        elif match and (near := difflib.get_close_matches(match[1], known, n=1, cutoff=0.75)):
            raise SessionError(
                f"there is no parameter {match[1]}",
                hint=f"Did you mean {near[0]}=? Quote the word where it is a value.",
                kind="invalid_params",
            )
        else:
            loose.append(word)
    return named, loose


def _option(
    text: str, match: re.Match[str], queue: list[Word], known: Mapping[str, Parameter]
) -> tuple[str, object]:
    name = match[1] if match[1] in known else match[1].replace("-", "_")
    if name in known:
        if match[2]:
            return name, text[match.end() :]
        if known[name].type == "bool":
            return name, True
        if not queue:
            raise SessionError(f"--{match[1]} needs a value", kind="invalid_params")
        return name, queue.pop(0).text
    bare = match[1].removeprefix("no-")
    if bare != match[1] and bare in known and known[bare].type == "bool" and not match[2]:
        return bare, False
    near = difflib.get_close_matches(match[1], known, n=1)
    hint = f"Did you mean --{near[0]}? " if near else ""
    raise SessionError(
        f"there is no parameter --{match[1]}",
        hint=f"{hint}Known are: {', '.join(known)}. Words after -- are values.",
        kind="invalid_params",
    )


def _filled(parameters: Sequence[Parameter], words: Sequence[Word], line: str) -> dict[str, object]:
    """Words for parameters in their order; the last one that is a text takes the rest of the line as it stands."""
    found: dict[str, object] = {}
    left = list(words)
    for number, parameter in enumerate(parameters, 1):
        if not left:
            break
        if parameter.type == "list":
            found[parameter.name] = [word.text for word in left]
            left = []
        elif number == len(parameters) and len(left) > 1 and parameter.type in ("string", "file"):
            whole = line[left[0].start : left[-1].end]  # as it was written, unless something by name stands between
            apart = len(list(_words(whole))) != len(left)
            found[parameter.name] = " ".join(word.text for word in left) if apart else whole
            left = []
        else:
            found[parameter.name] = left.pop(0).text
    if left:
        raise SessionError(
            f"too much was given: {left[0].text[:60]!r} belongs to no parameter",
            hint="Quote a value that has blanks, or name it as name=value.",
            kind="invalid_params",
        )
    return found


def _words(line: str) -> Iterator[Word]:
    at = 0
    while True:
        while at < len(line) and line[at].isspace():
            at += 1
        if at == len(line):
            return
        start, plain = at, line[at] not in "\"'"
        text, at = _word(line, at)
        yield Word(text, start, at, plain)


def _word(line: str, at: int) -> tuple[str, int]:
    out: list[str] = []
    prefix = re.compile(r"(--)?[A-Za-z][\w-]*=", re.ASCII).match(line, at)
    if prefix:
        out.append(prefix[0])
        at = prefix.end()
    if at < len(line) and line[at] in "\"'":
        quote, opened = line[at], at
        at += 1
        while at < len(line) and line[at] != quote:
            if quote == '"' and line[at] == "\\" and line[at + 1 : at + 2] in ('"', "\\"):
                at += 1
            out.append(line[at])
            at += 1
        if at == len(line):
            raise SessionError(
                f"the quote that begins at {line[opened : opened + 20]!r} is not closed",
                hint="Close it, or put the whole word into the other kind of quotes.",
                kind="invalid_params",
            )
        at += 1
    while at < len(line) and not line[at].isspace():
        out.append(line[at])
        at += 1
    return "".join(out), at


def by_name(
    given: Mapping[str, Value], parameters: Sequence[Parameter], exists: Callable[[str], bool] | None
) -> dict[str, Value]:
    """Values that were given by name. SessionError that names the one that is wrong."""
    known = {parameter.name: parameter for parameter in parameters}
    found: dict[str, Value] = {}
    for name, value in given.items():
        if name not in known:
            raise SessionError(
                f"there is no parameter {name}", hint=f"Known are: {', '.join(known)}.", kind="invalid_params"
            )
        empty = (
            known[name].type == "string" and known[name].default is None
        )  # nothing is a value where nothing else is
        if value is not None and (value != "" or empty):
            found[name] = checked(known[name], value, exists)
    return found

"""Values inside of a shell command: each becomes one quoted word, or part of one, wherever it stands; where that cannot be
promised the command is refused.

The command is read as bash reads it, far enough to know what is open at each value: nothing, single quotes, double
quotes, a `$( )`. A value is always put between single quotes of its own, so nothing in it means anything to the shell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from cass.customs.definition import Place

MAX_IN_COMMAND = 32_768
"""Characters of one value in a command: systems refuse an argument of more than 128 KiB."""

_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "fish", "su", "runuser", "csh", "tcsh", "pwsh"))
_READ_AGAIN = frozenset(
    ("eval", "trap", "ssh", "watch", "parallel", "source", ".", "alias", "at", "batch", "script")
)
_NAMING = frozenset(
    (
        "let",
        "declare",
        "typeset",
        "local",
        "readonly",
        "export",
        "unset",
        "read",
        "mapfile",
        "readarray",
        "getopts",
        "[[",
    )
)
"""Bash calculates with the names of variables, and inside of [[ ]] with numbers: `a[$(…)]` runs a command there."""

_CODE = {
    **dict.fromkeys(("python", "python2", "python3", "pypy3"), ("-c",)),
    **dict.fromkeys(("perl", "ruby", "node", "bun", "php", "lua", "Rscript", "deno"), ("-e", "-E", "-p", "-r")),
}
_EDITORS = frozenset(("awk", "gawk", "mawk", "nawk", "sed", "gsed"))


@dataclass(frozen=True)
class Given:
    """A value in a command, and where its placeholder stands."""

    text: str
    name: str
    place: Place


Segment = str | Given

_VARIABLE = re.compile(r"\{[^{}'\"`$()\\\n]*\}")
"""A `${name}` that stands there whole, with nothing in it that would have to be read."""


def command(segments: Sequence[Segment]) -> str:
    """The command line. ConfigError where a value stands in a place in which it could mean more than itself."""
    reader = _Reader()
    out: list[str] = []
    for segment in segments:
        if isinstance(segment, Given):
            _check(segment)
            out.append(reader.put(segment))
        else:
            reader.read(segment)
            out.append(segment)
    return "".join(out)


def _check(given: Given) -> None:
    if "\0" in given.text:
        raise given.place.error(f"{given.name} holds a NUL character, which no command can be given")
    if len(given.text) > MAX_IN_COMMAND:
        raise given.place.error(
            f"{given.name} is too long for a command: {len(given.text):,} characters; {MAX_IN_COMMAND:,} are taken"
        )
    try:
        given.text.encode("utf-8")
    except UnicodeEncodeError:
        raise given.place.error(f"{given.name} is no text that a command can be given") from None


@dataclass
class _Frame:
    """One level of the command: the whole, or the inside of a `$( )`. `words` are those of the simple command so far."""

    quote: str = ""
    words: list[str] = field(default_factory=list[str])
    word: str = ""
    begun: bool = False
    comment: bool = False
    depth: int = 0


class _Reader:
    """Reads on as the command grows."""

    def __init__(self) -> None:
        self._frames = [_Frame()]
        self._escaped = False
        self._strange = ""
        self._dollar = False
        self._before = ""

    def read(self, text: str) -> None:
        at = 0
        while at < len(text):
            at += self._one(text, at)
            self._before = text[at - 1]

    def put(self, given: Given) -> str:
        """What stands for the value here."""
        frame = self._frames[-1]
        why = self._why_not(frame)
        if why:
            raise given.place.error(
                f"{given.name} cannot stand here: {why}",
                "Let it stand where a whole word stands; then it is quoted by itself.",
            )
        quoted = shlex.quote(given.text)
        if not quoted.startswith("'"):
            quoted = f"'{quoted}'"
        frame.word += "\1"
        frame.begun = True
        self._before = "\1"
        return {"": quoted, '"': f'"{quoted}"', "'": f"'{quoted}'"}[frame.quote]

    def _why_not(self, frame: _Frame) -> str:
        if self._strange:
            return self._strange
        if self._escaped:
            return "a backslash stands before it"
        if self._dollar:
            return "a $ stands before it"
        if any(f.comment for f in self._frames):
            return "it would be in a comment"
        if not frame.quote and not frame.begun and not frame.words:
            return "it would be the name of the program that runs"
        return next((why for f in self._frames if (why := _read_again(f.words, f.word))), "")

    def _one(self, text: str, at: int) -> int:
        """Take in what begins here; how many characters that was."""
        char, frame = text[at], self._frames[-1]
        was_dollar, self._dollar = self._dollar, False
        if self._escaped:
            self._escaped = False
            frame.word, frame.begun = frame.word + char, True
            return 1
        if frame.comment:
            if char == "\n":
                frame.comment = False
                self._end_command(frame)
            return 1
        if frame.quote == "'":
            self._inside(frame, char, "'")
            return 1
        if char == "\\":
            self._escaped = True
            return 1
        if char == "`":
            self._strange = "backticks run what is in them; use $( ) there"
            return 1
        if was_dollar and char in "({['\"":
            return self._after_dollar(frame, text, at)
        if char == "$":
            self._dollar = True
            frame.word, frame.begun = frame.word + char, True
            return 1
        if frame.quote == '"':
            self._inside(frame, char, '"')
            return 1
        return self._plain(frame, text, at)

    def _inside(self, frame: _Frame, char: str, end: str) -> None:
        if char == end:
            frame.quote = ""
        else:
            frame.word += char
        frame.begun = True

    def _after_dollar(self, frame: _Frame, text: str, at: int) -> int:
        char = text[at]
        if char == "(":
            if text[at + 1 : at + 2] == "(":
                self._strange = "the shell calculates with it"
            self._frames.append(_Frame())
        elif whole := _VARIABLE.match(text, at):
            frame.word, frame.begun = frame.word + whole[0], True
            return len(whole[0])
        elif char == '"' and frame.quote == '"':
            self._inside(frame, char, '"')
        elif char == "'" and frame.quote == '"':
            frame.word += char
        else:
            self._strange = {"{": "${ } would read it", "[": "the shell calculates with it"}.get(
                char, "quotes behind a $ read it once more"
            )
        return 1

    def _plain(self, frame: _Frame, text: str, at: int) -> int:
        char = text[at]
        if char in "\"'":
            frame.quote, frame.begun = char, True
        elif char in " \t":
            self._end_word(frame)
        elif char == "#" and not frame.begun:
            frame.comment = True
        elif char == "<" and text.startswith("<<", at) and not text.startswith("<<<", at):
            self._strange = "it follows a << whose text the shell reads"
        elif text.startswith("<<<", at):
            self._end_word(frame)
            return 3
        elif text.startswith("((", at) and not frame.begun:
            self._strange = "the shell calculates with it"
        elif char in "\n;&|":
            self._end_command(frame)
        elif char == "(":
            self._end_command(frame)
            frame.depth += 1
        elif char == ")":
            self._close(frame)
        elif char in "<>":
            self._end_word(frame)
        elif char in "{}" and not frame.begun and text[at + 1 : at + 2] in ("", " ", "\n", "\t"):
            self._end_command(frame)
        else:
            frame.word, frame.begun = frame.word + char, True
        return 1

    def _close(self, frame: _Frame) -> None:
        self._end_command(frame)
        if frame.depth:
            frame.depth -= 1
        elif len(self._frames) > 1:
            self._frames.pop()
            self._frames[-1].begun = True

    def _end_word(self, frame: _Frame) -> None:
        if frame.begun:
            frame.words.append(frame.word)
        frame.word, frame.begun = "", False

    def _end_command(self, frame: _Frame) -> None:
        self._end_word(frame)
        frame.words = []


_KEYWORDS = frozenset(("if", "then", "else", "elif", "while", "until", "do", "!", "time", "exec", "command", "env"))


def _read_again(words: Sequence[str], begun: str) -> str:
    """Why a value must not be a word after these, or stand in the word that has begun: a program would read it as code."""
    names = [word.rsplit("/", 1)[-1] for word in words]
    for number, name in enumerate(names):
        rest = words[number + 1 :]
        if name in _READ_AGAIN and (number == 0 or names[number - 1] in _KEYWORDS or "=" in words[number - 1]):
            return f"{name} reads its words as a command once more"
        if name in _NAMING or (name in ("printf", "test", "[") and rest[-1:] == ["-v"]):
            return f"bash would calculate with it after {name}; use [ ] or test to compare texts"
        code = _CODE.get(re.sub(r"[\d.]+$", "", name)) or _CODE.get(name)
        if name in _SHELLS and rest and _is_c(rest[-1]):
            return f"{name} -c reads it as a command once more; give it behind the command: {name} -c '… \"$1\"' _ {{{{x}}}}"
        if code and rest and rest[-1] in (*code, "--eval", "--print"):
            return f"{name} {rest[-1]} reads it as a program; give it behind the program, as an argument"
        if name in _EDITORS and not _is_assignment(rest, begun) and not _has_program(rest):
            return f"{name} would read it as a program; in awk give it with -v"
    return ""


def _is_c(option: str) -> bool:
    return re.fullmatch(r"-[A-Za-z]*c", option) is not None or option == "--command"


def _is_assignment(rest: Sequence[str], begun: str) -> bool:
    return rest[-1:] in (["-v"], ["--assign"]) and re.fullmatch(r"\w+=.*", begun, re.DOTALL) is not None


def _has_program(rest: Sequence[str]) -> bool:
    """Whether the program stands already among these words: behind -e or -f, else the first that is no option. A word
    right behind one of them is a program, too."""
    if rest[-1:] and rest[-1] in ("-e", "-f", "--expression", "--file"):
        return False
    skip = False
    for word in rest:
        if skip:
            skip = False
        elif word in ("-e", "-f", "--expression", "--file"):
            return True
        elif word in ("-v", "-F", "--assign", "--field-separator"):
            skip = True
        elif not word.startswith("-"):
            return True
    return False

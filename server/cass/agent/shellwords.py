"""Reads a shell command as plain words, or not at all.

This is no shell. It understands literal words, quotes without expansions, and the operators that join simple
commands; whatever else it meets (substitution, variables, redirection to a file, braces, comments, control
characters) makes the whole command unreadable, and what cannot be read is never waved through.
"""

from __future__ import annotations

from dataclasses import dataclass

_JOINERS = ("&&", "||", "|", ";", "\n")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:+=@%^~]!")
_HARMLESS_REDIRECTIONS = ("2>&1", "2>/dev/null", ">/dev/null", "2> /dev/null", "> /dev/null")


@dataclass(frozen=True)
class ShellCommand:
    """A command that was understood: its simple commands, each as words, whether any operator joined them, and
    whether the shell would replace a pattern (`*`, `?`, `[`) by names of files."""

    parts: tuple[tuple[str, ...], ...]
    joined: bool
    globs: bool

    @property
    def plain(self) -> bool:
        """One simple command and nothing else."""
        return not self.joined and len(self.parts) == 1


def read(command: str) -> ShellCommand | None:
    """The command's words; None for anything that is not understood."""
    parts: list[tuple[str, ...]] = []
    words: list[str] = []
    joined = globs = False
    at = 0
    while at < len(command):
        if command[at] in " \t":
            at += 1
            continue
        joiner = next((j for j in _JOINERS if command.startswith(j, at)), None)
        if joiner:
            at += len(joiner)
            if joiner == "\n" and not command[at:].strip() and words:
                break
            if not words:
                return None
            joined = True
            parts.append(tuple(words))
            words = []
            continue
        skipped = _harmless_redirection(command, at)
        if skipped:
            joined = True
            at += skipped
            continue
        word, at, pattern = _word(command, at)
        if word is None:
            return None
        globs = globs or pattern
        words.append(word)
    if words:
        parts.append(tuple(words))
    if not parts or any("=" in part[0] or part[0][:1] in "~*?[!" for part in parts):
        return None
    return ShellCommand(tuple(parts), joined, globs)


def _harmless_redirection(command: str, at: int) -> int:
    """The length of a redirection that writes nowhere, else 0."""
    for form in _HARMLESS_REDIRECTIONS:
        end = at + len(form)
        if command.startswith(form, at) and (end == len(command) or command[end] in " \t\n|;"):
            return len(form)
    return 0


def _word(command: str, at: int) -> tuple[str | None, int, bool]:
    """One word from `at` on, quotes taken off, the place after it, and whether it is a pattern; None for the word
    when something else in it would be expanded."""
    out: list[str] = []
    pattern = False
    while at < len(command):
        char = command[at]
        if char in " \t\n|;" or command.startswith("&&", at):
            break
        if char == "'":
            end = command.find("'", at + 1)
            if end < 0 or not _printable(command[at + 1 : end]):
                return None, at, False
            out.append(command[at + 1 : end])
            at = end + 1
        elif char == '"':
            end = command.find('"', at + 1)
            inside = command[at + 1 : end]
            if end < 0 or any(c in inside for c in "$`\\!") or not _printable(inside):
                return None, at, False
            out.append(inside)
            at = end + 1
        elif char in "*?[":
            pattern = True
            out.append(char)
            at += 1
        elif char in _PLAIN or (ord(char) > 0xA0 and char.isalnum()):
            out.append(char)
            at += 1
        else:
            return None, at, False
    return "".join(out), at, pattern


def _printable(text: str) -> bool:
    return all(char == "\t" or (" " <= char != "\x7f" and not 0x80 <= ord(char) < 0xA0) for char in text)

"""May a call run? Pure functions over the action, the mode and the rules.

The order is fixed: deny, then what the mode forbids, then ask, then allow; how specific a rule is does not matter.
A rule is `tool` or `tool(pattern)`. For `shell` the pattern is the command, where a `*` at the end stands for any
further words; for other tools it is a path (globs, relative to the session's folder) or the action's subject.
`mcp__server` speaks of all tools of an MCP server.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from cass import globs
from cass.agent import shellwords
from cass.agent.readonly import is_read_only
from cass.errors import ConfigError
from cass.ports import Action

Answer = Literal["allow", "ask", "deny", "overlay"]

_RULE = re.compile(r"([A-Za-z0-9_*.-]+)(?:\((.*)\))?", re.DOTALL)

# Commands that run the command in their arguments: a rule against `rm` holds for `env rm`, too.
_WRAPPERS = frozenset(
    [
        "env",
        "timeout",
        "nohup",
        "nice",
        "ionice",
        "stdbuf",
        "setsid",
        "xargs",
        "command",
        "exec",
        "eval",
        "sudo",
        "doas",
        "time",
        "builtin",
        "busybox",
        "watch",
        "bash",
        "sh",
        "zsh",
        "dash",
        "ksh",
        "fish",
        "find",
        "parallel",
        "strace",
        "ltrace",
        "unshare",
        "chroot",
        "su",
        "runuser",
        "script",
    ]
)

# Files that make an editor, git, the shell or cass itself run something: changing one is asked about in any mode.
_PROTECTED = re.compile(
    r"(^|/)(\.git|\.cass|\.claude|\.agents|\.vscode|\.idea|\.github/workflows)(/|$)"
    r"|(^|/)(\.gitmodules|\.gitattributes|\.gitconfig|\.envrc|\.mcp\.json|\.bashrc|\.bash_profile|\.profile|\.zshrc"
    r"|\.zprofile|\.ripgreprc)$|\.code-workspace$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Rule:
    """One rule, read."""

    tool: str
    pattern: str | None
    text: str


@dataclass(frozen=True)
class Policy:
    """Everything that the answer depends on besides the action. `readable` are folders outside the project that may
    be read: where the long outputs of the session's own commands are kept, and the user's skills."""

    mode: str
    approval: str
    cwd: Path
    inside: Callable[[Path], bool]
    readable: tuple[Path, ...] = ()
    allow: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The answer and, for the model and the user, why."""

    answer: Answer
    reason: str


def parse_rule(text: str, where: str = "") -> Rule:
    """Read a rule; ConfigError says what is wrong with it."""
    match = _RULE.fullmatch(text.strip())
    if not match:
        raise ConfigError(
            f"{text!r} is not a permission rule",
            where=where,
            hint="Write it like shell(git status*), edit_file(src/**) or read_file.",
        )
    pattern = match[2].strip() if match[2] is not None else None
    return Rule(match[1], pattern or None, text.strip())


def parse_rules(texts: Sequence[str], where: str = "") -> tuple[Rule, ...]:
    """Read several."""
    return tuple(parse_rule(text, where) for text in texts)


def judge(tool: str, action: Action, policy: Policy) -> Verdict:
    """Allow, ask, deny; or `overlay` for edits that plan mode keeps as proposals."""
    denied = _first(policy.deny, tool, action, policy, loose=True)
    if denied:
        return Verdict("deny", f"the rule {denied.text} forbids it")
    if policy.mode == "plan" and action.changes:
        return _plan(action, policy)
    asked = _first(policy.ask, tool, action, policy, loose=True)
    if asked:
        return Verdict("ask", f"the rule {asked.text} asks")
    protected = next((p for p in action.paths if action.changes and _is_protected(p)), None)
    if protected:
        return Verdict("ask", f"{protected.name} can make other programs run something")
    if action.command is not None and (policy.deny or policy.ask) and _may_hide(action.command, policy):
        return Verdict("ask", "the command cannot be checked against the rules")
    allowed = _first(policy.allow, tool, action, policy, loose=False)
    if allowed:
        return Verdict("allow", f"the rule {allowed.text} allows it")
    outside = next((p for p in action.paths if not _may_reach(p, action, policy)), None)
    if outside:
        return Verdict("ask", f"{outside} is outside the project")
    if not action.changes and not action.sends:
        return Verdict("allow", "it changes nothing")
    if action.unproven and policy.mode == "plan":
        return Verdict("ask", "that it changes nothing is only what the server says")
    if policy.approval == "auto":
        return Verdict("allow", "approval is auto")
    if not action.changes:
        return Verdict("ask", f"it tells {action.subject or 'somebody outside'} something")
    if policy.approval == "edits" and action.edits:
        return Verdict("allow", "edits are approved")
    return Verdict("ask", "it changes something")


def always_rule(tool: str, action: Action, cwd: Path) -> str | None:
    """The rule that "always allow" stands for; None where none is narrow enough to be offered."""
    if action.command is not None:
        understood = shellwords.read(action.command)
        if understood is None or not understood.plain or any(c in action.command for c in "*()"):
            return None
        words = understood.parts[0]
        if words[0] in _WRAPPERS or "/" in words[0]:
            return None
        return f"{tool}({action.command.strip()})"
    if tool.startswith("mcp__"):
        return tool
    if action.sends:
        # A bracket in it (IPv6) would be read as a pattern.
        plain = action.subject and re.fullmatch(r"[a-z0-9_.:-]+", action.subject)
        return f"{tool}({action.subject})" if plain else None
    if action.edits:
        return tool if all(_relative(p, cwd) for p in action.paths) else None
    return None


def _may_reach(path: Path, action: Action, policy: Policy) -> bool:
    if policy.inside(path):
        return True
    real = path.resolve()
    return not action.changes and any(real.is_relative_to(folder) for folder in policy.readable)


def _plan(action: Action, policy: Policy) -> Verdict:
    if action.edits:
        outside = next((p for p in action.paths if not policy.inside(p)), None)
        if outside:
            return Verdict("deny", f"plan mode changes nothing, and {outside} is outside the project")
        return Verdict("overlay", "plan mode keeps edits as proposals")
    if action.command is not None and is_read_only(action.command, action.cwd or policy.cwd):
        return Verdict("allow", "the command only reads")
    return Verdict("deny", "plan mode runs only what provably changes nothing")


def _first(rules: Sequence[Rule], tool: str, action: Action, policy: Policy, *, loose: bool) -> Rule | None:
    return next((rule for rule in rules if _matches(rule, tool, action, policy, loose=loose)), None)


def _matches(rule: Rule, tool: str, action: Action, policy: Policy, *, loose: bool) -> bool:
    """Whether a rule speaks of this action. `loose` is for rules that restrict: they hold when any part of the
    action matches; a rule that allows must match all of it."""
    of_server = rule.tool.startswith("mcp__") and tool.startswith(f"{rule.tool}__")  # all tools of one server
    if not of_server and not fnmatch.fnmatchcase(tool, rule.tool):
        return False
    if rule.pattern is None:
        return True
    if action.command is not None:
        if loose:
            return _command_contains(rule.pattern, action.command)
        return _command_is(rule.pattern, action.command) and _stays_inside(rule.pattern, action, policy)
    if action.paths:
        hits = [_path_matches(rule.pattern, path, policy.cwd) for path in action.paths]
        return any(hits) if loose else all(hits) and all(_safe_path(p, policy) for p in action.paths)
    return action.subject is not None and fnmatch.fnmatchcase(action.subject, rule.pattern)


def _safe_path(path: Path, policy: Policy) -> bool:
    """A rule that names a path inside the project does not reach through a link out of it."""
    return policy.inside(path) or not path.is_relative_to(policy.cwd)


def _command_is(pattern: str, command: str) -> bool:
    understood = shellwords.read(command)
    if understood is None or not understood.plain:
        return False
    return _words_match(pattern, understood.parts[0]) or (
        not pattern.endswith("*") and pattern.strip() == command.strip()
    )


def _stays_inside(pattern: str, action: Action, policy: Policy) -> bool:
    """Whether the words that the rule leaves open name no file outside the project: `shell(cat*)` is meant for the
    project's files."""
    understood = shellwords.read(action.command or "")
    named = len(pattern.rstrip("*").split())
    words = understood.parts[0][named:] if understood else ()
    return all(_word_inside(word.rpartition("=")[2], action.cwd or policy.cwd, policy) for word in words)


def _word_inside(word: str, cwd: Path, policy: Policy) -> bool:
    if word.startswith("~"):
        return False
    if word.startswith("/") or ".." in word.split("/"):
        return word == "/dev/null" or policy.inside(Path(os.path.normpath(cwd / word)))
    return True


def _words_match(pattern: str, words: Sequence[str]) -> bool:
    open_end = pattern.endswith("*")
    if pattern in ("*", ":*"):
        return True
    wanted = pattern.rstrip("*").removesuffix(":").split() if open_end else pattern.split()
    if open_end:
        return list(words[: len(wanted)]) == wanted
    return list(words) == wanted


def _command_contains(pattern: str, command: str) -> bool:
    """Whether a restricting rule speaks of any part of the command, wrappers looked through. What is not
    understood is cut at everything that could separate commands and looked at piece by piece."""
    understood = shellwords.read(command)
    if understood is not None:
        parts = understood.parts
    else:
        pieces = re.split(r"[;&|\n\r(){}<>`$]+", command)
        parts = tuple(tuple(re.sub(r"[\"'\\]", "", piece).split()) for piece in pieces)
    return any(_part_contains(pattern, part) for part in parts if part)


def _part_contains(pattern: str, words: tuple[str, ...]) -> bool:
    if _words_match(pattern, words) or _words_match(pattern, (words[0].rsplit("/", 1)[-1], *words[1:])):
        return True
    if not pattern.endswith("*") and list(words[: len(pattern.split())]) == pattern.split():
        return True
    first, rest = words[0], words[1:]
    if "=" in first and rest:
        return _part_contains(pattern, rest)
    if first.rsplit("/", 1)[-1] not in _WRAPPERS:
        return False
    return any(_part_contains(pattern, rest[i:]) for i in range(len(rest))) or any(
        " " in word and _command_contains(pattern, word) for word in rest
    )


def _may_hide(command: str, policy: Policy) -> bool:
    """Whether a rule that restricts commands may have been dodged: the words are not what will run."""
    if not any(fnmatch.fnmatchcase("shell", r.tool) and r.pattern for r in (*policy.deny, *policy.ask)):
        return False
    understood = shellwords.read(command)
    return (
        understood is None
        or understood.globs
        or any(part[0].rsplit("/", 1)[-1] in _WRAPPERS for part in understood.parts)
    )


def _path_matches(pattern: str, path: Path, cwd: Path) -> bool:
    """Globs as in .gitignore: `**` crosses folders, `*` does not; `src` and `src/` mean what is below, too."""
    expanded = str(Path(pattern).expanduser()) if pattern.startswith("~") else pattern
    subject = path.as_posix() if expanded.startswith("/") else _relative(path, cwd)
    if subject is None:
        return False
    return globs.fits(expanded, subject)


def _relative(path: Path, cwd: Path) -> str | None:
    return PurePosixPath(path.relative_to(cwd)).as_posix() if path.is_relative_to(cwd) else None


def _is_protected(path: Path) -> bool:
    return (
        _PROTECTED.search(path.as_posix()) is not None or _PROTECTED.search(path.resolve().as_posix()) is not None
    )

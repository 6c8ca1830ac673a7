"""Which shell commands provably change nothing. A short list, closed by default: a command, an option or a form
that is not known here is not read-only.

What a command may run on its own (git's hooks and filters, `find -exec`, `rg --pre`) counts as changing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from cass.agent import shellwords

# Commands that write nothing whatever their options are.
_ALWAYS = frozenset(
    [
        "ls",
        "pwd",
        "cat",
        "head",
        "tail",
        "wc",
        "stat",
        "du",
        "df",
        "which",
        "whoami",
        "id",
        "uname",
        "echo",
        "true",
        "false",
        "cut",
        "tr",
        "nl",
        "basename",
        "dirname",
        "realpath",
        "readlink",
        "cmp",
        "comm",
        "md5sum",
        "sha1sum",
        "sha256sum",
        "sha512sum",
        "cksum",
        "egrep",
        "fgrep",
        "grep",
        "printenv",
        "arch",
        "nproc",
        "uptime",
        "groups",
        "hostid",
        "locale",
        "seq",
        "rev",
        "fold",
        "expand",
        "unexpand",
        "tac",
        "paste",
        "join",
        "column",
        "strings",
        "od",
        "hexdump",
        "type",
    ]
)

# Commands with options that write or run something: none of these may begin an argument.
_BUT_NOT: dict[str, tuple[str, ...]] = {
    "find": ("-exec", "-ok", "-delete", "-fprint", "-fls", "-files0-from"),
    "rg": ("--pre", "--hostname-bin", "--search-zip", "-z"),
    "sort": ("-o", "--o", "--compress", "--comp", "-T", "--temp", "--files0"),
    "tree": ("-o", "-R"),
    "file": ("-C", "--compile", "-m", "--magic"),
    "diff": ("--to-file",),
    "test": ("-v", "-eq", "-ne", "-lt", "-le", "-gt", "-ge"),
    "jq": ("-f", "--from-file", "-L"),
}

_GIT_READERS = frozenset(
    [
        "status",
        "log",
        "diff",
        "show",
        "rev-parse",
        "ls-files",
        "ls-tree",
        "blame",
        "describe",
        "shortlog",
        "cat-file",
        "rev-list",
        "merge-base",
        "grep",
    ]
)
_GIT_OPTIONS = (
    "--output",
    "-O",
    "--open-files-in-pager",
    "--ext-diff",
    "--textconv",
    "--exec",
    "--no-index",
    "--filters",
    "--show-signature",
    "--submodule",
    "--recurse-submodules",
    "--dirty",
    "--broken",
)
_GIT_LISTS: dict[str, frozenset[str]] = {
    "branch": frozenset({"-a", "-v", "-vv", "-r", "--list", "--show-current", "--all"}),
    "remote": frozenset({"-v", "--verbose"}),
    "tag": frozenset({"-l", "--list"}),
    "stash": frozenset({"list"}),
}

# A repository whose own configuration says no more than this runs no program of its own.
_HARMLESS_CONFIG = re.compile(
    r"(core\.(repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode|symlinks|autocrlf)"
    r"|remote\..+\.(url|fetch)|branch\..+\.(remote|merge|rebase)|user\.(name|email)|init\.defaultbranch)",
    re.IGNORECASE,
)


def is_read_only(command: str, cwd: Path) -> bool:
    """Whether the command, run in `cwd`, provably changes nothing."""
    understood = shellwords.read(command)
    if understood is None:
        return False
    return all(_simple(words, cwd, understood.globs) for words in understood.parts)


def _simple(words: Sequence[str], cwd: Path, globs: bool) -> bool:
    name, arguments = words[0], words[1:]
    if _from_project(name, cwd):
        return False
    if name in _ALWAYS:
        return True
    if globs:
        return False  # a file may be called like an option that writes
    if name == "date":
        return all(a.startswith("+") or a in ("-u", "--utc", "-R", "-I", "--iso-8601") for a in arguments)
    if name == "uniq":
        # A second name is written to, also behind `-` and `--`.
        return "--" not in arguments and sum(a == "-" or not a.startswith("-") for a in arguments) <= 1
    if name == "git":
        return _git(arguments, cwd)
    if name == "sed":
        return _sed(arguments)
    if len(arguments) == 1 and arguments[0] in ("--version", "-V", "-version") and name in _VERSIONED:
        return True
    forbidden = _BUT_NOT.get(name)
    if forbidden is None:
        return False
    return not any(_begins(argument, forbidden) for argument in arguments)


_VERSIONED = frozenset(
    [
        "python",
        "python3",
        "node",
        "git",
        "java",
        "gcc",
        "clang",
        "make",
        "cmake",
        "ruby",
        "perl",
    ]
)


def _from_project(name: str, cwd: Path) -> bool:
    """Whether PATH leads to a program of this name in the folder: it may be something else than its name says."""
    folders = (cwd / part for part in os.environ.get("PATH", "").split(os.pathsep))
    return any(folder.is_relative_to(cwd) and (folder / name).exists() for folder in folders)


def _begins(argument: str, forbidden: Sequence[str]) -> bool:
    """Whether an argument is one of these options: also with its value behind it, as the beginning of a long one
    (`--outp`), or among short ones given together (`-uo out` is `-u -o out`)."""
    if any(argument.startswith(option) for option in forbidden):
        return True
    if argument.startswith("--"):
        named = argument.partition("=")[0]
        return named != "--" and any(option.startswith(named) for option in forbidden)
    return re.match(r"-[A-Za-z]{2,}", argument) is not None and any(
        len(option) == 2 and option[1] in argument[1:] for option in forbidden
    )


def _sed(arguments: Sequence[str]) -> bool:
    """Only `sed -n` with a print command: everything else can write or run."""
    return (
        len(arguments) >= 2 and arguments[0] == "-n" and re.fullmatch(r"\d+(,(\d+|\$))?p", arguments[1]) is not None
    ) and not any(a.startswith("-") for a in arguments[2:])


def _git(arguments: Sequence[str], cwd: Path) -> bool:
    if not arguments:
        return False
    verb, rest = arguments[0], arguments[1:]
    if any(_begins(a, _GIT_OPTIONS) or "%G" in a for a in rest):  # %G asks gpg, which makes files of its own
        return False
    if verb in _GIT_LISTS:
        return (
            all(a in _GIT_LISTS[verb] for a in rest) and (verb != "stash" or bool(rest)) and _plain_repository(cwd)
        )
    return verb in _GIT_READERS and _plain_repository(cwd)


def _plain_repository(cwd: Path) -> bool:
    """Whether git, run here, would run nothing that the repository itself names. Attributes may name filters and
    drivers, but a driver does something only where a configuration defines it."""
    for folder in (cwd, *cwd.parents):
        config = folder / ".git" / "config"
        if (folder / ".git").exists():
            return (
                (folder / ".git").is_dir()
                and not (folder / ".git").is_symlink()
                and not (folder / ".git" / "commondir").exists()
                and not (folder / ".git" / "config.worktree").exists()
                and config.is_file()
                and _no_submodules(folder / ".git")
                and all(_HARMLESS_CONFIG.fullmatch(key) for key in _config_keys(config))
            )
        if (folder / "HEAD").exists():
            return False  # git takes a folder that looks like a bare repository for one
    return False


def _no_submodules(folder: Path) -> bool:
    """Whether the index names no other repository: git would look into it, with that one's configuration. An index
    in parts is not looked through."""
    index = folder / "index"
    try:
        whole = not any(folder.glob("sharedindex.*"))
        return whole and (not index.exists() or b"\x00\x00\xe0\x00" not in index.read_bytes())
    except OSError:
        return False


def _config_keys(path: Path) -> list[str]:
    """The keys of a git configuration; anything unusual comes back as a key that is not harmless."""
    keys: list[str] = []
    section = ""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ["unreadable"]
    for line in lines:
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        head = re.fullmatch(r'\[([A-Za-z0-9.-]+)(?:\s+"([^"\\]*)")?\]', text)
        if head:
            section = f"{head[1]}.{head[2]}" if head[2] is not None else head[1]
            continue
        entry = re.fullmatch(r"([A-Za-z][A-Za-z0-9-]*)\s*=\s*([^\\]*)", text)
        keys.append(f"{section}.{entry[1]}" if entry and section else "unusual")
    return keys

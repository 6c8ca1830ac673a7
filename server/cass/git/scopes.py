"""What a repository's own configuration would make git run, and what is put in its place.

The user's own configuration (system, global) is theirs and holds. What stands in the repository, or in a file that it
includes, may be a stranger's: keys of it that name a program are covered by the user's own value, or by git's default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# Keys that name a program, and git's own default for them.
_PROGRAMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), default)
    for pattern, default in (
        (r"core\.(fsmonitor)", "false"),
        (r"core\.(pager|editor|askpass|gitproxy|alternaterefscommand)|sequence\.editor|pager\..*", ""),
        (r"core\.sshcommand", "ssh"),
        (r"diff\.external|diff\..*\.(command|textconv)|interactive\.difffilter|blame\..*command", ""),
        (r"filter\..*\.(clean|smudge|process)", ""),
        (r"filter\..*\.required", "false"),
        (r"merge\..*\.driver|mergetool\..*|difftool\..*|trailer\..*\.(command|cmd)", ""),
        (r"gpg(\.openpgp)?\.program", "gpg"),
        (r"gpg\.x509\.program", "gpgsm"),
        (r"gpg\.ssh\.program", "ssh-keygen"),
        (r"gpg\.ssh\.defaultkeycommand", ""),
        (r"credential\.(.*\.)?helper", ""),
        (r"remote\..*\.(uploadpack)", "git-upload-pack"),
        (r"remote\..*\.(receivepack)", "git-receive-pack"),
        (r"remote\..*\.vcs|uploadpack\.packobjectshook", ""),
        (r"protocol\.(.*\.)?allow", "never"),
    )
)

# Nothing of these helps cass, whoever set them.
ALWAYS: Mapping[str, str] = {
    "core.fsmonitor": "false",
    "core.pager": "cat",
    "core.editor": "true",
    "diff.external": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "log.showSignature": "false",
    "submodule.recurse": "false",
    "diff.autoRefreshIndex": "false",
    "advice.addIgnoredFile": "false",
    "i18n.commitEncoding": "UTF-8",
    "i18n.logOutputEncoding": "UTF-8",
}

OWN = ("local", "worktree")
"""Scopes that belong to the repository."""


@dataclass(frozen=True)
class Settings:
    """A configuration, read with scopes. `entries` are (scope, key, value) in the order in which git takes them; keys as
    git prints them: section and name in lower case."""

    entries: tuple[tuple[str, str, str], ...] = ()
    covered: Mapping[str, str] = field(default_factory=dict[str, str])

    def own(self, key: str) -> str | None:
        """What the repository itself says; None for nothing."""
        return self._last(key, of_repository=True)

    def users(self, key: str) -> str | None:
        """What the user's own configuration says."""
        return self._last(key, of_repository=False)

    def _last(self, key: str, *, of_repository: bool) -> str | None:
        found = [v for scope, k, v in self.entries if k == key and (scope in OWN) is of_repository]
        return found[-1] if found else None

    @property
    def own_filters(self) -> frozenset[str]:
        """Names of filters that the repository itself defines."""
        names = (
            re.fullmatch(r"filter\.(.*)\.(?:clean|smudge|process)", k, re.DOTALL)
            for s, k, _ in self.entries
            if s in OWN
        )
        return frozenset(match[1] for match in names if match)

    @property
    def fetches_lazily(self) -> bool:
        """Whether git may ask a remote for objects on its own."""
        return any(
            k == "extensions.partialclone" or k.endswith(".promisor") for s, k, _ in self.entries if s in OWN
        )


def read(listed: bytes) -> Settings:
    """Read what `git config --null --show-scope --list` printed."""
    parts = listed.decode("utf-8", "surrogateescape").split("\0")
    entries: list[tuple[str, str, str]] = []
    for scope, setting in zip(parts[0::2], parts[1::2], strict=False):
        key, _, value = setting.partition("\n")
        entries.append((scope, key, value))
    settings = Settings(tuple(entries))
    return Settings(tuple(entries), _covered(settings))


def _covered(settings: Settings) -> dict[str, str]:
    covered: dict[str, str] = {}
    for scope, key, _ in settings.entries:
        if scope in OWN and key not in covered:
            for pattern, default in _PROGRAMS:
                if pattern.fullmatch(key):
                    users = settings.users(key)
                    covered[key] = default if users is None else users
    return covered

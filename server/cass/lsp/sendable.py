"""Which documents may go to a model without anybody being asked: those of the project that nothing hides.

A tool call can be asked about; a key that is pressed cannot. So whatever would need a question stays here.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from cass.agent.permissions import Policy, parse_rules
from cass.agent.showing import why_not
from cass.errors import CassError
from cass.lsp.mirror import Document
from cass.sessions.completing import Completing
from cass.workspace.disk import DiskWorkspace

_SECRET = re.compile(
    r"(^|/)(\.env([.-][^/]*)?|[^/]*\.env|[^/]*\.(pem|key|p12|pfx|jks|keystore|kdbx?|ppk|asc|gpg|age|ovpn|tfvars|tfstate)"
    r"|id_(rsa|dsa|ecdsa|ed25519)[^/]*|\.(netrc|npmrc|pypirc|pgpass|htpasswd|git-credentials|envrc|dockercfg)|_netrc"
    r"|kubeconfig|[^/]*(secrets?|credentials?|passwords?|service[-_]account[^/]*)"
    r"(\.(json|ya?ml|toml|ini|txt|xml|csv|conf|cfg|properties))?"
    r"|(\.ssh|\.gnupg|\.aws|\.azure|\.kube|\.docker|\.git)/.*)$",
    re.IGNORECASE,
)
_KNOWN_SECONDS = 60.0
_KNOWN_FILES = 500


class Sendable:
    """Judges documents. What ignore files say of one is remembered for a minute."""

    def __init__(self, completing: Completing) -> None:
        self._completing = completing
        self._ignored: dict[Path, tuple[float, bool]] = {}

    def place(self, document: Document) -> Path | None:
        """The folder to judge in: where the file lies, or for an unnamed document the client's folder."""
        if document.uri.startswith("untitled:"):
            return next(iter(self._completing.folders), None)
        return _real(document.file.parent) if document.file else None

    async def refusal(self, document: Document) -> str:
        """Why it may not be sent; empty when it may. CassError where the configuration cannot be read."""
        place = self.place(document)
        if place is None:
            return "it is no file, and there is no folder that it belongs to"
        path = document.file
        if path is None:
            return ""
        real = _real(path)
        if _SECRET.search(path.as_posix()) or _SECRET.search(real.as_posix()):
            return "its name says that it holds secrets"
        sessions = self._completing.sessions_at(place)
        root = self._root(place, [session.cwd for session in sessions])
        if root is None or not real.is_relative_to(root):
            return "it lies outside the project"
        if refused := self._denied(root, place, (path, real)):
            return refused
        return "an ignore file names it" if await self._is_ignored(root, real) else ""

    def _root(self, place: Path, more: Sequence[Path]) -> Path | None:
        around = [folder for folder in (*self._completing.folders, *more) if place.is_relative_to(folder)]
        return min(around, key=lambda folder: len(folder.parts)) if around else None

    def _denied(self, root: Path, place: Path, paths: Sequence[Path]) -> str:
        """What the rules about reading say; empty when it is allowed without a question."""
        configured = self._completing.loaded(place).config.permissions
        sessions = self._completing.sessions_at(place)
        folders = {root, *self._completing.folders, *(session.cwd for session in sessions)}
        for cwd in (folder for folder in folders if place.is_relative_to(folder)):
            policy = Policy(
                mode="active",
                approval="ask",
                cwd=cwd,
                inside=lambda path: _real(path).is_relative_to(root),
                ask=(*parse_rules(configured.ask), *(rule for session in sessions for rule in session.rules.ask)),
                deny=(
                    *parse_rules(configured.deny),
                    *(rule for session in sessions for rule in session.rules.deny),
                ),
            )
            for path in paths:
                if refused := why_not(policy, path):
                    return refused
        return ""

    async def _is_ignored(self, root: Path, real: Path) -> bool:
        """A file that is not on disk yet is not ignored."""
        known = self._ignored.get(real)
        if known is None or time.monotonic() - known[0] > _KNOWN_SECONDS:
            known = time.monotonic(), await _find_ignored(root, real)
            self._ignored[real] = known
            while len(self._ignored) > _KNOWN_FILES:
                self._ignored.pop(next(iter(self._ignored)))
        return known[1]


async def _find_ignored(root: Path, real: Path) -> bool:
    if not await asyncio.to_thread(real.exists):
        return False
    try:
        listing = await DiskWorkspace([root]).files(root, glob=re.sub(r"[^\w.-]", "?", real.name))
    except CassError:
        return True
    return real not in listing.paths


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))

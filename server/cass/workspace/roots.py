"""The folders that are covered, each with its store; and all stores that there are."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cass.config import CheckpointConfig
from cass.workspace.contents import Contents, Seen
from cass.workspace.listing import Found, Listing, again
from cass.workspace.snapshots import Looking, Snapshot

MB = 1_000_000


@dataclass
class Root:
    """One root folder with its store, in `folder`. `given_up` is why commands are not covered in it."""

    path: Path
    folder: Path
    settings: CheckpointConfig
    contents: Contents | None = None
    known: dict[str, Seen] = field(default_factory=dict[str, Seen])
    listing: Listing | None = None
    given_up: str = ""

    def name(self, path: Path) -> str:
        """How the store calls a path."""
        return str(path.relative_to(self.path)) if path.is_relative_to(self.path) else str(path)

    def store(self) -> Contents:
        """The store, opened when first needed."""
        if self.contents is None:
            self.contents = Contents(self.folder / _key(self.path), self.settings.max_total_mb * MB)
            self.known = self.contents.seen()
        return self.contents

    def looking(self) -> Looking:
        """How it is looked at."""
        return Looking(self.path, self.store(), self.settings.max_file_mb * MB)

    def known_again(self) -> Snapshot | None:
        """A look where no path has come or gone since the last one; None where some may have."""
        found = again(self.path, self.listing) if self.listing else None
        return self.look(found) if found is not None else None

    def look(self, found: Found) -> Snapshot:
        """A look at these paths."""
        looking = self.looking()  # opens the store
        snapshot = looking.all(found, self.known)
        self.known = snapshot.seen
        snapshot.hidden = self.listing.hidden if self.listing else frozenset()
        return snapshot


def forget(folder: Path, session_id: str) -> None:
    """Free what is kept for a session in any of the stores below `folder`."""
    for store in stores(folder):
        with contextlib.suppress(OSError, sqlite3.Error):
            contents = Contents(store, 1)
            try:
                contents.forget(session_id)
            finally:
                contents.close()


def stores(folder: Path) -> Iterable[Path]:
    """The stores that there are."""
    return sorted(path.parent for path in folder.glob("*/store.sqlite"))


def _key(root: Path) -> str:
    words = re.sub(r"[^A-Za-z0-9.-]+", "-", root.name).strip("-.")[:40] or "root"
    return f"{words}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}"

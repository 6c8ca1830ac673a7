"""What the user decided about folders: one small file each, for the user's eyes alone."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cass import private
from cass.errors import StoreError
from cass.protocol.custom import BroughtKind
from cass.trust.finding import is_settled, signature

log = logging.getLogger(__name__)


class Pin(BaseModel):
    """A file as it was when the user decided. `text` is its beginning with secrets masked, for showing what changed."""

    model_config = ConfigDict(frozen=True)
    kind: BroughtKind
    sha256: str
    size: int = 0
    text: str = ""


class Decision(BaseModel):
    """What was decided about a folder of a project, and of what. `pins` are by path below the project."""

    model_config = ConfigDict(frozen=True)
    folder: str
    project: str = ""
    decision: Literal["trust", "refuse"]
    digest: str
    pins: dict[str, Pin] = Field(default_factory=dict[str, Pin])


class TrustStore:
    """The decisions of one user. Those of `once` hold in this process alone. `masking` gives what takes secrets out
    of texts."""

    def __init__(self, folder: Path, masking: Callable[[], Callable[[str], str]]) -> None:
        self._folder = folder
        self.masking = masking
        self.once: dict[str, Decision] = {}
        self._read: dict[Path, tuple[object, Decision]] = {}

    def read(self, folder: Path) -> Decision | None:
        """What counts for this folder; None when nothing was decided, or it cannot be read any more."""
        once = self.once.get(str(folder))
        if once is not None:
            return once
        file = self._file(folder)
        try:
            now = signature(file)
            known = self._read.get(file)
            if known is None or known[0] != now:
                self._read.pop(file, None)
                settled = is_settled(now)
                found = Decision.model_validate_json(file.read_bytes())
                if settled and signature(file) == now:
                    self._read[file] = now, found
            else:
                found = known[1]
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            log.warning("what was decided about %s cannot be read, so it is asked about again: %s", folder, error)
            return None
        return found if found.folder == str(folder) else None

    def write(self, decision: Decision) -> None:
        """Keep it. StoreError."""
        self.once.pop(decision.folder, None)
        file = self._file(Path(decision.folder))
        try:
            private.write(file, decision.model_dump_json(indent=1).encode())
        except OSError as error:
            raise StoreError(f"the decision cannot be kept in {file}: {error}") from None

    def forget(self, folder: Path) -> None:
        """As if never decided. StoreError."""
        self.once.pop(str(folder), None)
        try:
            self._file(folder).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"the decision cannot be removed: {error}") from None

    def all(self) -> list[Decision]:
        """Every decision that is kept, by folder."""
        found: list[Decision] = []
        for file in sorted(self._folder.glob("*.json")):
            try:
                found.append(Decision.model_validate_json(file.read_bytes()))
            except (OSError, ValidationError) as error:
                log.warning("%s cannot be read: %s", file, error)
        return sorted(found, key=lambda one: one.folder)

    def _file(self, folder: Path) -> Path:
        return self._folder / f"{hashlib.sha256(str(folder).encode('utf-8', 'surrogateescape')).hexdigest()}.json"

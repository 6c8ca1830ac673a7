"""The seam to trust: whether what a folder brings may act."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from cass.protocol.custom import TrustState


class Trust(Protocol):
    """What the user decided about a folder. Files of the user's own, outside of it, need no trust."""

    @property
    def state(self) -> TrustState:
        """How the folder stands, as it is on disk this moment."""
        ...

    def allows(self, path: Path) -> bool:
        """Whether what this file says may act now: it lies outside the folder, or the user trusted it as it is, to the
        byte. Looks at the disk each time; to be asked before each use."""
        ...

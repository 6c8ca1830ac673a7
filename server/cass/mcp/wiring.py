"""What servers are run with: the same for all sessions of one process, but for their settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cass.mcp.catalog import Catalog
from cass.process import Piped

if TYPE_CHECKING:
    from httpx2 import Auth

    from cass.mcp.files import Definition


def _no_auth(one: Definition) -> Auth | None:
    return None


@dataclass(frozen=True)
class Wiring:
    """`environ` is what definitions read variables from, but for those `kept_back`. `auth` signs the requests to a server
    that its user signed in to; None where they did not. What signing in gave is kept in the folder `tokens`."""

    piped: Piped
    catalog: Catalog
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    kept_back: Collection[str] = ()
    auth: Callable[[Definition], Auth | None] = _no_auth
    tokens: Path = Path()

"""Where cass keeps things: the platform's user folders, or all of it under `CASS_HOME`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Folders, which may not exist yet: configuration, data (sessions), state (what was learned, logs); and the user's
    home, where other tools keep theirs."""

    config: Path
    data: Path
    state: Path
    home: Path

    @property
    def config_file(self) -> Path:
        """The user's settings."""
        return self.config / "config.toml"

    @property
    def sessions(self) -> Path:
        """The journals."""
        return self.data / "sessions"

    @property
    def session_index(self) -> Path:
        """A cache over the journals; it may be deleted at any time."""
        return self.state / "sessions.sqlite"


def find(environ: Mapping[str, str]) -> Places:
    """The folders for this user. `CASS_HOME` counts only as an absolute path: a relative one would let the
    current folder decide."""
    home = environ.get("CASS_HOME", "")
    if home and Path(home).is_absolute():
        base = Path(home)
        return Places(base, base / "data", base / "state", _home(environ))
    from platformdirs import PlatformDirs  # only where it is needed: costs start-up time

    dirs = PlatformDirs("cass", appauthor=False, roaming=False)
    return Places(dirs.user_config_path, dirs.user_data_path, dirs.user_state_path, _home(environ))


def _home(environ: Mapping[str, str]) -> Path:
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "")
    return home if home.is_absolute() else Path.home()


def project_files(folder: Path) -> tuple[Path, Path]:
    """A project folder's settings and its owner's local ones."""
    return folder / ".cass" / "config.toml", folder / ".cass" / "config.local.toml"

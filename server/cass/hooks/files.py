"""The files that hooks stand in: where they are, and what they say now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from cass import brought, places, plainfile
from cass.hooks.rules import Hook, Place, Rules, read

_MOST_BYTES = 1_000_000

Stamp = tuple[int, int, int, int] | None


def places_of(cwd: Path, config_dir: Path, home: Path) -> Iterator[Place]:
    """All files that may hold hooks, the user's own first, then the project's from its root down to `cwd`; whether
    they are there or not."""
    own = home / ".claude" / "settings.json"
    yield Place(str(own), own, cwd, "user", "claude")
    settings = config_dir / "config.toml"
    yield Place(str(settings), settings, cwd, "user", "cass")
    for folder in brought.project_folders(cwd, home):
        for name in ("settings.json", "settings.local.json"):
            path = folder / ".claude" / name
            if path != own:
                yield Place(_shown(path, cwd), path, folder, "project", "claude")
        for path in places.project_files(folder):
            if path != settings:
                yield Place(_shown(path, cwd), path, folder, "project", "cass")


@dataclass
class Files:
    """The hooks of all files, read again when one has changed."""

    cwd: Path
    config_dir: Path
    home_dir: Path
    settings: Callable[[], Mapping[str, Mapping[str, object]]] = dict[str, Mapping[str, object]]
    _known: dict[Path, tuple[Stamp, Rules]] = field(default_factory=dict[Path, tuple[Stamp, Rules]])

    def now(self) -> Iterator[tuple[Place, Rules]]:
        """Each file with what it says this moment, and before them what no file holds."""
        for name, values in self.settings().items():
            place = Place(name, None, self.cwd, "user", "cass")
            yield place, read(values, place)
        for place in places_of(self.cwd, self.config_dir, self.home_dir):
            assert place.file is not None
            stamp = _stamp(place.file)
            known = self._known.get(place.file)
            if known is None or known[0] != stamp:
                known = self._known[place.file] = stamp, _read(place) if stamp else Rules()
            yield place, known[1]

    def hooks(self) -> list[Hook]:
        """All hooks, in order."""
        return [hook for _, rules in self.now() for hook in rules.hooks]

    def problems(self) -> list[str]:
        """All that is wrong in them."""
        return [problem for _, rules in self.now() for problem in rules.problems]


def _read(place: Place) -> Rules:
    assert place.file is not None
    try:
        if place.file.stat().st_size > _MOST_BYTES:
            return Rules(problems=(f"{place.name}: its hooks are not read: it is bigger than 1 MB",))
        text = plainfile.read(place.file, _MOST_BYTES).decode("utf-8-sig")
        values = _values(text, "json" if place.file.suffix == ".json" else "toml")
    except (OSError, ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        why = getattr(error, "strerror", None) or str(error)
        return Rules(problems=(f"{place.name}{line}: its hooks are not read: {why}",))
    hooks = values.get("hooks")
    if hooks is None or values.get("disableAllHooks") is True:
        return Rules()
    if not isinstance(hooks, dict):
        return Rules(problems=(f"{place.name}: `hooks` must be an object with the events as its keys",))
    return read(cast("dict[str, object]", hooks), place, text)


def _values(text: str, kind: Literal["json", "toml"]) -> Mapping[str, object]:
    loaded: object = (json.loads(text) if text.strip() else {}) if kind == "json" else plainfile.toml(text)
    if not isinstance(loaded, dict):
        raise ValueError("it does not hold an object")
    return cast("dict[str, object]", loaded)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _shown(path: Path, cwd: Path) -> str:
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)

"""Schedules that a project brings (`.cass/schedules/`): files that say what could be scheduled. None runs before the user
trusted the folder and added it by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cass import brought, frontmatter, plainfile
from cass.errors import ConfigError, TrustError
from cass.schedules import making
from cass.schedules.definition import Schedule, Source

_MOST_BYTES = 200_000
_MOST_FILES = 200
_FORBIDDEN = ("approval", "allow", "folder", "folder_trust", "notify")
"""What a project may not say: the user gives it when they add the schedule."""


@dataclass(frozen=True)
class Offer:
    """One file. `is_trusted`: it may be used as it is now."""

    name: str
    path: Path
    is_trusted: bool


def offers(cwd: Path, home: Path, allows: Callable[[Path], bool]) -> list[Offer]:
    """The files for this folder, by name; those nearer to it replace those above. Nothing is read."""
    found: dict[str, Offer] = {}
    for folder in brought.project_folders(cwd, home):
        try:
            paths = sorted((folder / ".cass" / "schedules").iterdir())[:_MOST_FILES]
        except OSError:
            continue
        for path in paths:
            if path.suffix in (".toml", ".md") and not path.name.startswith("."):
                found[path.stem] = Offer(path.stem, path, allows(path))
    return [found[name] for name in sorted(found)]


def taken(offer: Offer, given: Mapping[str, object], folder: Path, now: datetime) -> Schedule:
    """The schedule that a file describes; `given` goes before what it says. TrustError, ConfigError with file and line."""
    if not offer.is_trusted:
        raise TrustError(
            f"{offer.path} may not be used: its folder is not trusted as it is now",
            hint="`cass trust` shows what the folder brings and takes your decision.",
        )
    try:
        data = plainfile.read(offer.path, _MOST_BYTES)
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"it cannot be read: {error}", where=str(offer.path)) from None
    values, lines = _read(offer.path, text)
    for key in _FORBIDDEN:
        if key in values:
            flag = f"--{key.replace('_', '-')}"
            raise ConfigError(
                f"a project's schedule may not say {key}",
                where=_place(offer.path, lines, key),
                hint=f"Take it out of the file, and give {flag} yourself when you add the schedule.",
            )

    def where(key: str) -> str:
        return f"--{key.replace('_', '-')}" if key in given else _place(offer.path, lines, key)

    source = Source(path=str(offer.path), sha256=hashlib.sha256(data).hexdigest())
    return making.made({"name": offer.name, **values, **given}, folder, now, where, source)


def stands(source: Source) -> bool:
    """Whether the file is still what was added."""
    try:
        data = plainfile.read(Path(source.path), _MOST_BYTES)
    except OSError:
        return False
    return hashlib.sha256(data).hexdigest() == source.sha256


def _read(path: Path, text: str) -> tuple[dict[str, object], dict[str, int]]:
    if path.suffix == ".md":
        page = frontmatter.read(text)
        if page.problem:
            raise ConfigError(page.problem, where=str(path))
        body = page.body.strip()
        lines = {key.replace("-", "_"): line for key, line in page.lines.items()}
        values = {key.replace("-", "_"): value for key, value in page.values.items()}
        return ({**values, "prompt": body} if body else values), lines
    try:
        values = plainfile.toml(text)
    except ValueError as error:
        raise ConfigError(f"it is no TOML: {error}", where=str(path)) from None
    rows = enumerate(text.splitlines(), 1)
    lines = {row.partition("=")[0].strip(): number for number, row in rows if "=" in row}
    return {key.replace("-", "_"): value for key, value in values.items()}, lines


def _place(path: Path, lines: Mapping[str, int], key: str) -> str:
    line = lines.get(key)
    return f"{path}:{line}" if line else str(path)

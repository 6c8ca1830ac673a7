"""The user's own settings file, changed in place: comments and order stay."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import tomlkit

from cass import layers, private
from cass.errors import ConfigError


def document(file: Path) -> tomlkit.TOMLDocument:
    """The file, or an empty one. ConfigError for one that cannot be read."""
    try:
        return tomlkit.parse(file.read_text("utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError(
            f"cannot be changed: {error}", where=str(file), hint="`cass config edit` opens it."
        ) from None


def table(document: tomlkit.TOMLDocument, *names: str) -> dict[str, object]:
    """The table of this name in it, made where it is missing."""
    found = cast("dict[str, object]", document)
    for name in names:
        found = cast("dict[str, object]", found.setdefault(name, tomlkit.table(is_super_table=name != names[-1])))
    return found


def checked(document: tomlkit.TOMLDocument, file: Path) -> str:
    """Its text. ConfigError for settings that cannot be."""
    text = tomlkit.dumps(document)  # pyright: ignore[reportUnknownMemberType]
    layers.load([layers.Layer("user", str(file), tomlkit.parse(text).unwrap(), text)])
    return text


def write(file: Path, text: str) -> None:
    """Put it in its place. ConfigError."""
    try:
        private.write(file, text.encode())
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(file)) from None

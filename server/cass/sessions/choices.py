"""The remembered switches of inline completion: one small file, the user's own and one set for each project.

Several processes share it: it is read again when it has changed, and replaced in one step.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cass import private
from cass.protocol.wire import JsonObject, as_object

FILE_NAME = "completion.json"
MAX_PROJECTS = 500
ALL = "*"
"""Stands for all languages that are not named."""

Choices = dict[str, bool]

log = logging.getLogger(__name__)


class Remembered:
    """What was chosen. A file that is missing or damaged counts as empty; one that cannot be written is told of in
    the log, and the choice holds until the process ends."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE_NAME
        self._stamp: object = None
        self._user: Choices = {}
        self._projects: dict[str, Choices] = {}

    def user(self) -> Choices:
        """The user's choices, by language."""
        self._read()
        return self._user

    def projects(self) -> Mapping[str, Choices]:
        """Choices by language, by the real path of a folder."""
        self._read()
        return self._projects

    def put(self, folder: Path | None, choices: Choices) -> None:
        """Keep the choices of a folder, or with None the user's own."""
        self._read()
        if folder is None:
            self._user = choices
        else:
            self._projects.pop(str(folder), None)
            self._projects[str(folder)] = choices
            while len(self._projects) > MAX_PROJECTS:
                self._projects.pop(next(iter(self._projects)))
        self._write()

    def _read(self) -> None:
        stamp = _stamp(self._path)
        if stamp is None or stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            value = as_object(json.loads(self._path.read_text("utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            log.warning("%s cannot be read and is begun anew: %s", self._path, error)
            value = {}
        self._user = _choices(value.get("user"))
        self._projects = {name: _choices(given) for name, given in as_object(value.get("projects")).items()}

    def _write(self) -> None:
        kept: JsonObject = {"version": 1, "user": self._user, "projects": self._projects}
        temporary = ""
        try:
            private.make_folder(self._path.parent)
            handle, temporary = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=self._path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(json.dumps(kept, indent=1))
            Path(temporary).replace(self._path)
            self._stamp = _stamp(self._path)
        except OSError as error:
            log.warning("the choice about completion cannot be kept in %s: %s", self._path, error.strerror)
            if temporary:
                Path(temporary).unlink(missing_ok=True)


def recorded(choices: Choices, language: str | None, enabled: bool) -> Choices:
    """The choices with one more. One about all languages lets only those stand that are off while it is on."""
    if language is not None:
        return {**choices, language: enabled}
    off = {name: False for name, on in choices.items() if not on and name != ALL}
    return {**(off if enabled else {}), ALL: enabled}


def said(choices: Choices, language: str | None) -> bool | None:
    """What the choices say about a language; None for nothing."""
    if language is not None and language in choices:
        return choices[language]
    return choices.get(ALL)


def _choices(value: object) -> Choices:
    return {name: on for name, on in as_object(value).items() if isinstance(on, bool)}


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

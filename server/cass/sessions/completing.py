"""Whether what is typed is completed, who decided that, and the model that completes.

A choice for a session goes before one for its project, that before the user's own, and that before the settings. Off
is off: whoever switches it off has it off where they are, whatever narrower choice said on; and what a project's own
file switches off is on again only by a choice for that project or a session in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cass import brought, places
from cass.config import CompletionConfig
from cass.errors import CassError, ConfigError, ProtocolError, SessionError
from cass.layers import Loaded
from cass.ports import Models
from cass.protocol.editing import CompletionSetParams, CompletionStatus
from cass.sessions.choices import ALL, Choices, Remembered, recorded, said

if TYPE_CHECKING:
    from cass.sessions.session import Session

_OFF = "it is off until you switch it on"
_NARROWER = {"session": (), "project": ("session",), "user": ("session", "project")}


@dataclass(frozen=True)
class Ruling:
    """Whether it is on, and what decided that, in words."""

    enabled: bool
    because: str


@dataclass(frozen=True)
class _Table:
    """Choices of one scope, and how they are kept."""

    scope: str
    choices: Choices
    keep: Callable[[Choices], None]


class Completing:
    """The switch. `folders` are those that the client works in; `on_change` is called after every switching."""

    def __init__(
        self,
        kept: places.Places,
        load: Callable[[Path | None], Loaded],
        sessions: Callable[[], Sequence[Session]],
        models: Callable[[], Models],
    ) -> None:
        self._places = kept
        self._load = load
        self._open = sessions
        self._models = models
        self._remembered = Remembered(kept.state)
        self._chosen: dict[str, Choices] = {}
        self._loaded: dict[Path | None, tuple[object, Loaded]] = {}
        self._default = ""
        self.folders: tuple[Path, ...] = ()
        self.on_change: list[Callable[[], None]] = []

    def rule(self, language: str | None, place: Path | None) -> Ruling:
        """Whether it is on for a language (None: those that nothing is said about) in a folder."""
        try:
            loaded = self.loaded(place)
        except ConfigError as error:
            return Ruling(enabled=False, because=f"the configuration cannot be read: {error.message}")
        configured = loaded.config.completion
        shut = self._shut(loaded, language, place)
        for table in self._tables(place):
            word = said(table.choices, language)
            if word is None:
                continue
            if word and shut and table.scope == "user":
                return Ruling(enabled=False, because=f"{shut} switches it off")
            named = language is not None and language in table.choices
            if word and not named and language and configured.languages.get(language) is False:
                break
            return Ruling(word, _words(word, table.scope, language if named else None))
        if shut:
            return Ruling(enabled=False, because=f"{shut} switches it off")
        return _configured(loaded, language)

    def set(self, params: CompletionSetParams) -> Path | None:
        """Switch it; the folder that this was about. ProtocolError where a session or folder must be named,
        SessionError for a session that is not open."""
        place = self.place(params.session_id, params.cwd)
        target = self._target(params, place)
        narrower = [table for table in self._tables(place) if table.scope in _NARROWER[params.scope]]
        for table in narrower if not params.enabled else ():
            language = params.language_id
            if any(table.choices.values()) if language is None else said(table.choices, language):
                table.keep(recorded(table.choices, language, params.enabled))
        target.keep(recorded(target.choices, params.language_id, params.enabled))
        for listener in self.on_change:
            listener()
        return place

    async def status(self, language: str | None, place: Path | None) -> CompletionStatus:
        """As clients are told. Nothing is asked of a provider while it is off."""
        ruling = self.rule(language, place)
        model: str | None = None
        try:
            model = await self.model(place) if ruling.enabled else self._named(place) or None
        except CassError as error:
            return CompletionStatus(enabled=ruling.enabled, because=f"{ruling.because}, but {error.message}")
        return CompletionStatus(enabled=ruling.enabled, because=ruling.because, model=model)

    async def model(self, place: Path | None) -> str:
        """The model that completes here: the one set for it, else the session's, else the default one. ConfigError
        when there is none."""
        name = self._named(place) or self._default
        if not name:
            self._default = name = await self._models().default()
        return name

    def settings(self, place: Path | None) -> CompletionConfig:
        """The settings of a folder. ConfigError."""
        return self.loaded(place).config.completion

    def loaded(self, place: Path | None) -> Loaded:
        """The configuration that holds in a folder, read again when a file of it has changed. ConfigError."""
        folder = self._folder(place)
        files = [self._places.config_file, *(brought.settings_files(folder, self._places.home) if folder else ())]
        stamp = tuple(map(_stamp, files))
        known = self._loaded.get(folder)
        if known is None or known[0] != stamp:
            known = stamp, self._load(folder)
            self._loaded[folder] = known
        return known[1]

    def sessions_at(self, place: Path | None) -> list[Session]:
        """The open sessions in whose folder a place lies, the newest first."""
        return [s for s in reversed(self._open()) if place is None or _inside(place, s.cwd)]

    def place(self, session_id: str | None, cwd: str | None) -> Path | None:
        """The folder that a client means. SessionError for a session that is not open."""
        if session_id is not None:
            return self._session(session_id).cwd
        if cwd:
            return Path(os.path.realpath(cwd))
        return self.folders[0] if self.folders else None

    def _named(self, place: Path | None) -> str:
        loaded = self.loaded(place)
        of_sessions = (session.model_name for session in self.sessions_at(place))
        return loaded.config.completion.model or next(filter(None, of_sessions), "") or loaded.config.model or ""

    def _session(self, session_id: str) -> Session:
        for session in self._open():
            if session.session_id == session_id:
                return session
        raise SessionError(f"the session {session_id[:80]} is not open here", kind="session_not_found")

    def _folder(self, place: Path | None) -> Path | None:
        """The folder whose settings hold at a place: the client's, else a session's, else the place itself."""
        if place is None:
            return None
        for folders in (self.folders, [session.cwd for session in self._open()]):
            around = [folder for folder in folders if _inside(place, folder)]
            if around:
                return max(around, key=lambda folder: len(folder.parts))
        return place

    def _tables(self, place: Path | None) -> Iterator[_Table]:
        """All choices that hold at a place, the narrowest first."""
        at = {session.session_id for session in self.sessions_at(place)}
        for session_id in reversed([id for id in self._chosen if id in at]):
            yield self._of_session(session_id)
        if place is not None:
            around = [Path(name) for name in self._remembered.projects() if _inside(place, Path(name))]
            for folder in sorted(around, key=lambda folder: -len(folder.parts)):
                yield self._of_project(folder)
        yield _Table("user", self._remembered.user(), lambda choices: self._remembered.put(None, choices))

    def _of_session(self, session_id: str) -> _Table:
        def keep(choices: Choices) -> None:
            self._chosen.pop(session_id, None)  # the newest stands last
            self._chosen[session_id] = choices

        return _Table("session", self._chosen.get(session_id, {}), keep)

    def _of_project(self, folder: Path) -> _Table:
        choices = self._remembered.projects().get(str(folder), {})
        return _Table("project", choices, lambda choices: self._remembered.put(folder, choices))

    def _target(self, params: CompletionSetParams, place: Path | None) -> _Table:
        if params.scope == "session":
            if params.session_id is None:
                raise ProtocolError("which session is meant?", hint="Give sessionId.", kind="invalid_params")
            return self._of_session(params.session_id)
        if params.scope == "project":
            folder = self._folder(place)
            if folder is None:
                raise ProtocolError("which project is meant?", hint="Give cwd or sessionId.", kind="invalid_params")
            return self._of_project(folder)
        return _Table("user", self._remembered.user(), lambda choices: self._remembered.put(None, choices))

    def _shut(self, loaded: Loaded, language: str | None, place: Path | None) -> str:
        """The project's own file that switches it off; empty for none."""
        folder = self._folder(place)
        files = set(map(str, brought.settings_files(folder, self._places.home))) if folder else set[str]()
        configured = loaded.config.completion
        for key, off in (
            ("completion.enabled", not configured.enabled),
            ("completion.languages", bool(language) and configured.languages.get(language or ALL) is False),
        ):
            if off and loaded.origins.get(key) in files:
                return loaded.origins[key]
        return ""


def _configured(loaded: Loaded, language: str | None) -> Ruling:
    """What the settings say."""
    configured = loaded.config.completion
    if language is not None and language in configured.languages:
        on, where = configured.languages[language], loaded.origins.get("completion.languages", "")
        return Ruling(on, f"completion.languages says so of {language} ({where})")
    where = loaded.origins.get("completion.enabled")
    return Ruling(configured.enabled, f"completion.enabled says so ({where})" if where else _OFF)


def _words(on: bool, scope: str, language: str | None) -> str:
    of = f" for {language}" if language else ""
    where = {"session": " in this session", "project": " in this project"}.get(scope, "")
    return f"you switched it {'on' if on else 'off'}{of}{where}"


def _inside(place: Path, folder: Path) -> bool:
    return place == folder or place.is_relative_to(folder)


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

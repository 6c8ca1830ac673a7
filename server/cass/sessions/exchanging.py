"""Taking sessions out and bringing others in. What comes from outside is a stranger's: it brings no permission, no running
command, and no folder of its own choosing."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cass.errors import CassError, ProtocolError, SessionError
from cass.ports.exchange import READ_MOST, Coming, Format, Going
from cass.ports.store import SessionHeader
from cass.protocol.events import (
    ConfigOptionUpdate,
    Event,
    JobUpdate,
    PermissionGranted,
    PromptDropped,
    PromptQueued,
    SessionInfoUpdate,
    UserMessage,
)
from cass.protocol.keeping import ExportParams, ExportResult, ImportParams, ImportResult
from cass.sessions import forks, keeping, titles
from cass.sessions.house import House
from cass.sessions.state import Folded

if TYPE_CHECKING:
    from cass.sessions.library import Library

_HEAD = 65_536
_MOST = 32_000_000
"""Characters of an export that are sent; a longer one goes to a file."""
_STAYS = (PermissionGranted, JobUpdate, PromptQueued, PromptDropped)
"""What belongs to a place and a moment."""


async def export(library: Library, params: ExportParams) -> ExportResult:
    """Write a session down. ProtocolError `invalid_params` for an unknown format; SessionError `export_failed` when the
    file is there already or cannot be written."""
    return await export_of(library.house, params, (await keeping.find(library, params.session_id)).title)


async def export_of(house: House, params: ExportParams, title: str) -> ExportResult:
    """The same, of a session whose title is known."""
    formats = {name: f for name, f in house.formats().items() if f.write}
    if params.format not in formats:
        raise ProtocolError(
            f"there is no format {params.format[:40]!r}", hint=f"It is one of: {', '.join(sorted(formats))}."
        )
    header, events = house.store.read(params.session_id)
    here = _place(header, house)
    masker = house.masker(
        house.config_for(here, house.trust(here, "ask")).config
    )  # it may have been kept with masking off
    kept = (masker.model(event) for event in events if not isinstance(event, _STAYS))
    going = Going(params.session_id, header.cwd, header.created_at, masker.text(title), kept)
    return await asyncio.to_thread(_write, formats[params.format], going, params.path)


def _place(header: SessionHeader, house: House) -> Path:
    """The session's folder, or where the client works when it is not there any more."""
    folder = Path(header.cwd)
    return folder if folder.is_dir() else house.present()


def _write(form: Format, going: Going, path: str | None) -> ExportResult:
    assert form.write is not None
    if path is None:
        out = io.StringIO()
        form.write(going, out)
        if out.tell() > _MOST:
            raise SessionError("the session is too long to be shown", hint="Name a file.", kind="export_failed")
        return ExportResult(content=_carried(out.getvalue()))
    try:
        fd = os.open(_absolute(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            form.write(going, file)
    except OSError as error:
        why = "it is there already" if isinstance(error, FileExistsError) else error.strerror
        raise SessionError(
            f"{path} cannot be written: {why}", hint="Name another file.", kind="export_failed"
        ) from error
    return ExportResult(path=path)


async def bring_in(library: Library, params: ImportParams, home: Path) -> ImportResult:
    """Keep the sessions of a file, or of a program's logs about a folder that are not here yet. ProtocolError for what is
    not a form that can be read."""
    return await asyncio.to_thread(_bring_in, library, params, home)


def _bring_in(library: Library, params: ImportParams, home: Path) -> ImportResult:
    readable = {name: f for name, f in library.house.formats().items() if f.read}
    cwd = Path(params.cwd) if params.cwd else library.house.present()
    if params.format is not None and params.format not in readable:
        raise ProtocolError(
            f"there is no format {params.format[:40]!r}", hint=f"It is one of: {', '.join(sorted(readable))}."
        )
    if params.path is not None:
        path = _absolute(params.path)
        files = [(path, readable[params.format] if params.format else _detected(path, readable))]
        known: set[str | None] = set()
    elif params.format and (logs := readable[params.format].logs):
        files = [(path, readable[params.format]) for path in logs(home, cwd)]
        known = {session.header.origin for session in library.house.store.list(None)}
    else:
        raise ProtocolError(
            "nothing is named that could be brought in", hint="Name a file, or a program with logs."
        )
    made: list[str] = []
    left_out, problems = 0, list[str]()
    for path, form in files:
        try:
            for coming, origin in _coming(path, form):
                left_out += coming.left_out
                if origin not in known and (session_id := _keep(library, coming, cwd, origin)):
                    made.append(session_id)
        except (CassError, OSError, ValueError, RecursionError) as error:
            problems.append(f"{path}: {_why(error)}")
    if problems and params.path is not None and not made:
        raise SessionError(f"nothing was brought in from {problems[0]}", kind="import_failed")
    stored = {s.header.session_id: s for s in library.house.store.list(None)} if made else {}
    infos = tuple(library.info(stored[id]) for id in made if id in stored)
    return ImportResult(sessions=infos, left_out=left_out, problems=tuple(problems[:20]))


def _coming(path: Path, form: Format) -> Iterator[tuple[Coming, str]]:
    if path.stat().st_size > READ_MOST:
        raise ValueError(f"it is bigger than {READ_MOST // 1_048_576} MB")
    assert form.read is not None
    for number, coming in enumerate(form.read(path)):
        yield coming, f"{form.name}:{path.stem}" + (f"#{coming.created_at or number}" if number else "")


def _keep(library: Library, coming: Coming, cwd: Path, origin: str) -> str | None:
    """Keep one session; its id. None when nobody says anything in it."""
    first = next((e for e in coming.events if isinstance(e, UserMessage) and e.source == "user"), None)
    if first is None:
        return None
    events = [_harmless(event) for event in coming.events if not isinstance(event, _STAYS)]
    if not any(isinstance(event, SessionInfoUpdate) for event in events):
        named = titles.named(Folded(), first.content)
        title = " ".join(coming.title.split())[:100]
        events.append(named.model_copy(update={"title": title}) if title else named)
    own = Path(coming.cwd) if coming.cwd else cwd
    folder = own if own.is_relative_to(cwd) and own.is_dir() else cwd
    header = SessionHeader(forks.new_id(), str(folder), _time(coming.created_at), origin=origin)
    masker = library.house.masker(library.house.config_for(folder, library.house.trust(folder, "ask")).config)
    library.house.store.write(header, [masker.model(event) for event in events])
    return header.session_id


def _harmless(event: Event) -> Event:
    """The event without the right to do things unasked."""
    if not isinstance(event, ConfigOptionUpdate):
        return event
    asking = (
        o.model_copy(update={"current_value": "ask"}) if o.id == "approval" else o for o in event.config_options
    )
    return event.model_copy(update={"config_options": tuple(asking)})


def _detected(path: Path, readable: Mapping[str, Format]) -> Format:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise SessionError(f"{path} cannot be read: {error.strerror}", kind="import_failed") from error
    for form in _cautious(readable.values()):
        if form.detect and form.detect(head):
            return form
    raise SessionError(
        f"{path} is in no form that is known",
        hint=f"Known are {', '.join(sorted(readable))}; --format says which one it is.",
        kind="import_failed",
    )


def _cautious(forms: Iterable[Format]) -> list[Format]:
    """cass's own form first: a journal may hold another program's lines as text."""
    return sorted(forms, key=lambda form: (form.write is None, form.name))


def _absolute(path: str) -> Path:
    if not Path(path).is_absolute():
        raise ProtocolError(f"{path[:200]!r} is not an absolute path", kind="invalid_params")
    return Path(path)


def _time(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        return datetime.now(UTC).isoformat(timespec="milliseconds")


def _why(error: Exception) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else str(error).splitlines()[0][:200]


def _carried(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")

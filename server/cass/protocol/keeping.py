"""Keeping sessions: finding them again, naming, forking, taking them out and bringing others in, clearing up."""

from __future__ import annotations

from pydantic import Field

from cass.protocol.looking import SessionInfo
from cass.protocol.wire import Method, Wire


class SearchParams(Wire):
    """Look for words in everything that was said and done: each is the beginning of a word, those in double quotes stand
    as they are. All of them must be in a session, wherever. With `cwd` only in the sessions of that folder."""

    query: str
    cwd: str | None = None
    limit: int = Field(default=20, ge=1, le=200)
    archived: bool = True


class SearchHit(Wire):
    """A session in which the words were found. `marks` are where they stand in `snippet`, as start and end in
    characters. `turn_id` is the turn that the snippet is from: `cass/session/fork` can begin there."""

    session: SessionInfo
    snippet: str
    marks: tuple[tuple[int, int], ...] = ()
    turn_id: str | None = None


class SearchResult(Wire):
    """The newest sessions first. `unread` sessions could not be looked at in time; the same search again does."""

    hits: tuple[SearchHit, ...]
    unread: int = 0


class ForkParams(Wire):
    """Begin a new session with what another one holds up to the end of a turn, or of the last turn that ended. `turn`
    names it by its number instead: 1 is the first in which the user said something, -1 the last."""

    session_id: str
    turn_id: str | None = None
    turn: int | None = None


class SetInfoParams(Wire):
    """Change what is given of a session, open or not. A title that was given here is never replaced by one that cass
    makes; an empty one lets cass make one again."""

    session_id: str
    title: str | None = Field(default=None, max_length=200)
    tags: tuple[str, ...] | None = Field(default=None, max_length=50)
    add_tags: tuple[str, ...] = Field(default=(), max_length=50)
    remove_tags: tuple[str, ...] = Field(default=(), max_length=50)
    archived: bool | None = None


class SessionResult(Wire):
    """The session as it is listed."""

    session: SessionInfo


class ExportParams(Wire):
    """Write a session down: `json` holds all of it, `markdown` and `html` are for reading. With `path`, absolute, it is
    written to that file, which must not be there yet."""

    session_id: str
    format: str = "markdown"
    path: str | None = None


class ExportResult(Wire):
    """The text, or the file that it was written to."""

    content: str | None = None
    path: str | None = None


class ImportParams(Wire):
    """Bring in the sessions that a file holds: cass's own JSON, or another program's log. Without `format` the file is
    looked at. `path` is absolute; without it the logs that the program `format` keeps of the folder `cwd` are taken.
    `cwd` is where the sessions belong, if their own folder is not here."""

    path: str | None = None
    format: str | None = None
    cwd: str | None = None


class ImportResult(Wire):
    """The new sessions. `left_out` counts the parts that were damaged or are not known; `problems` are files that could
    not be read at all, and why."""

    sessions: tuple[SessionInfo, ...]
    left_out: int = 0
    problems: tuple[str, ...] = ()


class PruneParams(Wire):
    """Remove the sessions that the settings `sessions.*` keep no longer. With `dry_run` only say which."""

    dry_run: bool = False


class PruneResult(Wire):
    """The sessions that were, or would be, removed."""

    sessions: tuple[SessionInfo, ...]


SESSION_SEARCH = Method("cass/session/search", SearchParams, SearchResult)
SESSION_FORK = Method("cass/session/fork", ForkParams, SessionResult)
SESSION_SET_INFO = Method("cass/session/setInfo", SetInfoParams, SessionResult)
SESSION_EXPORT = Method("cass/session/export", ExportParams, ExportResult)
SESSION_IMPORT = Method("cass/session/import", ImportParams, ImportResult)
SESSION_PRUNE = Method("cass/session/prune", PruneParams, PruneResult)

CLIENT_TO_SERVER = (
    SESSION_SEARCH,
    SESSION_FORK,
    SESSION_SET_INFO,
    SESSION_EXPORT,
    SESSION_IMPORT,
    SESSION_PRUNE,
)

"""Where schedules are kept: a file for each, and beside it the lines of what happened to it.

Several processes use one store at a time. What is read, decided and written in one step is so under one lock; a file that is
damaged is set aside and told of, and harms no other one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from cass import plainfile, private
from cass.errors import ConfigError, SessionError, StoreError
from cass.schedules import files
from cass.schedules.definition import Schedule
from cass.schedules.records import Record, Story

log = logging.getLogger(__name__)

T = TypeVar("T")

_MOST_BYTES = 1_000_000
_MOST_LOG_BYTES = 64_000_000
MOST = 500
"""Schedules of one user."""
WAKE = "wake"
"""A pipe in the store's folder: whoever runs schedules reads it, and looks again."""


@dataclass
class _Log:
    """The lines of one schedule as far as they were read."""

    story: Story
    inode: int = 0
    size: int = 0
    lines: int = 0


class ScheduleStore:
    """The schedules of one user, in a folder. `keep` runs of each are kept."""

    def __init__(self, folder: Path, keep: int = 100) -> None:
        self.folder = folder
        self._keep = keep
        self._logs: dict[str, _Log] = {}
        self._read: dict[Path, tuple[tuple[int, int, int], Schedule]] = {}
        self.problems: list[str] = []

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Nobody else changes the store meanwhile. StoreError."""
        try:
            with files.locked(self.folder / "lock"):
                yield
        except OSError as error:
            raise StoreError(f"schedules cannot be kept in {self.folder}: {error.strerror}") from None

    def all(self) -> list[Schedule]:
        """Every schedule, by name. One whose file is damaged is set aside; `problems` says so."""
        found: list[Schedule] = []
        try:
            paths = sorted(self.folder.glob("sch-*.json"))
        except OSError:
            paths = []
        for path in paths[:MOST]:
            schedule = self._schedule(path)
            if schedule:
                found.append(schedule)
        return sorted(found, key=lambda one: (one.name.lower(), one.id))

    def find(self, word: str) -> Schedule:
        """The schedule of this name or id, or the only one whose id begins like this. SessionError."""
        known = self.all()
        exact = [s for s in known if word in (s.name, s.id)]
        near = exact or [s for s in known if word and (s.id.startswith(word) or s.name.lower() == word.lower())]
        if len(near) == 1:
            return near[0]
        names = ", ".join(s.name for s in known[:20]) or "none yet"
        what = "several schedules are called" if near else "there is no schedule"
        raise SessionError(f"{what} {word[:64]!r}", hint=f"There are: {names}.", kind="schedule_not_found")

    def free_name(self, wanted: str) -> str:
        """This name, or with a number behind it where it is taken."""
        taken = {one.name.lower() for one in self.all()}
        names = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, MOST + 2))
        return next(name for name in names if name.lower() not in taken)

    def add(self, schedule: Schedule) -> None:
        """Keep a new one. ConfigError when its name is taken, StoreError."""
        with self.locked():
            known = self.all()
            if any(one.name.lower() == schedule.name.lower() for one in known):
                raise ConfigError(
                    f"there is a schedule {schedule.name} already",
                    where="--name",
                    hint=f"Choose another name, or remove it: cass schedule remove {schedule.name}.",
                )
            if len(known) >= MOST:
                raise ConfigError(f"there are {MOST} schedules already", hint="Remove some first.")
            self._write(schedule)
        self.wake()

    def change(self, schedule: Schedule, now: datetime, *, enabled: bool) -> Schedule:
        """Pause or resume it. What waits is not run, and what was due while it was paused is passed over. StoreError."""
        with self.locked():
            if not (self.folder / f"{schedule.id}.json").exists():
                raise SessionError(f"the schedule {schedule.name} is gone", kind="schedule_not_found")
            changed = schedule.model_copy(update={"enabled": enabled})
            if enabled and not schedule.enabled:
                self.write(changed, [Record(kind="passed", at=now, due=now, why="it was paused")])
            waiting = [] if enabled else [run for run in self.story(schedule).open if run.state == "waiting"]
            why = "it was paused"
            self.write(
                changed,
                [Record(kind="ended", at=now, run=run.id, state="cancelled", why=why) for run in waiting],
            )
            self._write(changed)
        self.wake()
        return changed

    def remove(self, schedule: Schedule) -> None:
        """Remove it with all that was kept of it. StoreError."""
        with self.locked():
            for path in (self.folder / f"{schedule.id}.json", self._log_path(schedule)):
                path.unlink(missing_ok=True)
            self._logs.pop(schedule.id, None)
        self.wake()

    def story(self, schedule: Schedule) -> Story:
        """What happened to it so far. Not a copy: whoever is not under the lock only looks. StoreError."""
        path = self._log_path(schedule)
        known = self._logs.get(schedule.id)
        try:
            with plainfile.opened(path) as file:
                found = os.fstat(file.fileno())
                if known is None or known.inode != found.st_ino or found.st_size < known.size:
                    known = _Log(Story(schedule.created), found.st_ino)
                if found.st_size > known.size:
                    file.seek(known.size)
                    data = file.read(_MOST_LOG_BYTES)
                    self._take(known, data, path, datetime.fromtimestamp(found.st_mtime, UTC))
        except FileNotFoundError:
            known = _Log(Story(schedule.created))
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}") from None
        self._logs[schedule.id] = known
        return known.story

    def seen(self, schedule: Schedule) -> Story:
        """The same for somebody who only looks: a run whose runner does not live any more is not running. StoreError."""
        story = self.story(schedule)
        for run in story.open:
            if run.runner and not files.is_held(self.runner_lock(run.runner)):
                run.state, run.why = "interrupted", "cass was ended in the middle of it"
        return story

    def write(self, schedule: Schedule, records: Sequence[Record]) -> None:
        """Add lines, durably, under the lock. They are folded with the next look. StoreError."""
        if not records:
            return
        path = self._log_path(schedule)
        data = b"".join(record.model_dump_json(exclude_defaults=True).encode() + b"\n" for record in records)
        try:
            files.append(path, data)
        except OSError as error:
            raise StoreError(
                f"what happens to the schedule {schedule.name} cannot be kept: {error.strerror}",
                hint=f"Nothing is run without that. Look at {path}.",
            ) from None

    def decide(self, schedule: Schedule, decide: Callable[[Story], tuple[Sequence[Record], T]]) -> T:
        """Read, decide and write in one step that nobody else comes between. `decide` folds the records that it answers into
        the story. StoreError, SessionError when the schedule was removed; then nothing was written."""
        with self.locked():
            if not (self.folder / f"{schedule.id}.json").exists():
                raise SessionError(f"the schedule {schedule.name} was removed", kind="schedule_not_found")
            story = self.story(schedule)
            known = self._logs.pop(schedule.id)
            records, answer = decide(story)
            if records:
                self.write(schedule, records)
                found = self._log_path(schedule).stat()
                known.inode, known.size = found.st_ino, found.st_size
                known.lines += len(records)
            self._logs[schedule.id] = known
            if known.lines > 8 * self._keep + 200:
                self._shorten(schedule, story)
            return answer

    def wake(self) -> None:
        """Tell whoever runs schedules to look again. Never waits."""
        with contextlib.suppress(OSError):
            fd = os.open(self.folder / WAKE, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | os.O_CLOEXEC)
            try:
                os.write(fd, b".")
            finally:
                os.close(fd)

    def runner_lock(self, token: str) -> Path:
        """The lock that a runner has as long as it lives."""
        return self.folder / "runners" / token

    def register(self, token: str) -> int | None:
        """A lock for a new runner; what dead ones left is cleared away. StoreError."""
        with self.locked():
            for path in (self.folder / "runners").glob("*"):
                if not files.is_held(path):
                    path.unlink(missing_ok=True)
            return files.take(self.runner_lock(token))

    def _schedule(self, path: Path) -> Schedule | None:
        try:
            seen = path.stat()
            signature = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
            known = self._read.get(path)
            if known and known[0] == signature:
                return known[1]
            value: object = json.loads(plainfile.read(path, _MOST_BYTES))
            schedule = Schedule.model_validate(value, strict=False)
            if f"{schedule.id}.json" != path.name:
                raise ValueError(f"it holds {schedule.id}")
        except FileNotFoundError:
            return None
        except ValidationError as error:  # perhaps another version's, which understands it
            self._tell(f"{path} cannot be understood and is left alone: {_first_line(error)}")
            return None
        except (OSError, ValueError, RecursionError) as error:
            self._set_aside(path, error)
            return None
        self._read[path] = signature, schedule
        return schedule

    def _set_aside(self, path: Path, error: Exception) -> None:
        aside = path.with_name(f"{path.name}.damaged")
        why = f"{path.name} is damaged and was set aside as {aside.name}: {_first_line(error)}"
        try:
            path.replace(aside)
        except OSError:
            why = f"{path} cannot be read: {_first_line(error)}"
        self._tell(why)

    def _tell(self, why: str) -> None:
        if why not in self.problems:
            self.problems.append(why)
            log.warning("schedules: %s", why)

    def _write(self, schedule: Schedule) -> None:
        files.write(self.folder / f"{schedule.id}.json", schedule.model_dump_json(indent=1).encode() + b"\n")

    def _log_path(self, schedule: Schedule) -> Path:
        return self.folder / "runs" / f"{schedule.id}.jsonl"

    def _take(self, known: _Log, data: bytes, path: Path, changed: datetime) -> None:
        """Fold what was added. Of a line without an end its writer is not sure either: it was never there. After one that is
        damaged nobody knows what was done by then, so nothing of before is done again."""
        whole = data[: data.rfind(b"\n") + 1]
        known.size += len(whole)
        damaged = 0
        for line in whole.splitlines():
            try:
                known.story.fold(Record.model_validate_json(line))
            except ValidationError:
                damaged += bool(line.strip())
            known.lines += 1
        if damaged:
            known.story.cursor = max(known.story.cursor, changed.replace(microsecond=0))
            why = f"{path.name}: {damaged} damaged line{'' if damaged == 1 else 's'} left out"
            self._tell(why)

    def _shorten(self, schedule: Schedule, story: Story) -> None:
        records = story.shortened(self._keep, datetime.now(UTC))
        data = b"".join(record.model_dump_json(exclude_defaults=True).encode() + b"\n" for record in records)
        with contextlib.suppress(OSError):  # a full disk: it stays as long as it is
            files.write(self._log_path(schedule), data)
        self._logs.pop(schedule.id, None)


def prepare(folder: Path) -> None:
    """Make the folder. StoreError."""
    try:
        private.make_folder(folder)
    except OSError as error:
        raise StoreError(f"schedules cannot be kept in {folder}: {error.strerror}") from None


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return " ".join(line.strip() for line in lines[1:3]) if isinstance(error, ValidationError) else lines[0]

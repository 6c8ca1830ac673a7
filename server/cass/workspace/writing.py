"""Changing files: each one atomically, several all or none, never through a link that was put there meanwhile.

Every step works inside an opened folder whose whole way was walked without following a link, so that a folder
swapped for a link between the check and the write leads nowhere. A file is replaced by renaming a new one over
it; where the system can do it, the new one has no name until then, so that a crash leaves nothing behind. A file with several names (hard links) is written in place instead, for renaming would tear the names apart;
a copy beside it is the safety net while that happens.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cass.errors import ToolError

_WALK = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NAMELESS = getattr(os, "O_TMPFILE", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EXDEV: "it lies on another file system than its folder",
    errno.EFBIG: "the file would become too large",
    errno.ENOTDIR: "a part of the path is a file, not a folder, or has become a link",
    errno.ELOOP: "a part of the path has become a link",
    errno.ENAMETOOLONG: "a name in the path is too long",
}


@dataclass(frozen=True)
class Step:
    """One file's change. `real` is its path with every link followed, `name` what the model calls it. `old` and
    `new` are whole contents; None: there is no such file. `private` files are readable by their owner only.
    `like` lends its mode to a new file."""

    real: Path
    name: str
    old: bytes | None
    new: bytes | None
    private: bool = False
    like: os.stat_result | None = None


@dataclass
class _Slot:
    step: Step
    folder: int
    found: os.stat_result | None
    temp: str = ""
    draft: int = -1
    made: list[Path] = field(default_factory=list[Path])


def apply_steps(steps: Sequence[Step]) -> None:
    """Make all changes or none. Raises ToolError, written for the model, after putting back what was done."""
    with ExitStack() as stack:
        slots: list[_Slot] = []
        done: list[_Slot] = []
        try:
            for step in steps:
                slots.append(_prepared(step, stack))
            for slot in slots:
                with _explained(slot.step):
                    _commit(slot, slot.step.new)
                done.append(slot)
        except BaseException:
            _take_back(slots, done)
            raise
        for slot in slots:
            with contextlib.suppress(OSError):
                os.fsync(slot.folder)


def read_in(folder: int, name: str, limit: int) -> bytes:
    """A regular file's content; OSError ELOOP for a link. Never hangs on a pipe or a device."""
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(handle, "rb") as file:
        return file.read(limit + 1)


def _prepared(step: Step, stack: ExitStack) -> _Slot:
    with _explained(step):
        made: list[Path] = []
        try:
            folder = open_folder(step.real.parent, made, create=step.new is not None, private=step.private)
        except OSError:
            _remove_folders(made)
            raise
        stack.callback(os.close, folder)
        slot = _Slot(step, folder, _stat(folder, step.real.name), made=made)
        try:
            _check(slot)
            if step.new is not None and not _in_place(slot):
                _write_draft(slot, step.new, stack)
        except BaseException:
            _take_back([slot], [])
            raise
    return slot


def _check(slot: _Slot) -> None:
    step, found = slot.step, slot.found
    if found is None:
        if step.old is not None:
            raise _stale(step)
        return
    if step.old is None:
        raise ToolError(f"{step.name} exists already. Nothing was changed. Read it, then edit it.", kind="stale")
    if step.new is None and stat.S_ISLNK(found.st_mode):
        return
    if not stat.S_ISREG(found.st_mode):
        raise ToolError(f"{step.name} is no regular file any more. Nothing was changed.")
    if read_in(slot.folder, step.real.name, len(step.old)) != step.old:
        raise _stale(step)
    if step.new is not None and not found.st_mode & 0o222:
        mode = stat.S_IMODE(found.st_mode)
        raise ToolError(
            f"{step.name} is read-only (mode {mode:04o}). Nothing was changed. If it is really meant to change, "
            "make it writable with chmod first."
        )


def _check_again(slot: _Slot) -> None:
    """Right before the change: writing the new file to disk takes its time, and somebody may have saved meanwhile."""
    now = _stat(slot.folder, slot.step.real.name)
    if now is None or slot.step.old is None:
        if (now is None) != (slot.step.old is None):
            raise _stale(slot.step)
    elif (
        stat.S_ISREG(now.st_mode) and read_in(slot.folder, slot.step.real.name, len(slot.step.old)) != slot.step.old
    ):
        raise _stale(slot.step)


def _stale(step: Step) -> ToolError:
    return ToolError(
        f"{step.name} has changed since it was read. Nothing was changed. Read it again and repeat the edit.",
        kind="stale",
    )


def _in_place(slot: _Slot) -> bool:
    return slot.found is not None and slot.found.st_nlink > 1


def _commit(slot: _Slot, data: bytes | None) -> None:
    name = slot.step.real.name
    _check_again(slot)
    if data is None:
        os.unlink(name, dir_fd=slot.folder)
    elif _in_place(slot):
        slot.temp = _write_temp(slot, slot.step.old or b"")
        _overwrite(slot.folder, name, data)
        os.unlink(slot.temp, dir_fd=slot.folder)
        slot.temp = ""
    else:
        if slot.draft >= 0:
            temp = temp_name()
            os.link(f"/proc/self/fd/{slot.draft}", temp, dst_dir_fd=slot.folder)
            slot.temp = temp
        os.rename(slot.temp, name, src_dir_fd=slot.folder, dst_dir_fd=slot.folder)
        slot.temp = ""


def _take_back(slots: Sequence[_Slot], done: Sequence[_Slot]) -> None:
    """Put back what was done, newest first, and remove what was only begun. What cannot be put back stays
    visible as the error that led here; there is nothing better to do with it."""
    for slot in reversed(done):
        with contextlib.suppress(OSError):
            _restore(slot)
    for slot in slots:
        if slot.temp and slot not in done:
            with contextlib.suppress(OSError):
                if _in_place(slot):
                    _overwrite(slot.folder, slot.step.real.name, slot.step.old or b"")
                os.unlink(slot.temp, dir_fd=slot.folder)
    for slot in reversed(slots):
        _remove_folders(slot.made)


def _restore(slot: _Slot) -> None:
    old, name = slot.step.old, slot.step.real.name
    if old is None:
        os.unlink(name, dir_fd=slot.folder)
        return
    if _in_place(slot) and slot.step.new is not None:
        _overwrite(slot.folder, name, old)
        return
    temp = _write_temp(slot, old)
    os.rename(temp, name, src_dir_fd=slot.folder, dst_dir_fd=slot.folder)


def _write_draft(slot: _Slot, data: bytes, stack: ExitStack) -> None:
    """A file without a name in the target's folder, or where that cannot be, one with a name."""
    try:
        draft = os.open(".", os.O_WRONLY | _NAMELESS | os.O_CLOEXEC, _mode(slot), dir_fd=slot.folder)
    except OSError:
        draft = -1
    if draft < 0 or not Path(f"/proc/self/fd/{draft}").exists():
        slot.temp = _write_temp(slot, data)
        return
    stack.callback(os.close, draft)
    _fill(draft, slot, data)
    slot.draft = draft


def _write_temp(slot: _Slot, data: bytes) -> str:
    """A new file beside the target with its mode, owner and attributes; under a name nobody can guess."""
    temp = temp_name()
    handle = os.open(temp, _CREATE, _mode(slot), dir_fd=slot.folder)
    try:
        try:
            _fill(handle, slot, data)
        finally:
            os.close(handle)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temp, dir_fd=slot.folder)
        raise
    return temp


def temp_name() -> str:
    return f".cass-{secrets.token_hex(8)}.tmp"


def _mode(slot: _Slot) -> int:
    return 0o666 if slot.found is None and not slot.step.private else 0o600


def _fill(handle: int, slot: _Slot, data: bytes) -> None:
    with os.fdopen(handle, "wb", closefd=False) as file:
        file.write(data)
    _dress(handle, slot)
    os.fsync(handle)


def _dress(handle: int, slot: _Slot) -> None:
    found = slot.found or slot.step.like
    if found is None:
        return
    if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(OSError):
            os.fchown(handle, found.st_uid, found.st_gid)
    os.fchmod(handle, stat.S_IMODE(found.st_mode))
    if slot.found is not None and hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            _copy_attributes(handle, slot)


def _copy_attributes(handle: int, slot: _Slot) -> None:
    source = os.open(slot.step.real.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=slot.folder)
    try:
        for key in os.listxattr(source):
            with contextlib.suppress(OSError):
                os.setxattr(handle, key, os.getxattr(source, key))
    finally:
        os.close(source)


def _overwrite(folder: int, name: str, data: bytes) -> None:
    handle = os.open(name, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def open_folder(folder: Path, made: list[Path], *, create: bool, private: bool) -> int:
    """Open a folder given by its real path, making what is missing. No component may be a link."""
    here = os.open("/", _WALK)
    try:
        for depth, part in enumerate(folder.parts[1:], start=2):
            try:
                below = os.open(part, _WALK, dir_fd=here)
            except FileNotFoundError:
                if not create:
                    raise
                os.mkdir(part, 0o700 if private else 0o777, dir_fd=here)
                made.append(Path(*folder.parts[:depth]))
                below = os.open(part, _WALK, dir_fd=here)
            os.close(here)
            here = below
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=here)
    finally:
        os.close(here)


def _remove_folders(made: Sequence[Path]) -> None:
    for folder in reversed(made):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _stat(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


@contextmanager
def _explained(step: Step) -> Generator[None]:
    try:
        yield
    except FileNotFoundError:
        raise _stale(step) from None
    except PermissionError:
        raise ToolError(
            f"{step.name} cannot be changed: permission denied. Nothing was changed. Check the rights of the file "
            "and its folder."
        ) from None
    except OSError as error:
        reason = REASONS.get(error.errno or 0, (error.strerror or "input/output error").lower())
        raise ToolError(f"{step.name} cannot be changed: {reason}. Nothing was changed.") from None

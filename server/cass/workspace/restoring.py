"""Making one path on disk what it was: checked right before, atomically, never through a link.

Like `writing.py` this works inside the opened folder of the path, whose whole way was walked without a link. Unlike
it, it knows no text: links, modes, folders and contents of any size.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from pathlib import Path

from cass.errors import ToolError
from cass.ports import Entry
from cass.workspace.contents import Contents
from cass.workspace.writing import REASONS, open_folder, temp_name

_CHUNK = 1 << 20


def put(path: Path, now: Entry | None, wanted: Entry | None, contents: Contents) -> None:
    """Make `path` what is wanted, where it still is `now`. ToolError, for the user, when it is not or cannot be; then
    nothing was changed. A folder that is not empty stays, and one that is there already is enough."""
    try:
        folder = open_folder(path.parent, [], create=wanted is not None, private=False)
    except FileNotFoundError:
        if wanted is None:
            return
        raise ToolError("its folder cannot be made") from None
    except OSError as error:
        raise ToolError(_reason(error)) from None
    try:
        found = _entry(folder, path.name, now)
        if found == wanted:
            return
        if found != now:
            raise ToolError("it has just been changed by something else")
        _put(folder, path.name, found, wanted, contents)
        os.fsync(folder)
    except OSError as error:
        raise ToolError(_reason(error)) from None
    finally:
        os.close(folder)


def _put(folder: int, name: str, found: Entry | None, wanted: Entry | None, contents: Contents) -> None:
    if wanted is None:
        _remove(folder, name, found)
    elif wanted.kind == "folder":
        if found and found.kind != "folder":
            os.unlink(name, dir_fd=folder)
        if not found or found.kind != "folder":
            os.mkdir(name, 0o700, dir_fd=folder)
        _chmod(folder, name, wanted.mode)
    elif (
        found and found.kind == "file" == wanted.kind and found.hash == wanted.hash and found.stamp == wanted.stamp
    ):
        _chmod(folder, name, wanted.mode)
    else:
        if found and found.kind == "folder":
            os.rmdir(name, dir_fd=folder)
            found = None
        _replace(folder, name, found, wanted, contents)


def _remove(folder: int, name: str, found: Entry | None) -> None:
    if found and found.kind == "folder":
        try:
            os.rmdir(name, dir_fd=folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    else:
        os.unlink(name, dir_fd=folder)


def _replace(folder: int, name: str, found: Entry | None, wanted: Entry, contents: Contents) -> None:
    """Put a new file or link in the place of what was found, or where nothing was."""
    temp = temp_name()
    try:
        if wanted.kind == "link":
            os.symlink(wanted.target, temp, dir_fd=folder)
        else:
            _write(folder, temp, wanted, contents)
        if found is None:
            os.link(temp, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)  # never over another
            return
        if _entry(folder, name, found) != found:
            raise ToolError("it has just been changed by something else")
        if found.kind == "file" == wanted.kind and os.stat(name, dir_fd=folder, follow_symlinks=False).st_nlink > 1:
            _overwrite(folder, name, temp, wanted.mode)
        else:
            os.rename(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temp, dir_fd=folder)


def _write(folder: int, temp: str, wanted: Entry, contents: Contents) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(temp, flags, 0o600, dir_fd=folder)
    try:
        if not contents.write(wanted.hash, handle):
            raise ToolError("its former content is not kept any more")
        os.fchmod(handle, wanted.mode)
        os.fsync(handle)
    finally:
        os.close(handle)


def _overwrite(folder: int, name: str, temp: str, mode: int) -> None:
    """A file with several names (hard links) is written in place: renaming would tear them apart."""
    _chmod(folder, name, mode | 0o200)
    source = os.open(temp, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    target = os.open(name, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.ftruncate(target, 0)
        while data := os.read(source, _CHUNK):
            while data:
                data = data[os.write(target, data) :]
        os.fchmod(target, mode)
        os.fsync(target)
    finally:
        os.close(source)
        os.close(target)


def _entry(folder: int, name: str, like: Entry | None) -> Entry | None:
    """What there is, by its content; by its time, where `like` knows no more."""
    try:
        state = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    mode = stat.S_IMODE(state.st_mode)
    if stat.S_ISLNK(state.st_mode):
        return Entry("link", target=os.readlink(name, dir_fd=folder))
    if stat.S_ISDIR(state.st_mode):
        return Entry("folder", mode)
    if not stat.S_ISREG(state.st_mode):
        raise ToolError("it is neither a file nor a link nor a folder now")
    if like and like.kind == "file" and not like.hash:
        return Entry("file", mode, "", state.st_size, stamp=state.st_mtime_ns)
    return Entry("file", mode, _hash(folder, name), state.st_size)


def _hash(folder: int, name: str) -> str:
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    digest = hashlib.sha256()
    try:
        while data := os.read(handle, _CHUNK):
            digest.update(data)
    finally:
        os.close(handle)
    return digest.hexdigest()


def _chmod(folder: int, name: str, mode: int) -> None:
    """Set the mode of this very entry: by its descriptor, which cannot be swapped for a link."""
    flags = getattr(os, "O_PATH", os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(name, flags, dir_fd=folder)
    try:
        if stat.S_ISLNK(os.fstat(handle).st_mode):
            raise ToolError("it has become a link")
        if hasattr(os, "O_PATH"):
            os.chmod(f"/proc/self/fd/{handle}", mode)  # noqa: PTH101  # a descriptor that cannot be fchmod-ed
        else:
            os.fchmod(handle, mode)
    finally:
        os.close(handle)


def _reason(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "permission denied"
    if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
        return "something else stands in its place"
    return REASONS.get(error.errno or 0, (error.strerror or "input/output error").lower())

"""Listing and searching with ripgrep: every ignore file respected, in git repositories and outside.

`--glob` is never used to choose files, for in ripgrep a glob that fits brings ignored files back.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

from cass.errors import ToolError
from cass.ports import Listing, SearchHit, SearchQuery, SearchResult
from cass.process import Finished, run_program
from cass.workspace.globs import matcher

_LIST_SECONDS = 20.0
_SEARCH_SECONDS = 30.0
_LIST_BYTES = 32_000_000
_SEARCH_BYTES = 8_000_000
_LONGEST_LINE = 4_000
_LOG_BYTES = 16_000_000

_COMMON = (
    "--no-config",
    "--no-messages",
    "--color=never",
    "--hidden",
    "--no-require-git",
    "--glob=!**/.git",
    "--sort=path",
)


async def files(
    folder: Path, name: str, glob: str, limit: int, added: Iterable[Path], removed: Set[Path]
) -> Listing:
    """The files below `folder`. `added` and `removed` are what is proposed, not yet on disk."""
    await asyncio.to_thread(_need_folder, folder, name)
    fits = matcher(glob) if glob else _anything
    done = await _run(["--files", "--null", "--", "./"], folder, _LIST_SECONDS, _LIST_BYTES)
    return await asyncio.to_thread(_listing, folder, done, fits, limit, added, removed)


async def bare_folders(folder: Path, files: Sequence[Path], depth: int) -> tuple[Path, ...]:
    """Folders that are not ignored though they hold no file of `files`: they are empty, or all in them is ignored.

    ripgrep lists files only, but in its debug log it names what it ignored: a folder of which it only names the
    contents was entered, so it is not ignored itself."""
    unlisted = await asyncio.to_thread(_unlisted, folder, files, depth)
    if not unlisted:
        return ()
    log: set[str] = set()
    if not all(unlisted.values()):
        argv = ["--files", "--debug", f"--max-depth={depth + 1}", "--", "./"]
        done = await _run(argv, folder, _LIST_SECONDS, _LIST_BYTES)
        log = set(re.findall(r"ignoring \./(.+?): ", done.stderr.decode("utf-8", "replace")))
    entered = {parent.as_posix() for name in log for parent in PurePosixPath(name).parents} - log
    bare = {name for name in entered if name.split("/", 1)[0] != "." and name.count("/") < depth}
    listed = {parent for path in files for parent in path.parents}
    empty = {name for name, is_empty in unlisted.items() if is_empty}
    return tuple(folder / name for name in sorted(bare | empty) if folder / name not in listed)


@dataclass(frozen=True)
class Covered:
    """What ripgrep's ignore rules leave of a folder: the paths of its files, and of what it ignored, as far as that
    was come by: nothing below an ignored folder is named. Paths are relative. `knows_ignored` is false when there
    was too much to be ignored to be told."""

    files: frozenset[str]
    ignored: frozenset[str]
    knows_ignored: bool


async def covered(folder: Path, seconds: float, limit: int) -> Covered | None:
    """Everything in a folder that is not ignored; None when there are more than `limit` files, or it takes longer
    than `seconds`. ripgrep tells of files only, but in its debug log also of what it ignored."""
    program = await asyncio.to_thread(find_ripgrep, folder)
    flags = [flag for flag in _COMMON if not flag.startswith("--sort")]
    argv = [program, *flags, "--files", "--null", "--debug", "--", "./"]
    done = await run_program(argv, folder, seconds, limit * 200, error_bytes=_LOG_BYTES)
    if done.truncated or done.timed_out:
        return None
    files = frozenset(os.fsdecode(done.stdout).replace("\0./", "\0").removeprefix("./").split("\0")[:-1])
    if len(files) > limit:
        return None
    log = os.fsdecode(done.stderr)
    ignored = frozenset(
        re.findall(r"^rg: DEBUG\|ignore::walk\|.*?: ignoring \./(.+?): Ignore\(", log, re.MULTILINE)
    )
    return Covered(files, ignored, len(done.stderr) < _LOG_BYTES)


async def search(query: SearchQuery, name: str) -> SearchResult:
    """Search a file or a folder."""
    folder, target = await asyncio.to_thread(_where, query.path, name)
    fits = matcher(query.glob) if query.glob else _anything
    argv = [*_narrowed(query.glob), f"--regexp={query.pattern}"]
    if query.ignore_case:
        argv.append("--ignore-case")
    if query.want == "lines":
        argv += ["--json", f"--context={query.context}"]
        room = _SEARCH_BYTES
    else:
        argv += ["--files-with-matches" if query.want == "files" else "--count", "--with-filename", "--null"]
        room = _LIST_BYTES
    done = await _run([*argv, "--", target], folder, _SEARCH_SECONDS, room)
    if done.exit_code == 2 and not done.stdout:
        words = done.stderr.decode("utf-8", "replace").strip()
        if words:
            raise ToolError(f"The search cannot be done. {_plainly(words)}")
    return await asyncio.to_thread(_result, query, folder, done, fits)


def find_ripgrep(avoid: Path) -> str:
    """The ripgrep that was installed with cass, else one on PATH that does not lie in the folder `avoid`: a
    project must not bring the program that searches it."""
    name = "rg.exe" if sys.platform == "win32" else "rg"
    folders = (sysconfig.get_path("scripts"), str(Path(sys.executable).parent))
    for folder in folders:
        if folder and os.access(Path(folder) / name, os.X_OK):
            return str(Path(folder) / name)
    own = os.path.realpath(avoid)
    safe = [part for part in os.get_exec_path() if part.startswith("/") and not _below(os.path.realpath(part), own)]
    found = shutil.which(name, path=os.pathsep.join(safe))
    if found is None or _below(os.path.realpath(found), own):
        raise ToolError("ripgrep (rg) is not installed. Install it, or use find and grep in the shell.")
    return found


async def _run(argv: Sequence[str], folder: Path, seconds: float, limit_bytes: int) -> Finished:
    program = await asyncio.to_thread(find_ripgrep, folder)
    return await run_program([program, *_COMMON, *argv], folder, seconds, limit_bytes)


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _narrowed(glob: str) -> list[str]:
    """ripgrep's file types see names only, but respect ignore files; the rest of the glob is checked afterwards."""
    last = glob.rstrip("/").rsplit("/", 1)[-1]
    if not last or last == "**" or glob.endswith("/") or not re.fullmatch(r"[\w.*?\[\]{},+@ -]+", last):
        return []
    if re.search(r"[{},]", glob) and "/" in glob:
        return []
    return [f"--type-add=wanted:{last}", "--type=wanted"]


def _need_folder(folder: Path, name: str) -> None:
    if folder.is_dir():
        return
    raise ToolError(
        f"{name} is a file, not a folder." if folder.exists() else f"There is no folder {name}.",
        kind="tool_error" if folder.exists() else "not_found",
    )


def _where(path: Path, name: str) -> tuple[Path, str]:
    if path.is_dir():
        return path, "./"
    if path.is_file():
        return path.parent, f"./{path.name}"
    if path.exists():
        raise ToolError(f"{name} is neither a file nor a folder.")
    raise ToolError(f"{name} does not exist. Look for it with glob.", kind="not_found")


def _anything(path: str) -> bool:
    return bool(path)


def _listing(
    folder: Path,
    done: Finished,
    fits: Callable[[str], bool],
    limit: int,
    added: Iterable[Path],
    removed: Set[Path],
) -> Listing:
    names = [os.fsdecode(name).removeprefix("./") for name in done.stdout.split(b"\0") if name]
    if (done.truncated or done.timed_out) and names:
        names.pop()
    known = set(names)
    for path in added:
        if path.is_relative_to(folder) and path != folder:
            known.add(path.relative_to(folder).as_posix())
    wanted = sorted(name for name in known if fits(name))
    paths = [folder / name for name in wanted[:limit]]
    return Listing(
        tuple(path for path in paths if path not in removed),
        complete=len(wanted) <= limit and not done.truncated and not done.timed_out,
    )


def _unlisted(folder: Path, files: Iterable[Path], depth: int) -> dict[str, bool]:
    """Folders without a listed file, beside folders with one; whether they are empty. At most 1,000."""
    known = {""} | {
        parent.relative_to(folder).as_posix()
        for path in files
        for parent in path.parents[:-1]
        if parent.is_relative_to(folder)
    }
    known.discard(".")
    found: dict[str, bool] = {}
    for parent in sorted(name for name in known if name.count("/") + (name != "") < depth):
        try:
            with os.scandir(folder / parent) as entries:
                names = [e.name for e in entries if e.is_dir(follow_symlinks=False) and e.name != ".git"]
        except OSError:
            continue
        for name in names:
            path = f"{parent}/{name}".lstrip("/")
            if path not in known and len(found) < 1_000:
                found[path] = _is_empty(folder / path)
    return found


def _is_empty(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return False


def _result(query: SearchQuery, folder: Path, done: Finished, fits: Callable[[str], bool]) -> SearchResult:
    if query.want == "lines":
        hits = _lines(done.stdout, folder, fits)
    else:
        hits = _per_file(done.stdout, folder, fits, counted=query.want == "counts")
    taken: list[SearchHit] = []
    matches = 0
    for hit in hits:
        matches += hit.is_match
        if matches > query.limit:
            return SearchResult(tuple(taken), complete=False)
        taken.append(hit)
    return SearchResult(tuple(taken), complete=not done.truncated and not done.timed_out)


def _lines(raw: bytes, folder: Path, fits: Callable[[str], bool]) -> Iterable[SearchHit]:
    for line in raw.split(b"\n"):
        if not line.startswith((b'{"type":"match"', b'{"type":"context"')):
            continue
        try:
            record = cast("dict[str, object]", json.loads(line))
        except ValueError:
            continue
        data = cast("dict[str, object]", record["data"])
        name = os.fsdecode(_raw(data["path"])).removeprefix("./")
        if fits(name):
            text = _raw(data["lines"]).decode("utf-8", "replace").rstrip("\r\n")[:_LONGEST_LINE]
            number = data.get("line_number")
            yield SearchHit(
                folder / name, number if isinstance(number, int) else 0, text, is_match=record["type"] == "match"
            )


def _per_file(raw: bytes, folder: Path, fits: Callable[[str], bool], *, counted: bool) -> Iterable[SearchHit]:
    pattern = rb"([^\0]+)\0(\d+)\n" if counted else rb"([^\0]+)\0()"
    for found in re.finditer(pattern, raw):
        name = os.fsdecode(found[1]).removeprefix("./")
        if fits(name):
            yield SearchHit(folder / name, count=int(found[2] or 0))


def _raw(value: object) -> bytes:
    """ripgrep gives text, or base64 where the bytes are not UTF-8."""
    fields = cast("dict[str, str]", value)
    return fields["text"].encode("utf-8") if "text" in fields else base64.b64decode(fields["bytes"])


def _plainly(words: str) -> str:
    words = re.sub(r"^rg: ", "", words)
    if "regex parse error" in words:
        words += "\nEscape ( ) [ ] { } . * + ? | with a backslash to find them as they are."
    return words[:1_000]

"""Run one program to its end: no shell, no input, its own process group, bounded time and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cass.errors import ToolError
from cass.process.environ import config_environ
from cass.process.starting import started

_ERROR_BYTES = 262_144
_CHUNK = 65_536

# Whatever a repository's own configuration could make git run, besides filters, which `run_git` looks up.
_GIT_OFF: tuple[str, ...] = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.editor=true",
    "core.sshCommand=false",
    "credential.helper=",
    "diff.external=",
    "gc.auto=0",
    "log.showSignature=false",
    "submodule.recurse=false",
)


@dataclass(frozen=True)
class Finished:
    """How a program ended. `exit_code` is None when it was stopped, by the time limit (`timed_out`) or because it
    printed more than was asked for (`truncated`); `stdout` holds what came until then."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None
    truncated: bool = False
    timed_out: bool = False


async def run_program(
    argv: Sequence[str],
    cwd: Path,
    seconds: float,
    limit_bytes: int,
    env: Mapping[str, str] | None = None,
    *,
    error_bytes: int = _ERROR_BYTES,
) -> Finished:
    """Run `argv` in `cwd` for at most `seconds` and keep at most `limit_bytes` of its output, and `error_bytes` of
    what it says on standard error; more of that is dropped. The caller
    puts `--` before words of a model or a user. ToolError when it cannot be started. Cancelling kills it."""
    try:
        process = await started(argv, cwd, env)
    except TimeoutError:
        raise ToolError(f"{Path(argv[0]).name} did not start in time.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ToolError(f"{Path(argv[0]).name} cannot be started: {reason}.") from None
    out, err = bytearray(), bytearray()
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.ensure_future(_collect(process.stderr, err, error_bytes, keep_reading=True))
    timed_out = False
    full = False
    try:
        async with asyncio.timeout(seconds):
            full = await _collect(process.stdout, out, limit_bytes, keep_reading=False)
            if not full:
                await process.wait()
                await errors
    except TimeoutError:
        timed_out = True
    finally:
        if process.returncode is None:
            _kill_group(process.pid)
        errors.cancel()
        await asyncio.wait({errors, asyncio.ensure_future(process.wait())}, timeout=2)
    code = None if timed_out or full else process.returncode
    return Finished(bytes(out), bytes(err), code, truncated=full, timed_out=timed_out)


async def run_git(args: Sequence[str], cwd: Path, environ: Mapping[str, str], seconds: float = 20.0) -> Finished:
    """Run git for reading, so that nothing the repository's configuration names is run: no monitor, hooks, pager,
    external diff, filters or network. `args` are the subcommand and its options, with `--` before paths."""
    env = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    env |= {
        "PATH": path_outside(environ.get("PATH", os.defpath), cwd),
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }
    off = [(key, value) for key, _, value in (setting.partition("=") for setting in _GIT_OFF)]
    listed = await run_program(
        ["git", "config", "--null", "--name-only", "--get-regexp", r"^filter\."], cwd, seconds, 100_000, env
    )
    for key in listed.stdout.decode("utf-8", "replace").split("\0"):
        name, _, setting = key.rpartition(".")
        if setting in ("clean", "smudge", "process"):
            off.append((f"{name}.{setting}", ""))
        elif setting == "required":
            off.append((f"{name}.required", "false"))
    # Not with `-c`, which takes a key with an equals sign in it for another one.
    return await run_program(["git", "--no-pager", *args], cwd, seconds, 20_000_000, env | config_environ(off))


async def _collect(stream: asyncio.StreamReader, into: bytearray, limit: int, *, keep_reading: bool) -> bool:
    """Read into `into`; true when the limit was reached. With `keep_reading` the rest is read and dropped."""
    while data := await stream.read(_CHUNK):
        room = limit - len(into)
        into += data[:room]
        if len(data) > room and not keep_reading:
            return True
    return False


def path_outside(path: str, folder: Path) -> str:
    """PATH without entries that lie in the folder or depend on it: it must not bring the program."""
    own = os.path.realpath(folder)
    safe = (part for part in path.split(os.pathsep) if part.startswith("/"))
    return os.pathsep.join(p for p in safe if not f"{os.path.realpath(p)}/".startswith(f"{own.rstrip('/')}/"))


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)

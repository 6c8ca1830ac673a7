"""Whether a hook may run: those of a folder only as its user trusted them, with the scripts that they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cass import brought
from cass.config import HookEvent
from cass.hooks.rules import Hook
from cass.ports import Trust


def may_run(hook: Hook, trust: Trust, cwd: Path) -> bool:
    """Whether it is the user's own, or of a folder that they trusted as it is this moment."""
    if hook.place.origin == "user" or hook.place.file is None:
        return True
    return all(trust.allows(path) for path in needed(hook, cwd))


def needed(hook: Hook, cwd: Path) -> Iterator[Path]:
    """The files that say what it runs, and programs beside them that it may use."""
    if hook.place.file is not None:
        yield hook.place.file
    if hook.entry.type == "command":
        line = " ".join([hook.entry.command, *(hook.entry.args or ())])
        yield from brought.named_files(line, hook.place.root, cwd)
    if hook.entry.type != "prompt":
        yield from brought.helpers(hook.place.root)


@dataclass
class Guards:
    """A folder's hooks that stood guard over calls: where one is not there any more, or is not what the user trusted,
    calls wait for the user's word instead of going through unguarded."""

    _seen: dict[str, tuple[Hook, set[Path]]] = field(default_factory=dict[str, tuple[Hook, set[Path]]])

    def saw(self, hook: Hook, cwd: Path) -> None:
        """It ran as it was trusted."""
        if hook.event == "PreToolUse" and hook.place.origin == "project" and not hook.entry.once:
            self._seen[hook.key] = hook, set(needed(hook, cwd))

    def missed(self, event: HookEvent, now: Iterable[Hook]) -> bool:
        """Whether one that stood guard is gone."""
        return event == "PreToolUse" and bool(self._seen.keys() - {hook.key for hook in now})

    def refusal(self, event: HookEvent, now: Sequence[Hook], trust: Trust, cwd: Path) -> str:
        """Why a call may not go on before the user has looked; empty where it may."""
        theirs = [hook for hook in now if hook.event == event and hook.place.origin == "project"]
        if event != "PreToolUse" or not (self._seen or theirs):
            return ""
        keys = {hook.key for hook in theirs}
        lost = [hook for hook, files in self._seen.values() if hook.key not in keys or not _all_there(files)]
        state = trust.state
        if state in ("trusted", "refused"):  # the user has decided about how it is
            self._seen = {key: seen for key, seen in self._seen.items() if key in keys}
            return ""
        if state == "plain" and lost:
            return (
                f"{lost[0].where}: a hook that checks calls is gone, and no call goes on without it. "
                "The user puts it back, or opens the session anew."
            )
        if state != "changed":
            return ""
        strange = (hook for hook in theirs if not may_run(hook, trust, cwd))
        hook = next(iter((*lost, *strange)), None)
        if hook is None:
            return ""
        return (
            f"{hook.where}: a hook that checks calls is not what the user trusted. "
            "No call goes on before they have looked at it: /trust."
        )


def _all_there(files: Iterable[Path]) -> bool:
    return all(path.is_file() for path in files)

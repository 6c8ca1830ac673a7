"""The guard: a tiny shell that outlives cass by a moment and kills what cass had to leave behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from uuid import uuid4

from cass.process.environ import MARK

# The guard sleeps in `read`. When the pipe from cass ends, however cass died, it ends the groups it was told of
# with all that descends from them and, where /proc shows environments, every process that carries the mark.
_SCRIPT = r"""
mark=$1
live=
while read -r what id; do
  case $what in
    add) live="$live $id" ;;
    del) rest=; for p in $live; do [ "$p" = "$id" ] || rest="$rest $p"; done; live=$rest ;;
    bye) exit 0 ;;
  esac
done
found() {
  [ -r /proc/self/environ ] || return 0
  grep -lsaF -- "$mark" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do echo "$pid"; done
}
below() {
  for c in $(cat "/proc/$1/task/$1/children"); do echo "$c"; below "$c"; done
}
end() {
  for p in $live; do kill -s "$1" -- "-$p"; done
  for p in $kids $(found); do kill -s "$1" "$p"; done
}
kids=$(for p in $live; do below "$p"; done)
end TERM
sleep 1
for _ in 1 2 3; do end KILL; [ -n "$(found)" ] || exit 0; sleep 0.3; done
"""


class Guard:
    """One guard for one server. It starts with the first command; `close` sends it away.

    Every command's environment carries `mark`, by which the guard finds processes that left their group."""

    def __init__(self) -> None:
        self.token = uuid4().hex
        self._pipe = -1
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def mark(self) -> str:
        """What every environment of this server's commands holds."""
        return f"{MARK}={self.token}"

    def watch(self, group: int) -> None:
        """Kill this process group when cass dies."""
        self._tell(f"add {group}\n")

    def release(self, group: int) -> None:
        """This group is gone."""
        self._tell(f"del {group}\n")

    def start(self) -> None:
        """Start, unless it runs. Must come before the first command, so that there is no gap."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._pipe >= 0:
            os.close(self._pipe)
        reading, self._pipe = os.pipe()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT, "cass-guard", self.mark],
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": os.defpath if sys.platform == "win32" else "/usr/bin:/bin:/usr/sbin:/sbin"},
                start_new_session=True,
            )
        finally:
            os.close(reading)

    async def close(self) -> None:
        """Send it away. What still runs is not touched; ending that is the jobs' business."""
        if self._process is None:
            return
        self._tell("bye\n")
        os.close(self._pipe)
        self._pipe = -1
        process, self._process = self._process, None
        await asyncio.to_thread(_reap, process)

    def _tell(self, line: str) -> None:
        if self._pipe >= 0:
            with contextlib.suppress(OSError):
                os.write(self._pipe, line.encode())


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=2)

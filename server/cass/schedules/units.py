"""Files that have the system start the daemon when its user logs in: systemd, launchd, Windows' task scheduler."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

System = Literal["systemd", "launchd", "windows"]

_LABEL = "dev.cass.schedules"


@dataclass(frozen=True)
class Unit:
    """What to write, where, and what the user does then."""

    path: Path
    text: str
    start: tuple[str, ...]
    remove: tuple[str, ...]


def here() -> System:
    """The system that this machine has."""
    return "launchd" if sys.platform == "darwin" else "windows" if sys.platform == "win32" else "systemd"


def unit(system: System, command: Sequence[str], environ: Mapping[str, str], home: Path) -> Unit:
    """The unit that runs `command`. `environ` is set for it; keys do not belong there."""
    if system == "systemd":
        config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
        path = config / "systemd" / "user" / "cass-schedules.service"
        return Unit(
            path,
            _systemd(command, _own(environ)),
            (
                "systemctl --user daemon-reload",
                "systemctl --user enable --now cass-schedules",
                "loginctl enable-linger",
            ),
            ("systemctl --user disable --now cass-schedules", f"rm {_shell(path)}"),
        )
    if system == "launchd":
        path = home / "Library" / "LaunchAgents" / f"{_LABEL}.plist"
        return Unit(
            path,
            _launchd(command, _own(environ), home),
            (f"launchctl bootstrap gui/$(id -u) {_shell(path)}",),
            (f"launchctl bootout gui/$(id -u)/{_LABEL}", f"rm {_shell(path)}"),
        )
    path = home / "cass-schedules.xml"
    return Unit(
        path,
        _windows(command),
        (f'schtasks /Create /TN cass-schedules /XML "{path}"',),
        ("schtasks /Delete /TN cass-schedules",),
    )


def _own(environ: Mapping[str, str]) -> dict[str, str]:
    """Where things are found: nothing secret."""
    return {name: environ[name] for name in ("CASS_HOME", "PATH") if environ.get(name)}


def _systemd(command: Sequence[str], environ: Mapping[str, str]) -> str:
    lines = "\n".join(f"Environment={_quoted(f'{name}={value}')}" for name, value in environ.items())
    return f"""[Unit]
Description=cass schedules

[Service]
Type=exec
ExecStart={" ".join(map(_quoted, command)).replace("$", "$$")}
{lines}
# Keys of model providers: EnvironmentFile=%h/.config/cass/keys.env, or the system's keyring (cass auth set).
EnvironmentFile=-%h/.config/cass/keys.env
Restart=on-failure
RestartSec=30
KillMode=mixed
TimeoutStopSec=15

[Install]
WantedBy=default.target
"""


def _quoted(word: str) -> str:
    """One word of a unit file: it is not split, and no specifier in it is looked up."""
    inner = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{inner}"'


def _launchd(command: Sequence[str], environ: Mapping[str, str], home: Path) -> str:
    words = "\n".join(f"    <string>{escape(word)}</string>" for word in command)
    names = "\n".join(
        f"    <key>{escape(name)}</key><string>{escape(value)}</string>" for name, value in environ.items()
    )
    log = escape(str(home / "Library" / "Logs" / "cass-schedules.log"))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>{_LABEL}</string>
  <key>ProgramArguments</key>
  <array>
{words}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
{names}
  </dict>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>ThrottleInterval</key><integer>30</integer>
  <key>ExitTimeOut</key><integer>15</integer>
  <key>StandardErrorPath</key><string>{log}</string>
</dict>
</plist>
"""


def _windows(command: Sequence[str]) -> str:
    program, *words = command
    line = escape(" ".join(f'"{word}"' if " " in word else word for word in words))
    return f"""<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers><LogonTrigger><Enabled>true</Enabled></LogonTrigger></Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>10</Count></RestartOnFailure>
  </Settings>
  <Actions>
    <Exec><Command>{escape(program)}</Command><Arguments>{line}</Arguments></Exec>
  </Actions>
</Task>
"""


def _shell(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))

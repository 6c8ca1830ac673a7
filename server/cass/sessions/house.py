"""What all sessions of a process share: the parts that `app` puts together and a session uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cass.config import Config
from cass.layers import Loaded
from cass.mcp.wiring import Wiring
from cass.ports import Checkpoints, Jobs, Models, Spending, Store, Tool, ToolSpec, Trust, Workspace
from cass.ports.exchange import Format
from cass.ports.ide import Ide
from cass.ports.web import Web
from cass.process import Fed
from cass.protocol.methods import TrustWord
from cass.protocol.secrets import Masker
from cass.sessions.command import Command
from cass.sessions.completing import Completing
from cass.trust import FolderTrust


@dataclass(frozen=True)
class House:
    """The parts. `config_for` is the configuration of a folder, its project layer included, as far as it is trusted; `data_dir` holds what
    sessions keep besides the store, `config_dir` the user's own settings, `home_dir` other tools' folders; `know` takes in secrets, to be masked from then on; `ide` is the editor of this process, or one that can nothing. `present` is the folder
    that the client works in, `formats` are those that sessions leave and come in, `command_folders` hold the custom commands
    of installed packages, and `leavings` remove what else was
    kept of a session that is deleted."""

    models: Models
    store: Store
    spending: Spending
    tools: Mapping[str, Tool]
    specs: Sequence[ToolSpec]
    commands: Mapping[str, Command]
    config_for: Callable[[Path, Trust], Loaded]
    trust: Callable[[Path, TrustWord], FolderTrust]
    open_workspace: Callable[[Sequence[Path]], Workspace]
    masker: Callable[[Config], Masker]
    open_jobs: Callable[[str, Config], Jobs]
    open_fed: Callable[[Config], Fed]
    open_web: Callable[[Config], Web]
    open_mcp: Callable[[Config], Wiring]
    know: Callable[[Sequence[str]], None]
    open_checkpoints: Callable[[str, Sequence[Path], Config], Checkpoints]
    data_dir: Path
    config_dir: Path
    home_dir: Path
    ide: Callable[[], Ide]
    completing: Completing
    client_hooks: Callable[[], Mapping[str, Mapping[str, object]]] = dict[str, Mapping[str, object]]
    present: Callable[[], Path] = Path.cwd
    formats: Callable[[], Mapping[str, Format]] = dict[str, Format]
    command_folders: Sequence[Path] = ()
    leavings: Sequence[Callable[[str], None]] = ()

"""What hooks need of the session around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cass.ports import Model, Trust
from cass.process import Fed
from cass.protocol.custom import HookUpdate
from cass.protocol.messages import Usage
from cass.protocol.secrets import Masker


@dataclass(frozen=True)
class Around:
    """`settings` are hooks that no file holds, by what they come from: the editor's settings. `mode` is the session's `permission_mode`, in Claude
    Code's words; `transcript` writes the conversation to a file and says where it is; `model` finds one by its name,
    the session's for an empty one, and `used` counts what it used; `tell` shows what a hook did."""

    session_id: str
    cwd: Path
    config_dir: Path
    home_dir: Path
    settings: Callable[[], Mapping[str, Mapping[str, object]]]
    trust: Callable[[], Trust]
    fed: Callable[[], Fed]
    masker: Callable[[], Masker]
    mode: Callable[[], str]
    transcript: Callable[[], Path]
    model: Callable[[str], Model]
    used: Callable[[Model, Usage], None]
    tell: Callable[[HookUpdate], None]

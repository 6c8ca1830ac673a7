"""Finds plug-ins: the modules of a built-in folder, and what installed packages offer as entry points.

A plug-in is a module. `CASS_PLUGINS=0` in the environment leaves the entry points out.
"""

from __future__ import annotations

import importlib
import logging
import os
import pkgutil
from types import ModuleType
from typing import Literal

Group = Literal["tools", "providers", "commands", "stores", "exchange", "search"]

_FOLDERS: dict[Group, str] = {
    "tools": "cass.tools",
    "providers": "cass.llm.providers",
    "commands": "cass.commands",
    "stores": "cass.stores",
    "exchange": "cass.exchange",
    "search": "cass.web.search",
}

log = logging.getLogger(__name__)


def find(group: Group) -> list[ModuleType]:
    """All modules of a group, built-in ones first, each part in order of name. Modules whose name begins with an
    underscore are private to their folder. A plug-in that cannot be imported is logged and left out; a built-in
    one raises."""
    folder = importlib.import_module(_FOLDERS[group])
    names = sorted(info.name for info in pkgutil.iter_modules(folder.__path__) if not info.name.startswith("_"))
    found = [importlib.import_module(f"{folder.__name__}.{name}") for name in names]
    if os.environ.get("CASS_PLUGINS", "1") != "0":
        found += _installed(group)
    return found


def _installed(group: Group) -> list[ModuleType]:
    from importlib.metadata import entry_points  # costs 15 ms; only needed when plug-ins are on

    modules: list[ModuleType] = []
    for point in sorted(entry_points(group=f"cass.{group}"), key=lambda p: p.name):
        try:
            loaded = point.load()
        except Exception:
            log.exception("the plug-in %s (%s) cannot be loaded and is left out", point.name, point.value)
            continue
        if isinstance(loaded, ModuleType):
            modules.append(loaded)
        else:
            log.error("the plug-in %s (%s) is not a module and is left out", point.name, point.value)
    return modules

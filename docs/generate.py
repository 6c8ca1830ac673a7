"""Writes what is made from the code: configuration.md, protocol.schema.json, the VS Code extension's settings and
types."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from cass import layers
from cass.admin import protocol
from cass.config import Config, HookEntry, HookRule, ModelConfig, ProviderConfig
from cass.trust import table

HERE = Path(__file__).parent

_HEAD = """\
# Configuration

<!-- Made from server/cass/config/ by docs/generate.py; do not edit. -->

Settings come in layers, each over the one before: defaults, your own file (`cass config path` names it), the project's
`.cass/config.toml`, its `.cass/config.local.toml`, the environment, the editor's settings, flags.

Every setting has a variable: `llm.idle_timeout` is `CASS_LLM__IDLE_TIMEOUT`, with `__` between levels. Keys are no
settings: they come from the environment (`OPENAI_API_KEY`, `OPENROUTER_API_KEY`, …) or the system's keyring
(`cass auth set PROVIDER`). `CASS_HOME`, an absolute path, holds everything cass keeps, instead of the platform's user
folders.

A project's own files may do what the column *project* says: nothing, only make it stricter (*tighten*), let it apply once
the file is trusted (*trusted*, see [trust](trust.md)), or anything (*any*). What they may not say is left out with a warning.

`cass config show` prints each value with its origin; `get`, `set`, `edit` and `check` do what they say.

| setting | type | default | bounds | project | |
|---|---|---|---|---|---|
"""


def configuration() -> str:
    """The page."""
    lines = [_HEAD]
    lines += [_row(key, field) for key, field in layers.fields(Config)]
    for title, model in (
        ("[providers.NAME]", ProviderConfig),
        ('[providers.NAME.models."MODEL"]', ModelConfig),
        ("[[hooks.EVENT]]", HookRule),
        ("[[hooks.EVENT.hooks]]", HookEntry),
    ):
        lines.append(
            f"\n## `{title}`\n\n| setting | type | default | bounds | project | |\n|---|---|---|---|---|---|\n"
        )
        lines += [_row(key, field) for key, field in layers.fields(model)]
    return "".join(lines)


def _row(key: str, field: object) -> str:
    from pydantic.fields import FieldInfo

    assert isinstance(field, FieldInfo)
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    bounds = ", ".join(
        f"{_SIGNS[type(m).__name__]} {next(iter(vars_of(m)))}" for m in field.metadata if type(m).__name__ in _SIGNS
    )
    shape = (
        str(field.annotation)
        .replace("typing.", "")
        .replace("cass.config.models.", "")
        .replace("cass.config.faces.", "")
        .replace("cass.config.hooks.", "")
        .replace("|", "\\|")
    )
    shape = shape.removeprefix("<class '").removesuffix("'>")
    if shape.startswith("dict[Literal["):
        shape = "table"
    default = field.get_default(call_default_factory=True)
    shown = "" if default in (None, (), {}) else f"`{list(default) if isinstance(default, tuple) else default}`"
    return f"| `{key}` | {shape} | {shown} | {bounds} | {extra.get('project', 'no')} | {field.description} |\n"


_SIGNS = {"Ge": "≥", "Gt": ">", "Le": "≤", "Lt": "<"}


def vars_of(bound: object) -> list[object]:
    """The number in a bound."""
    return [getattr(bound, name) for name in ("ge", "gt", "le", "lt") if hasattr(bound, name)]


_TRUST = """\
# Trust

<!-- Made from server/cass/trust/table.py and the settings by docs/generate.py; do not edit. -->

A folder may bring things that act: hooks, commands, skills, servers. **Nothing of it acts, and no setting of it that names something
to run or to reach applies, before you trusted the folder as it is.** Until then cass works in it without them; its instruction files
(`CASS.md`, `AGENTS.md`, `CLAUDE.md`) are told to the model as information that the project wrote, not as your rules.

- **When you are asked.** Before the first prompt in a folder that brings something that you have not decided about. `/trust` shows it in
  any client, `cass trust` in the shell: every file, with its text, or with what changed since you trusted it.
- **What you trust** is what you were shown: each file is pinned by the SHA-256 of its bytes, scripts of the project that a hook names
  included. One changed byte, one file more or less, and you are asked again, with the difference; the changed file does not act
  meanwhile, the others do. Each file is looked at again right before it is used. Only the last state that you trusted counts.
- **Not now** leaves it out until something changes or cass is started again; **Leave it out** is kept (`/trust no`, `cass trust no`).
  `/trust forget` and `cass trust forget` take a decision back; `cass trust list` shows all.
- **Without anybody to ask** (`cass -p`, a program without permission requests) a prompt in such a folder ends with an error and exit code 3:
  decide once with `cass trust`, or say `--trust` (lets it act, as it is now, for this run) or `--no-trust` (leaves it out).
  Programs say it as `trust` in `cass/session/new`.
- **A project** is the folder that holds `.git`, down to the folder that you work in; without one that folder alone. A project inside of a
  trusted one is its own.
- **Folders of a project** that bring something of their own are decided about each for itself, together with what lies above them. Of a file
  that several of them have in common the state that was trusted last counts in all.
- **VS Code's restricted mode** holds: cass runs nothing of the folder and only plans, whatever was decided before.
- **Your own files** (in cass's configuration folder, `~/.claude`, `~/.agents`) need no trust.

Decisions are kept in cass's state folder, readable by you alone, with secrets masked.

## What could act

| kind | where |
|---|---|
"""

_SETTINGS = """
Besides, every file of the project that a hook's command names, in settings and in the heads of commands: counted from the project's folder,
from the one that you work in, and from those that the command names.

A pipe, a device and a file of more than 64 MB cannot be looked at; a folder that brings one, or more than 5,000 files or 512 MB, cannot be
trusted.

## Settings of the project

Each setting says what `.cass/config.toml` of a project may do with it; one that says nothing is closed.

| | |
|---|---|
"""

_RIGHTS = {
    "trusted": "applies once its file is trusted",
    "tighten": "applies before, too, but only in the stricter direction",
    "any": "applies before, too: it names no program, address, path or variable",
    "no": "never applies; your own configuration may set it",
}


def trust() -> str:
    """The page."""
    kinds = dict.fromkeys(row.kind for row in table.ROWS)
    lines = [_TRUST]
    for kind in kinds:
        places = ", ".join(
            f"`{row.place}{'' if '.' in row.place.rpartition('/')[2] else '/'}`"
            for row in table.ROWS
            if row.kind == kind
        )
        lines.append(f"| {kind} | {places} |\n")
    lines.append(_SETTINGS)
    for right, said in _RIGHTS.items():
        keys = ", ".join(f"`{key}`" for key, may in table.settings() if may == right)
        lines.append(f"| {said} | {keys} |\n")
    return "".join(lines)


PAGES = {
    "trust": (HERE / "trust.md", trust),
    "configuration": (HERE / "configuration.md", configuration),
    "schema": (HERE / "protocol.schema.json", lambda: protocol.text() + "\n"),
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--print"]:
        sys.stdout.write(PAGES[sys.argv[2]][1]())
    else:
        for path, make in PAGES.values():
            path.write_text(make(), "utf-8")
        for script in sorted((HERE.parent / "editors" / "vscode" / "scripts").glob("*.py")):
            runpy.run_path(str(script), run_name="__main__")

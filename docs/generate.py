"""Writes what is made from the code: configuration.md, protocol.schema.json, the VS Code extension's settings and
types."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from cass import layers
from cass.admin import protocol
from cass.config import Config, ModelConfig, ProviderConfig

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

A project's own files may do what the column *project* says: nothing, only make it stricter (*tighten*), or anything
(*any*). What they may not say is left out with a warning.

`cass config show` prints each value with its origin; `get`, `set`, `edit` and `check` do what they say.

| setting | type | default | bounds | project | |
|---|---|---|---|---|---|
"""


def configuration() -> str:
    """The page."""
    lines = [_HEAD]
    lines += [_row(key, field) for key, field in layers.fields(Config)]
    for title, model in (("[providers.NAME]", ProviderConfig), ('[providers.NAME.models."MODEL"]', ModelConfig)):
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
        .replace("|", "\\|")
    )
    shape = shape.removeprefix("<class '").removesuffix("'>")
    default = field.get_default(call_default_factory=True)
    shown = "" if default in (None, (), {}) else f"`{list(default) if isinstance(default, tuple) else default}`"
    return f"| `{key}` | {shape} | {shown} | {bounds} | {extra.get('project', 'no')} | {field.description} |\n"


_SIGNS = {"Ge": "≥", "Gt": ">", "Le": "≤", "Lt": "<"}


def vars_of(bound: object) -> list[object]:
    """The number in a bound."""
    return [getattr(bound, name) for name in ("ge", "gt", "le", "lt") if hasattr(bound, name)]


PAGES = {
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

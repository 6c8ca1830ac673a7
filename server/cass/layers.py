"""Where settings come from: defaults < user file < project file < project's local file < environment < editor <
flags. Each value remembers its origin; every error says file, line, key and the nearest valid key.

A project's own files may describe and tighten, never loosen, and never name an endpoint or a key; what runs something
they may name once the user trusted them. What they may do with a field is written at the field (`cass.config`); a
field that says nothing is closed to them.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from cass import plainfile
from cass.config import APPROVALS, MODES, Config
from cass.errors import ConfigError
from cass.protocol import finding

Tree = dict[str, object]
Kind = Literal["user", "project", "environment", "editor", "flags"]


_BY_NAME = "mcp.servers"
"""A setting of which each entry has an origin of its own: whether it may act depends on that."""


@dataclass(frozen=True)
class Layer:
    """Settings of one origin. `text` is the file's text, for finding lines. `trusted`: the user trusted this file of a
    project, as it is."""

    kind: Kind
    where: str
    values: Tree
    text: str = ""
    trusted: bool = False


@dataclass(frozen=True)
class Loaded:
    """The configuration, the origin of each value that is no default, and what was ignored and why."""

    config: Config
    origins: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def load(layers: Sequence[Layer]) -> Loaded:
    """Put layers on top of each other, lowest first. ConfigError for anything wrong outside a project's files; what
    a project's files may not say is left out with a warning."""
    merged: Tree = {}
    origins: dict[str, str] = {}
    warnings: list[str] = []
    for layer in layers:
        values = layer.values
        if layer.kind == "project":
            values, refused = _project(layer, merged)
            warnings += refused
        _check(layer, values)
        _check_secrets(layer, values)
        for key, value in leaves(values):
            origins[key] = layer.where
            origins.update({f"{key}.{name}": layer.where for name in _named(key, value)})
            _put(merged, key, value, extend=layer.kind == "project" and key.startswith(_ADDED))
    return Loaded(Config.model_validate(merged), origins, tuple(warnings))


def _named(key: str, value: object) -> Iterator[str]:
    if key == _BY_NAME and isinstance(value, dict):
        yield from cast("Tree", value)


def read_file(path: Path, kind: Kind, *, trusted: bool = False) -> Layer | None:
    """A TOML file as a layer; None when there is none."""
    try:
        text = plainfile.read(path, _MOST_BYTES).decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", where=str(path)) from None
    try:
        return Layer(kind, str(path), plainfile.toml(text), text, trusted)
    except ValueError as error:
        raise ConfigError(f"is not TOML: {error}", where=str(path), hint="`cass config edit` opens it.") from None


def from_environment(environ: Mapping[str, str]) -> Layer:
    """`CASS_LLM__IDLE_TIMEOUT=5` sets `llm.idle_timeout`. A value is read as JSON where that fits the field, else
    as plain text; a list may be given with commas."""
    values: Tree = {}
    for variable, text in sorted(environ.items()):
        name = variable.removeprefix("CASS_")
        if variable == name or variable in _NOT_SETTINGS:
            continue
        path = [part.lower() for part in name.split("__")]
        field = _field(path)
        if field is None:
            if "__" in name or _nearest(path[0], Config):
                raise ConfigError(f"there is no setting {'.'.join(path)}", where=variable, hint=_hint(path))
            continue
        _put(values, ".".join(path), _value(text, field))
    return Layer("environment", "environment", values)


_MOST_BYTES = 4_000_000
_ADDED = ("permissions.", "secrets.extra")
"""Lists that a project's file adds to."""

_NOT_SETTINGS = frozenset({"CASS_HOME", "CASS_PLUGINS", "CASS_E2E", "CASS_CLOCK", "CASS_JOB", "CASS_SERVER"})


def fields(model: type[BaseModel] = Config, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting with its dotted key; tables of the user's own names (`providers.NAME`) are given as a whole."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from fields(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def leaves(values: Tree, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every setting that these values give, by its dotted key; of a key that there is not, the value as it stands."""
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and _field(key.split(".")) is None:
            yield from leaves(cast("Tree", value), f"{key}.")
        else:
            yield key, value


def _put(tree: Tree, key: str, value: object, *, extend: bool = False) -> None:
    *parents, name = key.split(".")
    for parent in parents:
        tree = cast("Tree", tree.setdefault(parent, {}))
    old = tree.get(name)
    if key == "hooks" and isinstance(old, dict) and isinstance(value, dict):
        both, rules = cast("dict[str, list[object]]", old), cast("dict[str, list[object]]", value)
        tree[name] = {event: [*both.get(event, ()), *rules.get(event, ())] for event in {**both, **rules}}
    elif isinstance(old, dict) and isinstance(value, dict):
        tree[name] = {**cast("Tree", old), **cast("Tree", value)}
    elif extend and isinstance(old, list | tuple):
        tree[name] = [*cast("list[object]", old), *cast("list[object]", value)]
    else:
        tree[name] = value


def _field(path: Sequence[str]) -> FieldInfo | None:
    """The setting at this path; None for a section or nothing."""
    model: type[BaseModel] = Config
    for depth, name in enumerate(path):
        field = model.model_fields.get(name)
        if field is None:
            return None
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
        else:
            return field if depth == len(path) - 1 else None
    return None


def _check(layer: Layer, values: Tree) -> None:
    try:
        Config.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = [str(part) for part in first["loc"]]
        where = f"{layer.where}{_line(layer.text, path)}"
        if first["type"] == "extra_forbidden":
            raise ConfigError(f"there is no setting {'.'.join(path)}", where=where, hint=_hint(path)) from None
        raise ConfigError(
            f"{'.'.join(path)} is {json.dumps(first['input'], default=str)[:80]}: {first['msg']}", where=where
        ) from None


def _check_secrets(layer: Layer, values: Tree) -> None:
    """Expressions that cannot be used, and patterns that there are not."""
    given = values.get("secrets")
    section = cast("Tree", given) if isinstance(given, dict) else {}
    for pattern in cast("Sequence[str]", section.get("extra", ())):
        if why := finding.fault(pattern):
            where = f"{layer.where}{_line(layer.text, ['secrets', 'extra'])}"
            hint = (
                "Write single quotes around it in TOML, and try it with `python3 -c 'import re; re.compile(...)'`."
            )
            raise ConfigError(f"secrets.extra has {pattern!r}, which cannot be used: {why}", where=where, hint=hint)
    for name in cast("Sequence[str]", section.get("off", ())):
        if name not in finding.names():
            near = difflib.get_close_matches(name, finding.names(), n=1, cutoff=0.5)
            raise ConfigError(
                f"secrets.off names {name!r}, and there is no such pattern",
                where=f"{layer.where}{_line(layer.text, ['secrets', 'off'])}",
                hint=f"Did you mean {near[0]}?" if near else f"There are: {', '.join(finding.names())}.",
            )


def _project(layer: Layer, below: Tree) -> tuple[Tree, list[str]]:
    """What a project's file is allowed to say, and warnings about the rest."""
    allowed: Tree = {}
    warnings: list[str] = []
    for key, value in leaves(layer.values):
        field = _field(key.split("."))
        if field is None:
            raise ConfigError(
                f"there is no setting {key}",
                where=f"{layer.where}{_line(layer.text, key.split('.'))}",
                hint=_hint([key]),
            )
        right = right_of(key)
        may = right == "any" or (right == "trusted" and layer.trusted)
        if may or (right == "tighten" and _tightens(key, value, _get(below, key, field))):
            _put(allowed, key, value)
        else:
            warnings.append(f"{layer.where}: {key} is ignored: {_WHY[right]}")
    return allowed, warnings


_WHY = {
    "no": "a project may not set it. Your own configuration may set it.",
    "tighten": "loosens it. Your own configuration may set it.",
    "trusted": "its folder is not trusted, or the file has changed since. /trust shows it.",
}


def right_of(key: str) -> str:
    """What a project's file may do with the setting: `no`, `tighten`, `trusted` or `any`; `no` for one that there is
    not."""
    field = _field(key.split("."))
    extra = field.json_schema_extra if field else None
    return str(cast("Tree", extra).get("project", "no")) if isinstance(extra, dict) else "no"


def _get(tree: Tree, key: str, field: FieldInfo) -> object:
    *parents, name = key.split(".")
    for parent in parents:
        inner = tree.get(parent)
        tree = cast("Tree", inner) if isinstance(inner, dict) else {}
    return tree[name] if name in tree else field.get_default(call_default_factory=True)


def _tightens(key: str, value: object, now: object) -> bool:
    for order in (MODES, APPROVALS):
        if value in order and now in order:
            return order.index(str(value)) <= order.index(str(now))
    if key.startswith(_ADDED):
        return isinstance(value, list)
    if key == "secrets.mask":
        return value is True
    if key.startswith("completion.") and isinstance(value, bool | dict):
        return value is False or (isinstance(value, dict) and not any(cast("Tree", value).values()))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return now is None or (isinstance(now, int | float) and value <= now)
    return False


def _value(text: str, field: FieldInfo) -> object:
    shape = str(field.annotation)
    if "tuple[" in shape and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if any(word in shape for word in ("tuple[", "dict[", "int", "float", "bool")):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return None if text == "" else text


def _hint(path: Sequence[str]) -> str:
    near = _nearest(".".join(path), Config)
    return f"Did you mean {near}?" if near else "docs/configuration.md lists all settings."


def _nearest(key: str, model: type[BaseModel]) -> str | None:
    known = [name for name, _ in fields(model)]
    found = difflib.get_close_matches(key, known, n=1, cutoff=0.7)
    if not found:
        tails = {name.rsplit(".", 1)[-1]: name for name in known}
        found = [tails[t] for t in difflib.get_close_matches(key.rsplit(".", 1)[-1], tails, n=1, cutoff=0.75)]
    return found[0] if found else None


def _line(text: str, path: Sequence[str]) -> str:
    """`, line N` for the line that sets this key, as far as a look at the text can tell."""
    section: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"\s*\[\[?([^\]]+)\]", line)
        if head:
            section = [part.strip().strip("\"'") for part in head[1].split(".")]
            if section == list(path):
                return f", line {number}"
            continue
        key = re.match(r"\s*([A-Za-z0-9_.\"'-]+)\s*=", line)
        if key:
            full = [*section, *(part.strip("\"'") for part in key[1].split("."))]
            if full == list(path[: len(full)]) and len(full) > len(section):
                return f", line {number}"
    return ""

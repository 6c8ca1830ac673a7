"""Tools as the registry finds them and as the model sees them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import cast

from pydantic import BaseModel

from cass.errors import ConfigError
from cass.ports import Action, Tool, ToolContext, ToolSpec
from cass.protocol.messages import ToolKind
from cass.protocol.wire import JsonObject

Prepare = Callable[[BaseModel, ToolContext], Awaitable[Action]]

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")


@dataclass(frozen=True)
class ModuleTool:
    """A module with `name`, `kind`, `Params`, `prepare` and a docstring, as `ports.Tool`."""

    name: str
    description: str
    kind: ToolKind
    params: type[BaseModel]
    run: Prepare
    needs: str = ""

    async def prepare(self, params: BaseModel, ctx: ToolContext) -> Action:
        """Say what the call would do."""
        return await self.run(params, ctx)


def load(modules: Sequence[ModuleType]) -> dict[str, Tool]:
    """The tools of these modules by name. ConfigError names the module that is no tool, or a name given twice."""
    tools: dict[str, Tool] = {}
    for module in modules:
        parts = vars(module)
        missing = [part for part in ("name", "kind", "Params", "prepare") if part not in parts]
        if missing or not module.__doc__:
            raise ConfigError(
                f"the tool {module.__name__} lacks {', '.join(missing) or 'a docstring'}",
                hint="docs/extending.md shows what a tool is. CASS_PLUGINS=0 starts without installed plug-ins.",
            )
        name = str(parts["name"])
        if not _NAME.fullmatch(name) or name in tools:
            raise ConfigError(f"the tool {module.__name__} has the name {name!r}, which is taken or not allowed")
        tools[name] = ModuleTool(
            name=name,
            description=" ".join(module.__doc__.split()),
            kind=parts["kind"],
            params=parts["Params"],
            run=cast("Prepare", parts["prepare"]),
            needs=str(parts.get("needs", "")),
        )
    return tools


def specs(tools: Sequence[Tool]) -> tuple[ToolSpec, ...]:
    """What the model is told of the tools, in order of name."""
    return tuple(
        ToolSpec(tool.name, tool.description, _lean(tool.params.model_json_schema()), tool.needs)
        for tool in sorted(tools, key=lambda tool: tool.name)
    )


def _lean(schema: JsonObject) -> JsonObject:
    """The schema without what costs tokens and says nothing: titles, default nulls, `anyOf` with null."""
    lean = cast("JsonObject", _without_noise(schema))
    lean.pop("description", None)
    lean.setdefault("properties", {})
    return lean


def _without_noise(value: object, *, names: bool = False) -> object:
    """`names` says that the keys of this object are names of properties, not words of JSON Schema."""
    if isinstance(value, list):
        return [_without_noise(item) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    source = cast("JsonObject", value)
    if not names and isinstance(options := source.get("anyOf"), list):
        rest = [o for o in cast("list[JsonObject]", options) if o.get("type") != "null"]
        if len(rest) == 1:
            source = {**rest[0], **{k: v for k, v in source.items() if k != "anyOf"}}
    return {
        key: _without_noise(item, names=key == "properties" and not names)
        for key, item in source.items()
        if names or not (key == "title" or (key == "default" and item in (None, False, [], "")))
    }

"""The base of everything that crosses the wire: frozen pydantic models, camelCase outside, snake_case inside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar, cast

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticSerializationError

JsonObject = dict[str, object]


def as_object(value: object) -> JsonObject:
    """The value where it is a JSON object, else an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """The value where it is a JSON array, else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


class Wire(BaseModel):
    """A value on the wire. Unknown fields are ignored, so that a newer peer can say more."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        defer_build=True,
        protected_namespaces=(),
    )

    def wire(self) -> JsonObject:
        """The JSON object a peer receives: camelCase keys, absent fields left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def wire_json(self) -> str:
        """The same as `wire`, as JSON text on one line. Half a surrogate pair, which JSON cannot carry, becomes a
        question mark."""
        try:
            return self.model_dump_json(by_alias=True, exclude_none=True)
        except PydanticSerializationError:
            plain = self.model_dump(mode="python", by_alias=True, exclude_none=True)
            text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
            return text.encode("utf-8", "replace").decode("utf-8")


class SessionEvent(Wire):
    """Something that happened in a session, in a turn or outside of one. `durable` ones are in the journal."""

    durable: ClassVar[bool] = False
    turn_id: str | None = None

    @property
    def is_durable(self) -> bool:
        """Whether this event must be on disk before anybody sees it."""
        return self.durable


@dataclass(frozen=True)
class Method:
    """A method: `result` is None for a notification."""

    name: str
    params: type[Wire]
    result: type[Wire] | None

"""What a setting is: a type, a default, bounds, one line of help, and what a project's own file may do with it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

ProjectRight = Literal["no", "tighten", "trusted", "any"]

MODES = ("plan", "active")
APPROVALS = ("ask", "edits", "auto")


def setting(default: Any, help: str, *, project: ProjectRight = "no", **bounds: Any) -> Any:
    """A field with its line of help, its bounds, and what a project file may do with it."""
    extra: JsonDict = {"project": project}
    if callable(default):
        return Field(default_factory=default, description=help, json_schema_extra=extra, **bounds)
    return Field(default=default, description=help, json_schema_extra=extra, **bounds)


class Section(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, protected_namespaces=())

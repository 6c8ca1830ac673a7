"""What every tool needs: lenient parameters, short path names, and refusals that go through the gate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, cast
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, model_validator

from cass.errors import ToolError
from cass.ports import Action, FileText, Outcome, ToolContext
from cass.protocol.editing import Location

_PLACES = 200


class ToolParams(BaseModel):
    """Arguments of a tool. A null counts as left out, since models send it for what they do not use."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in cast("dict[str, object]", data).items() if value is not None}


def short(path: Path, ctx: ToolContext) -> str:
    """The path as the model reads it: relative to the session's folder, with forward slashes."""
    return path.relative_to(ctx.cwd).as_posix() if path.is_relative_to(ctx.cwd) else path.as_posix()


def located(path: str, ctx: ToolContext) -> Path:
    """The absolute path that the model means; a relative one starts in the session's folder."""
    if path.startswith(("/", "~", "file:")) or not path.strip():
        return ctx.workspace.resolve(path)
    return ctx.workspace.resolve(f"{ctx.cwd}/{path}")


async def read_if_there(path: str, ctx: ToolContext) -> FileText | None:
    """The file, or None where there is none yet."""
    try:
        return await ctx.workspace.read(located(path, ctx))
    except ToolError as error:
        if error.kind == "not_found":
            return None
        raise


def refusal(title: str, path: Path, error: ToolError) -> Action:
    """An edit that cannot be made, with an error that quotes the file: the call becomes a read of the file, so
    that nobody learns by a failing edit what reading would not have shown."""

    async def run() -> Outcome:
        fail(error)

    return Action(title=title, kind="read", changes=False, paths=(path,), run=run)


def named(uri: str, ctx: ToolContext) -> str:
    """A document's path as the model reads it; its URI where it is no file."""
    address = urlsplit(uri)
    return short(Path(unquote(address.path)), ctx) if address.scheme == "file" else uri


def places(found: Sequence[Location], ctx: ToolContext) -> str:
    """Places, a line each."""
    lines = [f"{named(place.uri, ctx)}:{place.range.start.line + 1}" for place in found[:_PLACES]]
    if len(found) > _PLACES:
        lines.append(f"[… {len(found) - _PLACES} more]")
    return "\n".join(lines) or "None found."


def fail(error: ToolError) -> NoReturn:
    """Raise the error afresh, so that a traceback kept in it does not grow."""
    raise ToolError(error.message, hint=error.hint, kind=error.kind)

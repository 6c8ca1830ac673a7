"""Asks the user for what a command needs and was not given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cass.customs import parameters
from cass.customs.definition import Definition, Parameter, Value
from cass.errors import SessionError

if TYPE_CHECKING:
    from cass.sessions.session import Session

_TRIES = 3


async def completed(
    session: Session,
    definition: Definition,
    given: Mapping[str, Value],
    selection: str,
    exists: Callable[[str], bool],
) -> dict[str, Value]:
    """The values of all parameters: given, selected, asked for, or by default. SessionError `missing_parameter` where one is
    required and nobody can be asked, `cancelled` where the user gave none."""
    values = dict(given)
    for parameter in definition.parameters:
        if parameter.type == "selection" and parameter.name not in values and selection:
            values[parameter.name] = selection
    wanted = [p for p in definition.parameters if p.name not in values and (p.prompt or p.required)]
    missing = [p for p in wanted if p.required and p.default is None]
    askable = [p for p in wanted if p.prompt]
    if missing and (not session.can_decide or any(not p.prompt for p in missing)):
        raise _missing(definition, missing)
    if askable and session.can_decide:
        values |= await _ask(session, definition, askable, exists)
    for parameter in definition.parameters:
        values.setdefault(parameter.name, parameter.default)
    return values


async def _ask(
    session: Session, definition: Definition, wanted: list[Parameter], exists: Callable[[str], bool]
) -> dict[str, Value]:
    head = f"/{definition.name}" + (f": {definition.description}" if definition.description else "")
    message, known, problems = head, dict[str, Value](), list[str]()
    for _ in range(_TRIES):
        result = await session.asks.form(message, parameters.schema(wanted, known))
        missing = [p for p in wanted if p.required and p.default is None]
        if result.action != "accept":
            if result.action == "decline" and not missing:
                return {}
            raise _missing(definition, missing or wanted)
        problems = list[str]()
        values: dict[str, Value] = {}
        for parameter in wanted:
            given = (result.content or {}).get(parameter.name)
            if given is None or given == "":
                if parameter.required and parameter.default is None:
                    problems.append(f"{parameter.name} is missing")
                continue
            try:
                values[parameter.name] = parameters.checked(parameter, given, exists)
            except SessionError as error:
                problems.append(str(error))
        if not problems:
            return values
        known, message = values, "\n".join([head, *problems])
    raise SessionError(
        f"/{definition.name} was not given what it needs: {'; '.join(problems)}", kind="invalid_params"
    )


def _missing(definition: Definition, missing: list[Parameter]) -> SessionError:
    names = ", ".join(f"{p.name} ({_kind(p)})" for p in missing)
    example = " ".join(f"{p.name}={p.values[0] if p.values else '…'}" for p in missing)
    return SessionError(
        f"/{definition.name} needs {names}",
        hint=f"Give it on the line: /{definition.name} {example}",
        kind="missing_parameter",
    )


def _kind(parameter: Parameter) -> str:
    return "one of " + ", ".join(parameter.values) if parameter.values else parameter.type

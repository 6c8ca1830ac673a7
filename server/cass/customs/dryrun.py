"""What a command would send and run, in words, without running, reading or asking anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cass.customs import arguments, expressions, rendering, template
from cass.customs.definition import Definition, Place, Step, Value
from cass.customs.expressions import shown
from cass.customs.rendering import Values
from cass.customs.template import Node
from cass.errors import CassError

_DEEPEST = 4


class _Still:
    """Runs nothing."""

    def __init__(self, selection: str) -> None:
        self._selection = selection

    async def shell(self, command: str, place: Place) -> str:
        return f"«output of `{command}`»"

    async def file(self, path: str, place: Place, *, must_exist: bool) -> str | None:
        return f"@{path}"

    async def special(self, name: str) -> str:
        return self._selection if name == "selection" and self._selection else f"«{name}»"


def wanted(line: str) -> bool:
    """Whether a line asks for a dry run."""
    if "--dry-run" not in line:
        return False
    try:
        return arguments.read(line, (), strict=False).dry_run
    except CassError:
        return False


def hint(definition: Definition) -> str:
    """What may follow the name, from the parameters."""
    parts = [f"{p.name}={'|'.join(p.values) if p.values else '…'}" for p in definition.parameters]
    return " ".join(
        part if p.required else f"[{part}]" for part, p in zip(parts, definition.parameters, strict=True)
    )


async def text(definition: Definition, line: str, selection: str, find: Callable[[str], Definition | None]) -> str:
    """The whole account, as Markdown. CassError for arguments that are wrong."""
    given = arguments.read(line, definition.parameters, strict=bool(definition.parameters))
    known: dict[str, Value] = dict(given.values)
    for parameter in definition.parameters:
        if parameter.name not in known:
            if parameter.type == "selection" and selection:
                known[parameter.name] = selection
            elif parameter.default is None and parameter.prompt:
                known[parameter.name] = f"«{parameter.name}»"
            else:
                known[parameter.name] = parameter.default
    values = Values(known, given.words, given.line)
    parts = [f"Dry run of `/{definition.name}` ({definition.path}). Nothing was run or sent."]
    if known:
        parts.append("\n".join(f"- {name} = {value!r}" for name, value in known.items()))
    parts += [f"{key}: {value}" for key, value in _terms(definition)]
    parts += await _steps(definition, definition.steps, values, selection, find, 0)
    if definition.body.strip():
        kind = "prompt" if definition.dialect == "cass" else "claude"
        body = await _prompt(definition.body, definition.body_place, kind, _guessed(values, definition), selection)
        nodes = template.parse(definition.body, definition.body_place, kind)
        words = any(isinstance(node, template.Words) for node in template.walk(nodes))
        if given.line and not definition.parameters and not words:
            body = f"{body}\n\nARGUMENTS: {given.line}"
        parts.append(f"Would send:\n\n{_block(body)}")
    if definition.output_schema is not None:
        parts.append("The answer must fit `output_schema`.")
    if definition.verify:
        check = await _command(
            definition.verify.command, definition.verify.place, _guessed(values, definition), selection
        )
        parts.append(f"Then would check, up to {definition.verify.retries + 1} times:\n\n{_block(check)}")
    return "\n\n".join(parts)


def _terms(definition: Definition) -> Iterator[tuple[str, str]]:
    allowed = definition.allowed
    for key, value in (
        ("Model", definition.model),
        ("Effort", definition.effort),
        ("Mode", definition.mode),
        ("Approval", definition.approval),
        ("Tools", ", ".join(allowed.only)),
        ("Tools left out", ", ".join(allowed.never)),
        ("Allowed without asking", ", ".join(allowed.allow)),
        ("Asked about", ", ".join(allowed.ask)),
        ("Refused", ", ".join(allowed.deny)),
        ("Runs as", "a fork of the session" if definition.fork else ""),
        ("Hooks", ", ".join(definition.hooks)),
    ):
        if value:
            yield key, value


async def _steps(
    definition: Definition,
    steps: Sequence[Step],
    values: Values,
    selection: str,
    find: Callable[[str], Definition | None],
    depth: int,
) -> list[str]:
    if depth > _DEEPEST:
        return ["…"]
    parts: list[str] = []
    guessed = _guessed(values, definition)
    for step in steps:
        head = f"{'#' * min(6, depth + 3)} Step {step.id}{_conditions(step)}"
        own = guessed
        if step.for_each is not None:
            items: dict[str, Value] = {name: f"«{name}»" for name in (step.each_name, "item", "index")}
            own = Values({**guessed.named, **items}, guessed.words, guessed.line)
        if step.prompt is not None:
            said = await _prompt(step.prompt, step.at("prompt"), "prompt", own, selection)
            parts.append(f"{head}\n\nWould send:\n\n{_block(said)}")
        elif step.run is not None:
            parts.append(
                f"{head}\n\nWould run:\n\n{_block(await _command(step.run, step.at('run'), own, selection))}"
            )
        elif step.command is not None:
            given = step.arguments if isinstance(step.arguments, str) else _pairs(step.arguments)
            parts.append(f"{head}\n\nWould run `/{step.command} {given}`".rstrip())
        else:
            beside = ", beside each other in sessions of their own:" if step.parallel else ":"
            parts.append(f"{head}{beside}")
            for branch in step.branches:
                parts.append(f"If {branch.condition}:" if branch.condition else "Else:")
                parts += await _steps(definition, branch.steps, own, selection, find, depth + 1)
            if not step.branches:
                parts += await _steps(definition, step.inner, own, selection, find, depth + 1)
        if step.verify:
            check = await _command(step.verify.command, step.verify.place, own, selection)
            parts.append(f"Then would check, up to {step.verify.retries + 1} times:\n\n{_block(check)}")
    return parts


def _guessed(values: Values, definition: Definition) -> Values:
    """The values, with words for what steps would come to."""
    found: dict[str, Value] = {}
    waiting = list(definition.steps)
    while waiting:
        step = waiting.pop()
        waiting += step.inner
        name = f"«steps.{step.id}"
        found[step.id] = {
            **{key: f"{name}.{key}»" for key in ("text", "json", "exit_code", "state")},
            "lines": [f"{name}.lines»"],
            "ok": True,
        }
    return Values({**values.named, "steps": found}, values.words, values.line)


def _conditions(step: Step) -> str:
    parts = [f"if {expressions.bare(step.condition).strip()}"] if step.condition else []
    parts += [f"unless {expressions.bare(step.unless).strip()}"] if step.unless else []
    parts += [f"for each of {shown(step.for_each)}"] if step.for_each is not None else []
    parts += [f"until {step.until}"] if step.until else []
    parts += [f"up to {step.retry + 1} times"] if step.retry else []
    parts += ["in a session of its own"] if step.fork else []
    return f" ({', '.join(parts)})" if parts else ""


def _pairs(given: Mapping[str, Value]) -> str:
    return " ".join(f"{name}={shown(value)}" for name, value in given.items())


async def _prompt(text: str, place: Place, kind: template.Kind, values: Values, selection: str) -> str:
    nodes: Sequence[Node] = template.parse(text, place, kind)
    return await rendering.text(nodes, values, _Still(selection))


async def _command(text: str, place: Place, values: Values, selection: str) -> str:
    return await rendering.command(template.parse(text, place, "shell"), values, _Still(selection))


def _block(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text.strip()}\n{fence}"

"""Runs a custom command in a turn: takes its values, holds it to its terms, does its steps, asks the model, checks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.agent.gate import Rules
from cass.agent.permissions import parse_rules
from cass.config import APPROVALS, MODES
from cass.customs import arguments, claude, expressions, rendering, template
from cass.customs.arguments import Given
from cass.customs.checking import MAX_CALLS
from cass.customs.definition import Definition, Place, Step, Value
from cass.customs.rendering import Values
from cass.customs.template import Words
from cass.errors import CassError, ConfigError, LimitReached, SessionError
from cass.ports import Question
from cass.protocol.events import AgentMessage, Notice, StateUpdate, TurnError, UserMessage
from cass.protocol.messages import ContentBlock, Text
from cass.sessions import children, forms
from cass.sessions.children import Child
from cass.sessions.flows import Flow, Ground
from cass.sessions.results import Result
from cass.sessions.stage import Ended, Purse, Stage
from cass.sessions.terms import Terms, is_wider, lent
from cass.sessions.world import World

if TYPE_CHECKING:
    from cass.sessions.session import Session

_YES = "Allow for this run"
_BODY = "body"


@dataclass(frozen=True)
class Run:
    """One run: what is run, with what. `typed` are the user's words, `extra` what came along with them. `done` is what was
    done before, of a run that is taken up."""

    definition: Definition
    values: Mapping[str, Value]
    given: Given
    typed: UserMessage
    digest: str
    selection: str = ""
    extra: Sequence[ContentBlock] = ()
    run_id: str = field(default_factory=lambda: f"run-{uuid4().hex[:12]}")
    done: Mapping[str, Result] = field(default_factory=dict[str, Result])
    again: bool = False


async def perform(session: Session, turn_id: str, run: Run) -> StateUpdate:
    """Do it; the turn's last event, not yet emitted."""
    definition = run.definition
    purse = Purse(definition.budget)
    flow = Flow(definition, run.run_id, session, turn_id, purse, part, run.values, run.done)
    ground = Ground(Stage(session, turn_id, purse, run.selection), Values({}, run.given.words, run.given.line))
    kept = bool(definition.steps)
    if (kept or definition.fork) and not run.again:
        await session.work.say_first(run.typed.model_copy(update={"turn_id": turn_id}))
    if kept:
        told = {**run.values, "$line": run.given.line, "$words": list(run.given.words), "$selection": run.selection}
        flow.tell(None, "", "running", arguments=dict(told), digest=run.digest)
    try:
        async with asyncio.timeout(definition.budget.seconds):
            with lent(session, await terms_of(session, definition, purse)):
                await _whole(flow, ground, None if kept or definition.fork else run)
    except asyncio.CancelledError:
        if kept:
            flow.tell(None, "", "cancelled")
        raise
    except TimeoutError:
        limit = LimitReached(f"The command used up its budget of {definition.budget.seconds:g} seconds.")
        return _ended(flow, kept, turn_id, limit)
    except CassError as error:
        return _ended(flow, kept, turn_id, error)
    if kept:
        flow.tell(None, "", "done")
    return StateUpdate(turn_id=turn_id, state="idle", stop_reason="end_turn", usage=purse.used)


async def terms_of(session: Session, definition: Definition, purse: Purse) -> Terms:
    """What holds while a command runs. The user is asked where it wants to be wider than the session is."""
    allowed = definition.allowed
    where = str(definition.at("rules" if "rules" in definition.lines else "allowed-tools"))
    rules = Rules(*(parse_rules(texts, where) for texts in (allowed.allow, allowed.ask, allowed.deny)))
    granted = ""
    if is_wider(APPROVALS, definition.approval, session.approval):
        granted = (
            definition.approval if await _granted(session, definition, f"approval {definition.approval}") else ""
        )
    open_rules = [rule.text for rule in rules.allow if rule.tool in ("shell", "*") and rule.pattern in (None, "*")]
    if open_rules and session.approval != "auto" and not await _granted(session, definition, "every shell command"):
        rules = replace(rules, allow=tuple(rule for rule in rules.allow if rule.text not in open_rules))
    model = _model(session, definition)
    if is_wider(MODES, definition.mode, session.mode):
        _note(
            session, f"/{definition.name} wants the mode {definition.mode}; {session.mode} holds: /mode switches."
        )
    only = tuple(tool for name in allowed.only for tool in claude.rules([name]))
    return Terms(
        mode=definition.mode,
        approval=definition.approval,
        granted=granted,
        model=model,
        effort=definition.effort,
        only=(only,) if only else (),
        never=tuple(tool for name in allowed.never for tool in claude.rules([name])),
        rules=rules,
        limits=(purse.lower,),
    )


async def part(flow: Flow, step: Step, ground: Ground) -> Result:
    """Another command, as a step of one."""
    session = ground.stage.session
    name, _, rest = (step.command or "").partition(" ")
    path = (*flow.above, flow.definition.name)
    if name in path or len(path) > MAX_CALLS:
        raise step.at("command").error(f"/{name} calls itself, or goes too deep: {' → '.join((*path, name))}")
    definition = await session.brought.customs.definition(name, step.at("command"))
    values, given = flow.known(ground), step.arguments
    named: dict[str, Value] = {}
    line = rest
    if isinstance(given, Mapping):
        named = {key: await _filled(value, step.at("with"), values, ground) for key, value in given.items()}
    elif given:
        line = f"{rest} {expressions.shown(await _filled(given, step.at('with'), values, ground))}".strip()
    taken = await values_of(session, definition, line, ground.stage.selection, named)
    inner = Flow(
        definition=definition,
        run_id=flow.run_id,
        parent=flow.parent,
        turn_id=flow.turn_id,
        purse=flow.purse,
        call=part,
        given=taken[0],
        done=flow.done,
        count=flow.count,
        above=path,
    )
    words = Values({}, taken[1].words, taken[1].line)
    with lent(session, await terms_of(session, definition, Purse(definition.budget))):
        await _whole(inner, replace(ground, values=words), None)
    flow.last = inner.last
    return Result(ok=True, text=inner.last)


async def values_of(
    session: Session, definition: Definition, line: str, selection: str, named: Mapping[str, Value] | None = None
) -> tuple[dict[str, Value], Given]:
    """The values of a command's parameters from a line, from what is given by name, and from the user."""

    def exists(path: str) -> bool:
        target = session.workspace.resolve(path)
        return session.workspace.inside(target) and target.exists()

    given = arguments.read(line, definition.parameters, exists=exists, strict=bool(definition.parameters))
    known = arguments.by_name(named or {}, definition.parameters, exists)
    values = await forms.completed(session, definition, {**given.values, **known}, selection, exists)
    return values, given


async def _whole(flow: Flow, ground: Ground, simple: Run | None) -> None:
    """The command here, or in a child session whose result comes back as one message."""
    definition, session = flow.definition, ground.stage.session
    if not definition.fork:
        return await _here(flow, ground, simple)
    failed: list[CassError] = []

    async def job(child: Session, turn_id: str) -> StateUpdate:
        stage = Stage(child, turn_id, flow.purse, ground.stage.selection)
        try:
            await _here(flow, replace(ground, stage=stage), None)
        except CassError as error:
            failed.append(error)
            raise
        return StateUpdate(turn_id=turn_id, state="idle", stop_reason="end_turn")

    def opened(child: Session) -> None:
        flow.tell(None, f"{ground.prefix}fork", "running", child_session_id=child.session_id)

    child = Child(f"/{definition.name}", Terms(limits=(flow.purse.lower,)))
    end = await children.run(session, ground.stage.turn_id, child, job, opened)
    flow.tell(None, f"{ground.prefix}fork", "done" if end.stop_reason == "end_turn" else "failed")
    if failed:
        raise failed[0]
    if end.stop_reason != "end_turn":
        raise SessionError(f"/{definition.name} was stopped", kind="cancelled")
    if ground.prefix == "":
        message_id = f"msg-{uuid4().hex[:12]}"
        text = Text(text=flow.last or "(it said nothing)")
        session.emit(
            AgentMessage(
                turn_id=ground.stage.turn_id, message_id=message_id, content=(text,), model=session.model_name
            )
        )
    return None


async def _here(flow: Flow, ground: Ground, simple: Run | None) -> None:
    definition, stage = flow.definition, ground.stage
    if not (definition.steps or definition.body.strip() or definition.verify or definition.output_schema):
        raise definition.body_place.error(f"the file of /{definition.name} says nothing to do")
    hooks = (
        stage.session.hooks.also(
            definition.hooks,
            str(definition.at("hooks")),
            definition.path if definition.origin == "project" else None,
        )
        if definition.hooks
        else contextlib.nullcontext()
    )
    with hooks:
        await flow.steps(definition.steps, ground)
        key = ground.prefix + _BODY
        if definition.body.strip() and key not in flow.done:
            await _body(flow, ground, simple)
            if definition.steps:
                flow.tell(None, key, "done", Result(ok=True, text=flow.last))
        elif not definition.body.strip() and definition.output_schema is not None:
            said = await stage.say_json("Now give the result.", definition.output_schema, definition.schema_retries)
            flow.last = expressions.shown(said.json)
        if definition.verify:
            check = await flow.line(definition.verify.command, definition.verify.place, ground)
            await stage.verify(check, definition.verify.retries)
            flow.last = stage.last_text() or flow.last


async def _body(flow: Flow, ground: Ground, simple: Run | None) -> None:
    """The text of the file, put to the model."""
    definition, stage = flow.definition, ground.stage
    kind = "prompt" if definition.dialect == "cass" else "claude"
    nodes = template.parse(definition.body, definition.body_place, kind)
    world = World(stage)
    text = await rendering.text(nodes, flow.known(ground), world)
    line = ground.values.line
    if line and not definition.parameters and not any(isinstance(node, Words) for node in template.walk(nodes)):
        text = f"{text}\n\nARGUMENTS: {line}"
    text += world.attached()
    if not text.strip():
        raise definition.body_place.error(f"the text of /{definition.name} came to nothing, so nothing is asked")
    first, extra = (simple.typed, simple.extra) if simple else (None, ())
    if definition.output_schema is None:
        flow.last = (await stage.say(text, extra, first)).text
    else:
        said = await stage.say_json(text, definition.output_schema, definition.schema_retries, first, extra)
        flow.last = expressions.shown(said.json)


def _model(session: Session, definition: Definition) -> str:
    """The model that is asked for. ConfigError where there is none of this name; in another tool's file, whose names are
    its own, the session's model goes on."""
    if not definition.model:
        return ""
    try:
        session.house.models.get(definition.model)
    except CassError as error:
        if definition.dialect == "cass":
            raise ConfigError(error.message, where=str(definition.at("model")), hint=error.hint) from None
        _note(session, f"/{definition.name} names the model {definition.model[:80]}; the session's own is used.")
        return ""
    return definition.model


def _note(session: Session, text: str) -> None:
    """Tell the user, once in a session."""
    if text not in session.brought.customs.noted:
        session.brought.customs.noted.add(text)
        session.emit(Notice(turn_id=session.turn_id, level="info", text=text))


async def _granted(session: Session, definition: Definition, what: str) -> bool:
    question = Question(
        f"/{definition.name} ({definition.path}) wants {what} without asking, for this run.", (_YES, "No")
    )
    return session.can_decide and await session.ask(question) == _YES


async def _filled(value: Value, place: Place, values: Values, ground: Ground) -> Value:
    if not isinstance(value, str):
        return value
    return await rendering.text(template.parse(value, place, "shell"), values, World(ground.stage))


def _ended(flow: Flow, kept: bool, turn_id: str, error: CassError) -> StateUpdate:
    if kept:
        flow.tell(None, "", "failed", Result(ok=False, text=str(error), state="failed"))
    usage = flow.purse.used
    if isinstance(error, Ended):
        return error.end.model_copy(update={"usage": usage})
    why = TurnError(kind=error.kind, message=error.message, hint=error.hint or None)
    reason = "max_turn_requests" if error.kind == "limit_reached" else "error"
    return StateUpdate(turn_id=turn_id, state="idle", stop_reason=reason, error=why, usage=usage)

"""Runs the steps of a command, one after the other and beside each other, and says how far it is.

A step that is done is an event; a run that is taken up again does not do it again. Whatever a step wants to do goes
through its stage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cass.customs import expressions, rendering, template
from cass.customs.definition import Definition, Place, Step, Value
from cass.customs.rendering import Values
from cass.errors import CassError, SessionError
from cass.protocol.custom import StepUpdate
from cass.protocol.events import StateUpdate
from cass.protocol.wire import JsonObject
from cass.sessions import children, grounds, results
from cass.sessions.children import Child
from cass.sessions.grounds import Ground, StepFailed, StepState
from cass.sessions.results import SKIPPED, Result
from cass.sessions.stage import Purse, Stage, bounded
from cass.sessions.terms import Terms, lent
from cass.sessions.world import World

if TYPE_CHECKING:
    from cass.sessions.session import Session

AT_ONCE = 4
"""Steps that run beside each other."""

MAX_STEPS = 500
"""Steps of one run, each time that one is done counted."""

_TRIES = 3
"""How often a step with `until` is tried where it does not say."""


@dataclass
class Flow:
    """One run of one command, or a part of one. `parent` is the session that is told of the steps, `done` what was done
    before, by key; `call` runs another command as a step. `above` are the commands that this one is a part of."""

    definition: Definition
    run_id: str
    parent: Session
    turn_id: str
    purse: Purse
    call: Callable[[Flow, Step, Ground], Awaitable[Result]]
    given: Mapping[str, Value]
    done: Mapping[str, Result] = field(default_factory=dict[str, Result])
    results: dict[str, Result] = field(default_factory=dict[str, Result])
    count: list[int] = field(default_factory=lambda: [0])
    above: tuple[str, ...] = ()
    last: str = ""
    causes: dict[str, StepFailed] = field(default_factory=dict[str, StepFailed])

    async def steps(self, steps: Sequence[Step], ground: Ground) -> None:
        """One after the other. StepFailed for one that fails and may not."""
        for step in steps:
            await self.step(step, ground)

    async def step(self, step: Step, ground: Ground) -> None:
        """One step: whether it is its turn, as often as it wants."""
        key = ground.prefix + step.id
        before = self.done.get(key)
        if before is not None and (before.state != "failed" or step.go_on):
            self._remember(step, key, before)
            return
        values = self.known(ground)
        if (step.condition and not grounds.holds(step.condition, step.at("if"), values)) or (
            step.unless and grounds.holds(step.unless, step.at("unless"), values)
        ):
            self.results[step.id] = SKIPPED
            self.tell(step, key, "skipped")
            return
        self.count[0] += 1
        if self.count[0] > MAX_STEPS:
            raise SessionError(f"/{self.definition.name} stops: it made {MAX_STEPS} steps", kind="limit_reached")
        try:
            result = await self._tried(step, key, ground)
        except asyncio.CancelledError:
            self.tell(step, key, "cancelled")
            raise
        except CassError:
            self.tell(step, key, "failed")
            raise
        result = replace(result, text=bounded(result.text), state="done" if result.ok else "failed")
        self.results[step.id] = result
        self.last = result.text or self.last
        self.tell(step, key, "done" if result.ok else "failed", result)
        if not result.ok and not step.go_on:
            raise self.causes.get(key) or StepFailed(step, result)

    def _remember(self, step: Step, key: str, result: Result) -> None:
        """A step that was done before, with all inside of it: later steps may read those, too."""
        self.results[step.id] = result
        self.last = result.text or self.last
        for place in (key, *(f"{key}[{number}]" for number in range(step.most) if f"{key}[{number}]" in self.done)):
            for inner in step.inner:
                inner_key = f"{place}/{inner.id}"
                if inner_key in self.done:
                    self._remember(inner, inner_key, self.done[inner_key])

    async def _tried(self, step: Step, key: str, ground: Ground) -> Result:
        """The step until it is well, as often as it may."""
        most = (step.retry or (_TRIES if step.until else 0)) + 1
        result = SKIPPED
        for attempt in range(1, most + 1):
            self.tell(step, key, "running", attempt=attempt)
            result = await self._once(step, key, ground)
            self.results[step.id] = result
            if step.until:
                well = grounds.holds(step.until, step.at("until"), self.known(ground))
                if not well and attempt == most:
                    result = replace(result, ok=False, text=result.text or f"until {step.until} never held")
                elif well:
                    result = replace(result, ok=True)
            else:
                well = result.ok
            if well:
                break
        return result

    async def _once(self, step: Step, key: str, ground: Ground) -> Result:
        """The step, for each of its items; what goes wrong in it is its result, but for a limit, which ends all."""
        try:
            if step.for_each is None:
                return await self._here_or_apart(step, key, ground)
            return await self._each(step, key, ground)
        except StepFailed as error:
            self.causes[key] = error
            return Result(ok=False, text=error.message)
        except CassError as error:
            if error.kind == "limit_reached":
                raise
            return Result(ok=False, text=str(error))

    async def _each(self, step: Step, key: str, ground: Ground) -> Result:
        """The step once for each item, one after the other."""
        texts: list[Value] = []
        ok = True
        for number, item in enumerate(grounds.items(step, self.known(ground))):
            inner = ground.knowing({step.each_name: item, "item": item, "index": number})
            inner_key = f"{key}[{number}]"
            result = self.done.get(inner_key)
            if result is None or not result.ok:
                self.tell(step, inner_key, "running")
                result = await self._here_or_apart(step, inner_key, inner)
                self.tell(step, inner_key, "done" if result.ok else "failed", result)
            texts.append(result.text)
            ok = ok and result.ok
            if not ok and not step.go_on:
                break
        return Result(ok, "\n".join(map(str, texts)), json=texts)

    async def _here_or_apart(self, step: Step, key: str, ground: Ground) -> Result:
        if step.fork and not step.parallel:
            return await self._apart(step, key, ground)
        return await self._do(step, key, ground)

    async def _apart(self, step: Step, key: str, ground: Ground) -> Result:
        """The step in a child session."""
        box: list[Result] = []

        async def job(child: Session, turn_id: str) -> StateUpdate:
            stage = Stage(child, turn_id, self.purse, ground.stage.selection)
            box.append(await self._do(step, key, replace(ground, stage=stage)))
            return StateUpdate(turn_id=turn_id, state="idle", stop_reason="end_turn")

        def opened(child: Session) -> None:
            self.tell(step, key, "running", child_session_id=child.session_id)

        terms = Terms(limits=(self.purse.lower,))
        name = f"/{self.definition.name} {step.id}"
        end = await children.run(ground.stage.session, ground.stage.turn_id, Child(name, terms), job, opened)
        if box:
            return box[0]
        if end.stop_reason == "cancelled":
            return Result(ok=False, text="it was stopped")
        message = end.error.message if end.error else str(end.stop_reason)
        return Result(ok=False, text=message)

    async def _do(self, step: Step, key: str, ground: Ground) -> Result:
        """What the step says, here."""
        if step.prompt is not None:
            return await self._prompt(step, ground)
        if step.run is not None:
            line = await self.line(step.run, step.at("run"), ground)
            ran = await ground.stage.shell(line, step.timeout)
            return Result(ran.ok, ran.text, ran.exit_code)
        if step.command is not None:
            return await self.call(self, step, replace(ground, prefix=f"{key}/"))
        inner = replace(ground, prefix=f"{key}/")
        if step.parallel:
            return await self._parallel(step, inner)
        chosen = step.steps
        if step.branches:
            values = self.known(ground)
            at = step.at("when")
            chosen = next(
                (b.steps for b in step.branches if not b.condition or grounds.holds(b.condition, at, values)), ()
            )
        await self.steps(chosen, inner)
        last = self.results.get(chosen[-1].id) if chosen else None
        return Result(ok=True, text=last.text if last else "", json=last.json if last else None)

    async def _prompt(self, step: Step, ground: Ground) -> Result:
        stage = ground.stage
        world = World(stage)
        text = await rendering.text(
            template.parse(step.prompt or "", step.at("prompt"), "prompt"), self.known(ground), world
        )
        text += world.attached()
        with lent(stage.session, Terms(model=step.model, effort=step.effort)):
            if step.output_schema is not None:
                said = await stage.say_json(text, step.output_schema, step.schema_retries)
            else:
                said = await stage.say(text)
            if step.verify:
                check = await self.line(step.verify.command, step.verify.place, ground)
                await stage.verify(check, step.verify.retries)
        self.last = said.text
        return Result(
            ok=True, text=said.text if said.json is None else expressions.shown(said.json), json=said.json
        )

    async def _parallel(self, step: Step, ground: Ground) -> Result:
        """Each of the steps in a child session of its own, a few at a time. All are waited for."""
        gate = asyncio.Semaphore(AT_ONCE)

        fatal: list[CassError] = []

        async def one(inner: Step) -> None:
            async with gate:
                try:
                    await self.step(replace(inner, fork=True), ground)
                except StepFailed:
                    pass  # told already; the others go on
                except CassError as error:
                    fatal.append(error)

        async with asyncio.TaskGroup() as group:
            for inner in step.parallel:
                group.create_task(one(inner))
        if fatal:
            raise fatal[0]
        found = {inner.id: self.results.get(inner.id, SKIPPED) for inner in step.parallel}
        bad = [inner for inner in step.parallel if found[inner.id].state == "failed" and not inner.go_on]
        texts = [f"{id}: {result.text}" for id, result in found.items() if result.state != "skipped"]
        return Result(not bad, "\n".join(texts))

    async def line(self, text: str, place: Place, ground: Ground) -> str:
        """A command line with every value in it quoted."""
        nodes = template.parse(text, place, "shell")
        return await rendering.command(nodes, self.known(ground), World(ground.stage))

    def known(self, ground: Ground) -> Values:
        """All that is known at this moment."""
        return Values(
            {**self.given, **ground.values.named, "steps": results.named(self.results)},
            ground.values.words,
            ground.values.line,
        )

    def tell(
        self,
        step: Step | None,
        key: str,
        state: StepState,
        result: Result | None = None,
        *,
        attempt: int = 1,
        child_session_id: str | None = None,
        arguments: JsonObject | None = None,
        digest: str = "",
    ) -> None:
        """Say how far it is."""
        self.parent.emit(
            StepUpdate(
                turn_id=self.turn_id,
                run_id=self.run_id,
                command=self.definition.name,
                step=key,
                title=grounds.title(step) if step else "",
                state=state,
                arguments=arguments or {},
                digest=digest,
                attempt=attempt,
                result=result.text if result else None,
                exit_code=result.exit_code if result else None,
                child_session_id=child_session_id,
            )
        )

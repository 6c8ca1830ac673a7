"""One hook on one event: what it is told, how it ends, what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cass.hooks import matching, payloads, running
from cass.hooks.answers import OBJECTS, Said
from cass.hooks.around import Around
from cass.hooks.rules import Hook
from cass.process import Ended
from cass.protocol.wire import JsonObject


@dataclass(frozen=True)
class Trial:
    """One run. `ended` is None where no program was started."""

    payload: JsonObject
    said: Said
    ended: Ended | None


async def trials(hook: Hook, data: JsonObject, around: Around) -> list[Trial]:
    """Run it on an event: once, or in another tool's words once for each call that this is there, until one says more
    than that it is done. Empty where it is not meant."""
    made: list[Trial] = []
    if not matching.is_meant(hook, data):
        return made
    for call in payloads.calls(hook, data):
        payload = payloads.payload(hook, data, call, around)
        said, ended = await running.run(hook, payload, around)
        said = _strict(hook, payloads.back(said, call)).bounded()
        made.append(Trial(payload, said, ended))
        if said.state != "done":
            break
    return made


def _strict(hook: Hook, said: Said) -> Said:
    """A hook that is required blocks when it does not do its work."""
    if not hook.entry.required or said.state in ("done", "blocked"):
        return said
    why = f"the required hook {hook.name} did not do its work: {said.text}"
    return replace(said, state="blocked", blocked=why if hook.event in OBJECTS else None)

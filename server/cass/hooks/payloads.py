"""What hooks are told, each in the words that it knows, and what they change of it, in cass's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cass.hooks import matching, names
from cass.hooks.answers import Said
from cass.hooks.around import Around
from cass.hooks.rules import Hook
from cass.protocol.wire import JsonObject, as_list, as_object

_OURS = ("paths", "command", "edits")
"""What the event is matched with; part of what cass's own hooks are told."""


def calls(hook: Hook, data: JsonObject) -> Sequence[names.Call | None]:
    """The calls that the hook is asked about: one, or in Claude Code's words several; None where it is about no
    call."""
    if "tool_name" not in data:
        return [None]
    tool, arguments = str(data["tool_name"]), as_object(data.get("tool_input"))
    if hook.place.dialect == "cass":
        return [names.Call(tool, arguments, lambda given: given)]
    edits = [as_object(edit) for edit in as_list(data.get("edits"))]
    found = names.calls(tool, arguments, _texts(data.get("paths")), edits)
    if len(found) > 1:
        found = [call for call in found if matching.name_fits(hook.rule.matcher, call.tool)]
    return found


def payload(hook: Hook, data: JsonObject, call: names.Call | None, around: Around) -> JsonObject:
    """All that the hook is told: the common fields of the contract, and what the event adds."""
    common: JsonObject = {
        "session_id": around.session_id,
        "transcript_path": str(around.transcript()),
        "cwd": str(around.cwd),
        "permission_mode": around.mode(),
        "hook_event_name": hook.event,
    }
    if call is None:
        return {**common, **data}
    if hook.place.dialect == "cass":
        return {**common, **data, "tool_name": call.tool, "tool_input": call.arguments}
    told = {key: value for key, value in data.items() if key not in _OURS or hook.event.startswith("Edit")}
    told |= {"tool_name": call.tool, "tool_input": call.arguments}
    if "tool_response" in data:
        text = str(as_object(data["tool_response"]).get("content", ""))
        told["tool_response"] = names.response(call.tool, text, _texts(data.get("paths")))
    return {**common, **told}


def back(said: Said, call: names.Call | None) -> Said:
    """The answer with changed arguments in cass's words. Where they cannot be changed, that is said."""
    if said.changed is None or call is None:
        return said
    if call.back is None:
        text = "\n".join(
            part for part in (said.text, "its change of the call was left out: it is not one call") if part
        )
        return replace(said, changed=None, text=text)
    return replace(said, changed=call.back({**call.arguments, **said.changed}))


def changed(data: JsonObject, arguments: JsonObject) -> JsonObject:
    """What the next hook is told after one has changed the call."""
    given = {**as_object(data.get("tool_input")), **arguments}
    told: JsonObject = {**data, "tool_input": given}
    if "command" in data and isinstance(given.get("command"), str):
        told["command"] = given["command"]
    return told


def _texts(value: object) -> list[str]:
    return [str(item) for item in as_list(value)]

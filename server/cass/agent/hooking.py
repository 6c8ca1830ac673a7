"""Where hooks come in around a call of a tool: before it, when the user would be asked, at its edits, after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from cass import hunks
from cass.agent import calling, effects
from cass.agent.desk import Desk
from cass.agent.permissions import Policy, Verdict, judge
from cass.errors import ToolError
from cass.ports import Action, Applied, FileEdit, HookAnswer, HookEvent, Outcome, Tool
from cass.protocol.messages import Text, ToolCall
from cass.protocol.wire import JsonObject


@dataclass(frozen=True)
class Ready:
    """A call that may be decided about. `decision` is what hooks say for the user: `allow` is as if nothing had to be
    asked about, `granted` is an answer to the very question. `context` is told to the model with the result."""

    call: ToolCall
    turn_id: str
    tool: Tool
    action: Action
    decision: Literal["allow", "ask", "granted"] | None = None
    context: tuple[str, ...] = ()


@dataclass
class Hooking:
    """The hooks around the calls of one turn. `stopped` is why a hook wants the turn to end."""

    desk: Desk
    tools: Mapping[str, Tool]
    stopped: str | None = field(default=None, init=False)

    async def ready(self, call: ToolCall, turn_id: str) -> Ready:
        """The call as hooks let it through. ToolError when it cannot be done, or a hook refuses it."""
        tool, action = await calling.prepare(self.desk, self.tools, call, turn_id)
        ready = Ready(call, turn_id, tool, action)
        if not self.desk.hooks.has("PreToolUse"):
            return ready
        answer = await self.desk.hooks.fire("PreToolUse", about(call, action), call_id=call.id)
        self._refuse(answer)
        if answer.arguments is not None:
            ready = await self._again(ready, answer)
        decision = answer.decision if answer.decision != "deny" else None
        return replace(ready, decision=decision, context=answer.context)

    def judge(self, ready: Ready, policy: Policy) -> Verdict:
        """The verdict, with what hooks say for the user: it widens nothing that a rule or a mode forbids, and asks where
        a hook wants it."""
        verdict = judge(ready.tool.name, ready.action, policy)
        if verdict.answer == "ask" and ready.decision == "granted":
            return Verdict("allow", "a hook allowed it")
        if verdict.answer == "ask" and ready.decision == "allow":
            return judge(ready.tool.name, ready.action, replace(policy, approval="auto"))
        if verdict.answer == "allow" and ready.decision == "ask":
            return Verdict("ask", "a hook wants it to be asked about")
        return verdict

    async def permitted(self, ready: Ready, verdict: Verdict) -> Ready | None:
        """The user would be asked: the call as a hook allows it in their place; None where none answers. ToolError where
        one refuses."""
        if not self.desk.hooks.has("PermissionRequest"):
            return None
        data: JsonObject = {**about(ready.call, ready.action), "reason": verdict.reason}
        answer = await self.desk.hooks.fire("PermissionRequest", data, call_id=ready.call.id)
        self._refuse(answer)
        if answer.decision != "allow":
            return None
        if answer.arguments is not None:
            ready = await self._again(ready, answer)
        return replace(ready, decision="granted", context=(*ready.context, *answer.context))

    async def proposed(self, ready: Ready) -> None:
        """Edits are about to be shown, kept or made. ToolError where a hook refuses them."""
        if ready.action.edits and self.desk.hooks.has("EditProposed"):
            data = about(ready.call, ready.action)
            self._refuse(await self.desk.hooks.fire("EditProposed", data, call_id=ready.call.id))

    async def done(self, ready: Ready, outcome: Outcome) -> Outcome:
        """The call has run: its result, with what hooks have the model told. What they do to files belongs to the
        call."""
        context = list(ready.context)
        if not outcome.is_error and self.desk.hooks.has("PostToolUse"):
            said = "\n".join(block.text for block in outcome.content if isinstance(block, Text))
            data: JsonObject = {**about(ready.call, ready.action), "tool_response": {"content": said}}
            if ready.action.changes:
                answer = await _watched(self.desk, ready.turn_id, ready.call.id, "PostToolUse", data)
            else:
                answer = await self.desk.hooks.fire("PostToolUse", data, call_id=ready.call.id)
            context += told(answer)
            self.stopped = self.stopped or answer.stop
        return with_context(outcome, context)

    async def _again(self, ready: Ready, answer: HookAnswer) -> Ready:
        call = ready.call.model_copy(update={"arguments": {**ready.call.arguments, **(answer.arguments or {})}})
        tool, action = await calling.prepare(self.desk, self.tools, call, ready.turn_id)
        return replace(ready, call=call, tool=tool, action=action)

    def _refuse(self, answer: HookAnswer) -> None:
        if answer.stop is not None:
            self.stopped = self.stopped or answer.stop
            raise ToolError(f"A hook stopped this: {answer.stop}")
        if answer.blocked is not None:
            raise ToolError(f"A hook refused this call: {answer.blocked}")


def about(call: ToolCall, action: Action) -> JsonObject:
    """A call as hooks are told of it: the arguments as the model gave them, and what really would be read, run or
    written."""
    data: JsonObject = {
        "tool_name": call.name,
        "tool_input": call.arguments,
        "tool_use_id": call.id,
        "paths": [str(path) for path in action.paths],
    }
    if action.command is not None:
        data["command"] = action.command
    if action.edits:
        data["edits"] = [_edit(edit, edit.new_text) for edit in action.edits]
    return data


async def applied(
    desk: Desk, turn_id: str, call_id: str, title: str, edits: Sequence[FileEdit], made: Applied
) -> list[str]:
    """Edits were made: what hooks have the model told. What they do to the files then is told as news."""
    if not desk.hooks.has("EditApplied"):
        return []
    texts = {file.path: file.text for file in made.files}
    data: JsonObject = {
        "tool_use_id": call_id,
        "title": title,
        "paths": [str(file.path) for file in made.files],
        "edits": [_edit(edit, texts.get(edit.move_to or edit.path, edit.new_text)) for edit in edits],
    }
    answer = await _watched(desk, turn_id, call_id, "EditApplied", data)
    return [_marked(text) for text in told(answer)]


async def _watched(desk: Desk, turn_id: str, call_id: str, event: HookEvent, data: JsonObject) -> HookAnswer:
    """Run hooks that may change files: what becomes of those is kept with the call, and can be taken back."""
    answer = HookAnswer()

    async def fire() -> Outcome:
        nonlocal answer
        answer = await desk.hooks.fire(event, data, call_id=call_id)
        return Outcome(())

    await effects.around(desk, turn_id, call_id, fire)
    await desk.workspace.catch_up()
    return answer


def told(answer: HookAnswer) -> Sequence[str]:
    """What the model is told when something has happened already."""
    return (*([answer.blocked] if answer.blocked else []), *answer.context)


def with_context(outcome: Outcome, context: Sequence[str]) -> Outcome:
    """The result with what hooks have the model told behind it."""
    if not context:
        return outcome
    text = "\n\n".join(_marked(one) for one in context)
    return replace(outcome, content=(*outcome.content, Text(text=f"\n\n{text}")))


def _marked(text: str) -> str:
    return f"[Told by a hook]\n{text}"


def _edit(edit: FileEdit, new_text: str | None) -> JsonObject:
    old = edit.base.text if edit.base else None
    path = edit.move_to or edit.path
    data: JsonObject = {"path": str(path), "op": edit.op, "old_text": old, "new_text": new_text}
    if edit.move_to:
        data["moved_from"] = str(edit.path)
    data["hunks"] = [
        {"old_start": h.old_start, "old_lines": h.old_lines, "new_start": h.new_start, "new_lines": h.new_lines}
        for h in hunks.make_hunks(old or "", new_text or "")
    ]
    return data

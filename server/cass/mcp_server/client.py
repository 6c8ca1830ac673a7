"""Whoever called, as sessions see them: asked by the protocol's own questions, told of progress."""

from __future__ import annotations

from cass.mcp_server.calls import CURRENT
from cass.protocol.asking import ElicitationParams, ElicitationResult, PermissionOutcome, RequestPermissionParams
from cass.protocol.edits import EditProposal
from cass.protocol.events import Event, ToolCallUpdate
from cass.protocol.wire import JsonObject

_MOST_CHARS = 20_000
_REASON = "A reason, for a refusal"


class McpClient:
    """`ports.Client` for a client of the Model Context Protocol."""

    @property
    def can_decide(self) -> bool:
        """Whether the call that this is part of comes from somebody who can ask a person."""
        call = CURRENT.get()
        return call is not None and call.can_ask

    def update(self, session_id: str, seq: int, event: Event) -> None:
        """Tell which tools run."""
        call = CURRENT.get()
        if call is not None and isinstance(event, ToolCallUpdate) and event.status == "in_progress" and event.title:
            call.say(event.title)

    async def drain(self) -> None:
        """Never behind: what is too much is left out."""

    async def request_permission(self, ask: RequestPermissionParams) -> PermissionOutcome:
        """Ask. Whatever is no clear answer is a refusal."""
        call = CURRENT.get()
        if call is None:
            return PermissionOutcome(outcome="cancelled")
        names = {option.name: option.option_id for option in ask.options}
        schema: JsonObject = {
            "type": "object",
            "properties": {
                "decision": {"type": "string", "title": "Decision", "enum": list(names)},
                "reason": {"type": "string", "title": _REASON},
            },
            "required": ["decision"],
        }
        result = await call.ask(_shown(ask), schema)
        content = result.content or {}
        option = names.get(str(content.get("decision")))
        if result.action != "accept" or option is None:
            return PermissionOutcome(outcome="cancelled")
        return PermissionOutcome(
            outcome="selected", option_id=option, note=str(content.get("reason") or "") or None
        )

    async def elicit(self, question: ElicitationParams) -> ElicitationResult:
        """Ask what the model asks."""
        call = CURRENT.get()
        if call is None:
            return ElicitationResult(action="cancel")
        return await call.ask(question.message, question.requested_schema)


def _shown(ask: RequestPermissionParams) -> str:
    """Everything that will happen, bounded, and nothing that a terminal would act on."""
    parts = [f"May cass do this? {ask.title}"]
    parts += [ask.description] if ask.description else []
    if ask.subject.command is not None:
        parts += [f"Command, in {ask.subject.cwd}:" if ask.subject.cwd else "Command:", ask.subject.command]
    parts += [_diff(ask.proposal)] if ask.proposal else []
    text = "\n".join(parts)
    cut = f"\n… {len(text) - _MOST_CHARS:,} more characters" if len(text) > _MOST_CHARS else ""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text[:_MOST_CHARS]) + cut


def _diff(proposal: EditProposal) -> str:
    lines: list[str] = []
    for file in proposal.files:
        lines.append(f"{file.op} {file.path}" + (f" -> {file.move_to}" if file.move_to else ""))
        for hunk in file.hunks:
            lines.append(f"@@ -{hunk.old_start},{hunk.old_lines} +{hunk.new_start},{hunk.new_lines} @@")
            lines += [f"-{line}" for line in hunk.old_text.splitlines()]
            lines += [f"+{line}" for line in hunk.new_text.splitlines()]
    return "\n".join(lines)

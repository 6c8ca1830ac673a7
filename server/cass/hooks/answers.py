"""What hooks answer, understood: exit codes, JSON and plain words, by the contract of Claude Code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cass.config import HookEvent
from cass.ports import HookAnswer
from cass.process import Ended
from cass.protocol.wire import JsonObject, as_object

State = Literal["done", "blocked", "failed", "timed_out"]
Decision = Literal["allow", "ask", "deny"]

MOST_CHARS = 10_000
"""Longest text of a hook that the model is given."""

_SHOWN_CHARS = 2_000
_BLOCKS = 2
"""The exit code that blocks."""

_ORDER: tuple[Decision, ...] = ("deny", "ask", "allow")

_TALKS = ("UserPromptSubmit", "SessionStart")
"""Events whose hooks' plain output is told to the model."""

OBJECTS: tuple[HookEvent, ...] = (
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PermissionRequest",
    "EditProposed",
    "EditApplied",
    "PreModel",
    "PostModel",
    "PreCompact",
    "Stop",
    "SubagentStop",
)
"""Events whose hooks may object, or whose words the model is to act on."""


@dataclass(frozen=True)
class Said:
    """What one hook came to. `text` is for the user."""

    state: State
    text: str = ""
    blocked: str | None = None
    decision: Decision | None = None
    reason: str = ""
    changed: JsonObject | None = None
    context: tuple[str, ...] = ()
    stop: str | None = None

    def bounded(self) -> Said:
        """The same with no text longer than it may be."""

        def cut(text: str | None, most: int = MOST_CHARS) -> str | None:
            if text is None or len(text) <= most:
                return text
            return f"{text[:most]}\n[… {len(text) - most:,} more characters]"

        return Said(
            self.state,
            cut(self.text, _SHOWN_CHARS) or "",
            cut(self.blocked),
            self.decision,
            cut(self.reason) or "",
            self.changed,
            tuple(cut(text) or "" for text in self.context),
            cut(self.stop, _SHOWN_CHARS),
        )


def of_program(event: HookEvent, ended: Ended, seconds: float) -> Said:
    """What a program that was run says."""
    out, err = _text(ended.stdout), _text(ended.stderr)
    if ended.exit_code is None:
        return Said("timed_out", f"stopped: it ran longer than {seconds:g} s")
    if ended.exit_code == _BLOCKS:
        why = err or out or "it gave no reason"
        return Said("blocked", why, blocked=why) if event in OBJECTS else Said("failed", why)
    if ended.exit_code:
        how = f"signal {-ended.exit_code}" if ended.exit_code < 0 else f"exit code {ended.exit_code}"
        hint = " (the program was not found)" if ended.exit_code == 127 else ""
        return Said("failed", "\n".join(part for part in (f"{how}{hint}", err or out) if part))
    return _of_output(event, out, whole=not ended.dropped)


def says_async(line: bytes) -> bool:
    """Whether a program's first line says that nobody need wait for it."""
    try:
        return line.lstrip().startswith(b"{") and as_object(json.loads(line)).get("async") is True
    except (ValueError, RecursionError):
        return False


def of_value(event: HookEvent, value: object) -> Said:
    """What a JSON value says."""
    given = as_object(value)
    specific = as_object(given.get("hookSpecificOutput"))
    blocked, decision, reason = _decided(event, given, specific)
    context = [text for part in (specific, given) if (text := part.get("additionalContext"))]
    changed = as_object(specific.get("updatedInput")) or as_object(
        as_object(specific.get("decision")).get("updatedInput")
    )
    stop = None
    if given.get("continue") is False:
        stop = str(given.get("stopReason") or given.get("reason") or "a hook stopped it")
    if as_object(specific.get("decision")).get("interrupt") is True and blocked:
        stop = blocked
    texts = [str(given["systemMessage"])] if given.get("systemMessage") else []
    texts += [text for text in (stop, blocked) if text]
    return Said(
        "blocked" if blocked is not None or stop is not None else "done",
        "\n".join(dict.fromkeys(texts)),
        blocked,
        decision,
        reason,
        changed or None,
        tuple(str(text) for text in context[:1]),
        stop,
    )


def merged(said: Sequence[Said]) -> HookAnswer:
    """What all came to, in order: the first that blocks says why, a refusal goes before a question, and that before a
    permission."""
    blocked = [one.blocked for one in said if one.blocked is not None]
    decisions = [one.decision for one in said if one.decision]
    decision: Decision | None = next((d for d in _ORDER if d in decisions), None)
    changed = [one.changed for one in said if one.changed is not None]
    return HookAnswer(
        blocked="\n".join(dict.fromkeys(blocked)) if blocked else None,
        decision=decision,
        arguments={key: value for one in changed for key, value in one.items()} if changed else None,
        context=tuple(text for one in said for text in one.context if text.strip()),
        stop=next((one.stop for one in said if one.stop is not None), None),
    )


def _of_output(event: HookEvent, out: str, *, whole: bool) -> Said:
    if not out:
        return Said("done")
    if out.startswith("{"):
        first, _, rest = out.partition("\n")
        try:
            value: object = json.loads(rest if rest and says_async(first.encode()) else out)
        except (ValueError, RecursionError) as error:
            why = "it printed more than is read" if not whole else f"it printed JSON that is none: {error}"
            return Said("failed", why)
        return of_value(event, value)
    return Said("done", context=(out,) if event in _TALKS else ())


def _decided(event: HookEvent, given: JsonObject, specific: JsonObject) -> tuple[str | None, Decision | None, str]:
    """The reason to block, the answer that is given for the user, and the reason of that."""
    word = specific.get("permissionDecision")
    reason = str(specific.get("permissionDecisionReason") or given.get("reason") or "")
    if event == "PermissionRequest" and (asked := as_object(specific.get("decision"))):
        word, reason = asked.get("behavior"), str(asked.get("message") or reason)
    if not isinstance(word, str):
        word = given.get("decision")
        reason = str(given.get("reason") or reason)
    reason = reason or str(given.get("systemMessage") or "")
    match word:
        case "block" | "deny":
            why = reason or "a hook refused it, and gave no reason"
            return (why if event in OBJECTS else None), "deny", reason
        case "approve" | "allow":
            return None, "allow", reason
        case "ask":
            return None, "ask", reason
        case _:
            return None, None, reason


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip()

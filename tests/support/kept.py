"""Which updates a client may rely on after a crash."""

from __future__ import annotations

from support.server import Message

KEPT = {
    "user_message", "agent_message", "_edit_update", "session_info_update", "plan_update", "_prompt_queued",
    "_prompt_dropped", "_job_update", "compaction_update",
}  # fmt: skip


def is_kept(update: Message) -> bool:
    """Whether this one is in the journal before anybody is told."""
    kind = update["sessionUpdate"]
    if kind == "tool_call_update":
        return update["status"] != "pending"
    if kind == "compaction_update":
        return update["status"] == "completed"
    return kind in KEPT or (kind == "state_update" and update["state"] != "requires_action")

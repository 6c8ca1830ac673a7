"""/completion: switch inline completion in editors, and say whether it is on."""

from __future__ import annotations

from cass.errors import SessionError
from cass.protocol.editing import CompletionSetParams
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session

_USAGE = "/completion on|off|status [user|project|session] [language]"


async def completion(session: Session, argument: str) -> Reply:
    """`on` and `off` hold for the user unless a project or session is named, for all languages unless one is."""
    what, *rest = argument.split() or ["status"]
    scope = rest.pop(0) if rest and rest[0] in ("user", "project", "session") else "user"
    if what not in ("on", "off", "status") or len(rest) > 1:
        raise SessionError(f"/completion cannot {argument[:60]!r}", hint=_USAGE)
    language = rest[0] if rest else None
    completing = session.house.completing
    if what != "status":
        completing.set(
            CompletionSetParams.model_validate(
                {
                    "enabled": what == "on",
                    "scope": scope,
                    "languageId": language,
                    "sessionId": session.session_id,
                }
            )
        )
    found = await completing.status(language, session.cwd)
    of = f" for {language}" if language else ""
    model = f" Model: {found.model}." if found.model else ""
    return Reply(text=f"Inline completion is {'on' if found.enabled else 'off'}{of}: {found.because}.{model}")


COMMANDS = (
    Command(
        "completion",
        "Switch completion while typing in the editor, or say whether it is on.",
        completion,
        hint="[on|off|status] [user|project|session] [language]",
    ),
)

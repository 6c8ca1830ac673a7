"""How much the tools of a session may give the model at once: what is configured, and less for a small window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cass.errors import CassError
from cass.ports import ToolSettings

if TYPE_CHECKING:
    from cass.sessions.session import Session

CHARS_PER_TOKEN_OF_WINDOW = 0.5
"""Characters of one result for each token of the window: about a sixth of the window, a quarter for dense text."""

LEAST = 1_200
"""Characters: a tool that may say less is of no use."""


def tool_settings(session: Session) -> ToolSettings:
    """The limits, as they are this moment."""
    tools = session.config.tools
    window = _window(session)
    fitting = max(LEAST, int(window * CHARS_PER_TOKEN_OF_WINDOW)) if window else tools.output_chars
    return ToolSettings(
        output_chars=min(tools.output_chars, fitting),
        result_chars=max(LEAST, 2 * window) if window else ToolSettings.result_chars,
        read_lines=tools.read_lines,
        shell_timeout=tools.shell_timeout,
        shell_timeout_max=tools.shell_timeout_max,
        git=session.config.git,
        attribution=_attribution(session),
        spill_dir=session.house.data_dir / "output" / session.session_id,
    )


def _attribution(session: Session) -> str:
    """The line that commits get at their end, with the model's name in it."""
    line = session.config.git.attribution or ""
    return " ".join(line.replace("{model}", session.model_name or "no model").split())


def _window(session: Session) -> int | None:
    """Tokens that the session's model reads at once; None where none is chosen or it cannot be had."""
    try:
        return session.house.models.get(session.model_name).window.tokens if session.model_name else None
    except CassError:
        return None

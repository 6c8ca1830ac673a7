"""Making a session's conversation shorter on request, giving back what was left out, and rewriting the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cass.agent import notes
from cass.agent.fitting import Fitting
from cass.errors import SessionError
from cass.ports import ToolSpec
from cass.protocol.events import CompactionUpdate, SummaryEdited, Uncompacted

if TYPE_CHECKING:
    from cass.sessions.session import Session

RESULTS = "results"
"""What a tool needs that reads again what was left out: that something was."""


def fitting_of(session: Session) -> Fitting:
    """What makes the requests of this session fit its model. Its tools stay as they are now, so that the beginning of
    each request stays the same; only what reads again what was left out comes with the first compaction, and tools of
    servers once they are there or were found."""
    settings, models = session.config.compaction, session.house.models
    can = session.offers.now - {RESULTS}

    def tools() -> tuple[ToolSpec, ...]:
        now = can | {RESULTS} if session.stream.state.history.compaction else can
        return session.toolbox.specs(now | session.toolbox.needs)

    return Fitting(
        desk=session,
        model=models.get(session.model_name),
        system=session.system_prompt(),
        tools=tools,
        settings=settings,
        effort=session.effort,
        max_output=session.config.llm.max_output,
        summariser=models.get(settings.model) if settings.model else None,
    )


async def compact(session: Session, focus: str = "") -> CompactionUpdate:
    """Leave out what can be left out, now. SessionError where there is nothing."""
    if not session.model_name:
        session.set_option("model", await session.house.models.default())
    fitting = fitting_of(session)
    done = await fitting.compact("manual", focus=focus)
    if done is None:
        raise SessionError("there is nothing to leave out yet", hint="/context shows what the model reads.")
    fitting.tell()
    return done


def uncompact(session: Session) -> CompactionUpdate:
    """Give the model back what the latest compaction left out, byte for byte; the compaction that is void now."""
    latest = _latest(session)
    session.emit(Uncompacted(turn_id=session.turn_id, compaction_id=latest.compaction_id))
    _tell(session)
    return latest


def edit_summary(session: Session, text: str) -> None:
    """Put the user's own summary in the place of the latest compaction's."""
    latest = _latest(session)
    if latest.summary is None:
        raise SessionError("the latest compaction folded results only; it has no summary")
    if not text.strip():
        raise SessionError("the summary cannot be empty", hint="/uncompact gives back all that it stands for.")
    kept = notes.with_summary(latest.kept, text)
    session.emit(
        SummaryEdited(turn_id=session.turn_id, compaction_id=latest.compaction_id, summary=text.strip(), kept=kept)
    )
    _tell(session)


def summary(session: Session) -> str | None:
    """The latest summary; None for none."""
    found = session.stream.state.history.compaction
    return found.summary if found else None


async def window(session: Session, argument: str) -> str:
    """The model's window and how that is known; with a number, one of that size where the server can give it."""
    models = session.house.models
    if not session.model_name:
        session.set_option("model", await models.default())
    model = models.get(session.model_name)
    await model.prepare()
    if argument:
        if not argument.replace(",", "").replace("_", "").isdigit():
            raise SessionError(f"{argument[:40]!r} is no number of tokens", hint="/window 16384")
        wanted = int(argument.replace(",", "").replace("_", ""))
        session.set_option("model", await models.widened(session.model_name, wanted))
        model = models.get(session.model_name)
        await model.prepare()
    return f"{model.name}: {model.window.tokens:,} tokens, {model.window.words}."


def _tell(session: Session) -> None:
    if session.model_name:
        fitting_of(session).tell()


def _latest(session: Session) -> CompactionUpdate:
    found = session.stream.state.history.compaction
    if found is None:
        raise SessionError("this conversation was not made shorter", hint="/context shows what the model reads.")
    return found

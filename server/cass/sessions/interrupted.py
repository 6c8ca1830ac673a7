"""What a session was doing when its process died: told to whoever opens it, and made whole.

Whatever had begun is answered as interrupted, its effect not known. A call that waited for an answer of the user's is
asked about again, when somebody is there to ask: it never counts as granted. Words that never began are said to
the user and dropped, so that they can be sent again. Background commands died with the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cass.agent.gate import Gate
from cass.protocol.events import JobUpdate, Notice, PromptDropped, PromptQueued, StateUpdate, ToolCallUpdate
from cass.protocol.messages import Text, ToolCall
from cass.protocol.reaching import AgentUpdate
from cass.sessions.state import AGENT_ENDS

if TYPE_CHECKING:
    from cass.sessions.session import Session

_WORDS_CHARS = 2_000


@dataclass(frozen=True)
class Torn:
    """What was found: the turn that was running, the calls to ask about again (then the turn goes on), the words that
    never began, the commands that ran in the background, and the sub-agents that worked."""

    turn_id: str | None = None
    again: Sequence[ToolCall] = ()
    words: Sequence[PromptQueued] = ()
    jobs: Sequence[JobUpdate] = ()
    agents: Sequence[AgentUpdate] = ()
    running: bool = False


async def find(session: Session, *, can_ask: bool) -> Torn:
    """Look, and close what cannot go on. Without anybody to ask, the turn ends here."""
    state = session.stream.state
    running = state.state != "idle" or bool(state.open_calls)
    turn_id = state.turn_id
    words, jobs = tuple(state.waiting.values()), tuple(j for j in state.jobs.values() if j.state == "running")
    for waiting in words:
        session.emit(PromptDropped(turn_id=waiting.turn_id, message_id=waiting.message_id))
    for job in jobs:
        session.emit(job.model_copy(update={"state": "lost", "turn_id": None}))
    session.jobs.recall(
        {job.job_id: _job_words(job) for job in state.jobs.values()}, max(map(int, state.jobs), default=0)
    )
    agents = tuple(a for a in state.agents.values() if a.state not in AGENT_ENDS)
    for agent in agents:
        session.emit(
            agent.model_copy(update={"state": "cancelled", "turn_id": None, "text": "cass ended while it worked"})
        )
    if not running:
        return Torn(words=words, jobs=jobs, agents=agents)
    again = await _to_ask(session) if can_ask and turn_id else ()
    asked = {call.id for call in again}
    for call_id in state.history.started - set(state.open_calls):  # a command's own, not the model's
        session.emit(ToolCallUpdate(tool_call_id=call_id, status="cancelled", turn_id=turn_id))
    for unanswered in state.interrupted_calls():
        if unanswered.tool_call_id not in asked:
            session.emit(unanswered)
    if not again:
        session.emit(StateUpdate(turn_id=turn_id, state="idle", stop_reason="cancelled"))
    return Torn(turn_id, again, words, jobs, agents, running=True)


def tell(session: Session, torn: Torn) -> None:
    """Say it to whoever opened the session, and go on with what is to be asked again."""
    if torn.running:
        more = " It waited for your approval and asks again." if torn.again else ""
        session.emit(Notice(level="warning", text=f"The last turn was interrupted when cass ended.{more}"))
    for waiting in torn.words:
        session.emit(Notice(level="warning", text=_lost_words(waiting)))
    if torn.jobs:
        lines = "\n".join(f"- {_job_words(job)}" for job in torn.jobs)
        session.emit(Notice(level="warning", text=f"Commands in the background were ended with cass:\n{lines}"))
        session.ledger.say(f"cass was restarted. Background jobs ended with it:\n{lines}")
    if torn.agents:
        lines = "\n".join(f"- {a.name} ({a.task}); its session is {a.agent_id}" for a in torn.agents)
        session.emit(Notice(level="warning", text=f"Sub-agents were interrupted when cass ended:\n{lines}"))
        session.ledger.say(f"cass was restarted. Sub-agents were interrupted by it and did not finish:\n{lines}")
    if session.stream.state.runs:
        from cass.sessions import takingup  # only a session that ran such a command has something to take up

        if cut_off := takingup.close(session):
            session.emit(Notice(level="warning", text=cut_off))
    if torn.again and torn.turn_id:
        session.work.take_up(torn.turn_id, torn.again)


async def _to_ask(session: Session) -> Sequence[ToolCall]:
    """The calls that wait for an answer of the user's. Those beside them that only read are run with them; what
    would now run unasked is not: opening a session changes nothing."""
    state = session.stream.state
    gate = Gate(session, session.toolbox, session.rules)
    unbegun = [call for id, call in state.open_calls.items() if id not in state.history.started]
    asking = {call.id for call in unbegun if await gate.would_ask(call, state.turn_id or "")}
    return [call for call in unbegun if call.id in asking or gate.reads_only(call)] if asking else ()


def _lost_words(waiting: PromptQueued) -> str:
    words = " ".join(block.text for block in waiting.content if isinstance(block, Text)).strip()
    shown = words[:_WORDS_CHARS] + (" ..." if len(words) > _WORDS_CHARS else "")
    return f"cass ended before these words of yours were begun. Send them again if they still hold:\n{shown}"


def _job_words(job: JobUpdate) -> str:
    ended = "was ended when cass ended" if job.state in ("running", "lost") else f"has {_ENDS[job.state]}"
    where = f"; what it printed is in {job.output}" if job.output else ""
    return f"Job {job.job_id} ({job.command.strip().splitlines()[0][:200]}) {ended}{where}."


_ENDS = {"exited": "ended", "timed_out": "run out of time", "killed": "been killed"}

"""Prompts that a session gives itself at a time: reminders and loops. They are events of the session, come back when it is
resumed, and fire only while it is open."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from cass.errors import CassError, SessionError
from cass.protocol.events import Notice, StateUpdate
from cass.protocol.messages import Text
from cass.protocol.methods import PromptParams
from cass.protocol.reaching import ReminderUpdate
from cass.schedules import words

if TYPE_CHECKING:
    from cass.sessions.session import Session

log = logging.getLogger(__name__)

MOST = 20
"""Reminders and loops of one session at one time."""
SHORTEST = 10
"""Seconds between two rounds of a loop."""
_PROMPT_CHARS = 10_000
_LONGEST_WAIT = 30.0
"""Seconds after which the clock is looked at again: it may have been set, or the machine slept."""


class Reminders:
    """Those of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._watching: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._last: dict[str, asyncio.Task[StateUpdate]] = {}

    @property
    def waiting(self) -> list[ReminderUpdate]:
        """Those to come, the next first."""
        return sorted(self._session.stream.state.reminders.values(), key=lambda one: _moment(one.at))

    def add(
        self,
        prompt: str,
        at: datetime,
        *,
        every: int | None = None,
        times: int | None = None,
        until: datetime | None = None,
    ) -> ReminderUpdate:
        """Set one. SessionError where there are too many, or it is too often."""
        if self._session.above is not None:
            raise SessionError("a session that works for another one takes no reminders")
        if len(self._session.stream.state.reminders) >= MOST:
            raise SessionError(f"this session has {MOST} reminders already", hint="Remove one: /remind remove ID.")
        if not prompt or len(prompt) > _PROMPT_CHARS:
            what = "there are no words to be reminded of" if not prompt else "that is too long for a reminder"
            raise SessionError(what, hint=f"Up to {_PROMPT_CHARS:,} characters, or a slash command.")
        if every is not None and every < SHORTEST:
            raise SessionError(f"every {words.length(every)} is too often", hint=f"{SHORTEST}s is the shortest.")
        if until is not None and until <= at:
            raise SessionError("that is over before it begins", hint="Give a later --until.")
        reminder = ReminderUpdate(
            reminder_id=f"r{uuid4().hex[:6]}",
            prompt=prompt,
            state="waiting",
            at=_text(at),
            every=every,
            left=times,
            until=_text(until) if until else None,
        )
        self._tell(reminder)
        self._watch()
        return reminder

    def remove(self, reminder_id: str) -> ReminderUpdate:
        """Take one away. SessionError when there is none like this."""
        found = self._session.stream.state.reminders.get(reminder_id)
        if found is None:
            known = ", ".join(one.reminder_id for one in self.waiting) or "none"
            raise SessionError(f"there is no reminder {reminder_id[:40]!r}", hint=f"There are: {known}.")
        removed = found.model_copy(update={"state": "removed", "at": None})
        self._tell(removed)
        self._changed.set()
        return removed

    def resume(self) -> None:
        """The session was opened again: loops go on, and what was due meanwhile is told, not run."""
        now, missed = _now(), list[str]()
        for one in self.waiting:
            if _moment(one.at) > now:
                continue
            missed.append(f"{words.short(one.prompt)} ({words.until(_moment(one.at), now)})")
            following = self._following(one, now, fires=False)
            state = "waiting" if following else "missed"
            self._tell(one.model_copy(update={"state": state, "at": _text(following) if following else None}))
        if missed:
            text = f"Due while this session was closed, and not run: {'; '.join(missed)}."
            self._session.emit(Notice(level="warning", text=text))
        if self._session.stream.state.reminders:
            self._watch()

    def close(self) -> None:
        """Nothing fires any more."""
        for task in (self._watching, *self._last.values()):
            if task is not None:
                task.cancel()

    def _watch(self) -> None:
        self._changed.set()
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while waiting := self.waiting:
            self._changed.clear()
            left = (_moment(waiting[0].at) - _now()).total_seconds()
            if left <= 0:
                self._fire(waiting[0])
                continue
            try:
                async with asyncio.timeout(min(left, _LONGEST_WAIT)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _fire(self, one: ReminderUpdate) -> None:
        """Say it as the user would. A round of a loop whose last one is not over is left out."""
        now = _now()
        last = self._last.get(one.reminder_id)
        fires = last is None or last.done()
        following = self._following(one, now, fires=fires)
        left = one.left - 1 if one.left is not None and fires else one.left
        state = "fired" if fires else "waiting"
        at = _text(following) if following else None
        self._tell(one.model_copy(update={"state": state, "at": at, "left": left}))
        if not fires:
            return
        session = self._session
        key = f"{one.reminder_id}@{one.at}"
        params = PromptParams(session_id=session.session_id, prompt=(Text(text=one.prompt),), client_key=key)
        try:
            turn_id, _ = session.work.prompt(params)
        except CassError as error:
            log.warning("a reminder could not be said: %s", error)
            return
        self._last[one.reminder_id] = asyncio.get_running_loop().create_task(session.work.finished(turn_id))

    def _following(self, one: ReminderUpdate, now: datetime, *, fires: bool) -> datetime | None:
        """The time after this one; None for the last."""
        if one.every is None or (fires and one.left is not None and one.left <= 1):
            return None
        rounds = max(1, int((now - _moment(one.at)).total_seconds() // one.every) + 1)
        following = _moment(one.at) + timedelta(seconds=one.every * rounds)
        return None if one.until and following > _moment(one.until) else following

    def _tell(self, update: ReminderUpdate) -> None:
        self._session.emit(update.model_copy(update={"turn_id": self._session.turn_id}))


def _moment(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else datetime.max.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _now() -> datetime:
    return datetime.now(UTC)

"""/remind and /loop: prompts that this session is given later, while it is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cass.errors import ConfigError, SessionError
from cass.protocol.reaching import ReminderUpdate
from cass.schedules import words
from cass.sessions.command import Command, Reply
from cass.sessions.session import Session

_REMIND = "`/remind 10m WORDS`, `/remind 18:30 WORDS`, `/remind tomorrow 9:00 WORDS`, `/remind remove ID`"
_LOOP = "`/loop 10m PROMPT`, with `--times N` and `--until 18:00` before the prompt; `/loop stop ID`"
_OPEN = "It fires while this session is open; `/schedule` is for work that goes on without it."


async def remind(session: Session, argument: str) -> Reply:
    """Set a reminder, list them, or take one away."""
    word, rest = _word(argument)
    if not word or word == "list":
        return Reply(text=_listed(session))
    if word in ("remove", "stop"):
        return _removed(session, rest)
    when, rest = _moment_words(word, rest)
    now = datetime.now(UTC)
    try:
        at = words.moment_of(when, words.zone_of(words.local_zone()), now)
    except ConfigError as error:
        raise SessionError(error.message, hint=f"It is {_REMIND}.") from None
    if at <= now:
        raise SessionError(f"{when} is past", hint=f"It is {_REMIND}.")
    made = session.work.reminders.add(rest, at)
    return Reply(text=f"Set: {_line(made)}. {_OPEN}")


async def loop(session: Session, argument: str) -> Reply:
    """Say something now and again every so often, list the loops, or stop one."""
    word, rest = _word(argument)
    if not word or word == "list":
        return Reply(text=_listed(session))
    if word in ("stop", "remove"):
        return _removed(session, rest)
    now, times, until = datetime.now(UTC), None, None
    try:
        every = words.seconds_of(f"{word}s" if word.isdecimal() else word)
        while rest.startswith(("--times", "--until")):
            flag, rest = _word(rest)
            flag, _, value = flag.partition("=")
            if not value:
                value, rest = _word(rest)
            if flag == "--times" and value.isdecimal() and int(value) > 0:
                times = int(value)
            elif flag == "--until":
                until = _until(value, now)
            else:
                raise SessionError(f"{flag} does not take {value[:40]!r}", hint=f"It is {_LOOP}.")
    except ConfigError as error:
        raise SessionError(error.message, hint=f"It is {_LOOP}.") from None
    made = session.work.reminders.add(rest, now, every=every, times=times, until=until)
    return Reply(text=f"Set: {_line(made)}. `/loop stop {made.reminder_id}` ends it. {_OPEN}")


def _until(value: str, now: datetime) -> datetime:
    try:
        return now + timedelta(seconds=words.seconds_of(value))
    except ConfigError:
        return words.moment_of(value, words.zone_of(words.local_zone()), now)


def _moment_words(word: str, rest: str) -> tuple[str, str]:
    """What of the beginning says when, and what is left."""
    if word.lower() in ("in", "at"):
        more, rest = _word(rest)
        if word.lower() == "in":
            return f"in {more}", rest
        word = more
    if word.lower() in ("tomorrow", "today"):
        clock, rest = _word(rest)
        return f"{word} {clock}", rest
    clock, after = _word(rest)
    if len(word) == 10 and word.count("-") == 2 and ":" in clock:
        return f"{word} {clock}", after
    try:
        words.seconds_of(word)
    except ConfigError:
        return word, rest
    return f"in {word}", rest


def _removed(session: Session, which: str) -> Reply:
    if which == "all":
        gone = [session.work.reminders.remove(one.reminder_id) for one in session.work.reminders.waiting]
        return Reply(text=f"Removed: {len(gone)}.")
    gone = session.work.reminders.remove(which)
    return Reply(text=f"Removed: {words.short(gone.prompt)}.")


def _listed(session: Session) -> str:
    lines = [f"- `{one.reminder_id}` {_line(one)}" for one in session.work.reminders.waiting]
    return "\n".join([*lines, "", f"{_REMIND}; {_LOOP}."]) if lines else f"There are none. {_REMIND}; {_LOOP}."


def _line(one: ReminderUpdate) -> str:
    now = datetime.now(UTC)
    at = datetime.fromisoformat(one.at) if one.at else now
    zone = words.zone_of(words.local_zone())
    parts = [
        f"every {words.length(one.every)}, next {words.until(at, now)}" if one.every else words.shown(at, zone)
    ]
    if one.left is not None:
        parts.append(f"{one.left} times more")
    if one.until:
        parts.append(f"until {words.shown(datetime.fromisoformat(one.until), zone)}")
    return f"{', '.join(parts)}: {words.short(one.prompt)}"


def _word(text: str) -> tuple[str, str]:
    word, _, rest = text.strip().partition(" ")
    return word, rest.strip()


COMMANDS = (
    Command("remind", "Be given words or a command later, in this session.", remind, hint="[WHEN WORDS|remove ID]"),
    Command(
        "loop",
        "Say something now and again every so often, in this session.",
        loop,
        hint="[LENGTH [--times N] [--until WHEN] PROMPT|stop ID]",
    ),
)

"""What /schedule does: what `cass schedule` does, from within a session. Loaded with the first one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cass.errors import SessionError
from cass.schedules import listing, making
from cass.schedules.daemon import holder
from cass.schedules.records import Record, Story, new_run
from cass.schedules.store import ScheduleStore
from cass.sessions.command import Reply

if TYPE_CHECKING:
    from cass.sessions.session import Session

_USAGE = (
    '`/schedule add cron "30 9 * * 1-5" PROMPT`, `/schedule add every 2h PROMPT`, `/schedule add at "tomorrow 9:00" PROMPT`'
    " (options of `cass schedule add` go before the prompt), `/schedule list`, `show`, `history`, `pause`, `resume`, `run`"
    " and `remove NAME`."
)
_NOBODY = "Nothing runs schedules now: `cass schedule daemon` in a terminal does, `cass schedule install` for good."
_FLAGS = {"no-trust": ("folder_trust", "leave-out")}
_TOKEN = re.compile(r"\s*(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|(\S+))")


async def schedule(session: Session, argument: str) -> Reply:
    """List, make and change schedules."""
    word, _, rest = argument.strip().partition(" ")
    rest = rest.strip()
    store = ScheduleStore(session.house.data_dir / "schedules", session.config.schedules.keep_runs)
    if word in ("", "list"):
        return Reply(text=await asyncio.to_thread(_list, store))
    if word == "add":
        return Reply(text=await asyncio.to_thread(_add, store, session.cwd, rest))
    act = _ACTS.get(word)
    if act is None or not rest:
        what = f"/schedule {word} needs a name" if act else f"there is no /schedule {word[:40]}"
        raise SessionError(what, hint=f"It is {_USAGE}")
    return Reply(text=await asyncio.to_thread(act, store, rest))


def _add(store: ScheduleStore, cwd: Path, text: str) -> str:
    values, now = _read(text), datetime.now(UTC)
    if "name" not in values and values["prompt"]:
        values["name"] = store.free_name(making.name_of(str(values["prompt"])))
    made = making.made(values, cwd, now, lambda key: f"/schedule add: {key}")
    store.add(made)
    lines = listing.details(made, Story(made.created), now)
    return _block([*lines, *([_NOBODY.replace("`", "")] if holder(store) is None else [])])


def _read(text: str) -> dict[str, object]:
    """Options and the time, in any order, then the prompt as it stands."""
    values: dict[str, object] = {}
    while match := _TOKEN.match(text):
        word, end = _value(match), match.end()
        name, equals, value = word.removeprefix("--").partition("=")
        key = name.replace("-", "_")
        is_flag = word.startswith("--") and match[3] is not None
        if not is_flag and not (word in making.WHEN and match[3] and not any(w in values for w in making.WHEN)):
            break
        if name in _FLAGS:
            values[_FLAGS[name][0]] = _FLAGS[name][1]
        else:
            if not equals:
                following = _TOKEN.match(text, end)
                if following is None:
                    raise SessionError(f"{word} needs a value", hint=f"It is {_USAGE}")
                value, end = _value(following), following.end()
                if key == "cron" and following[3] and not value.startswith("@"):
                    value, end = _five(text, end, value)
            values[key] = [*_listed(values.get(key)), value] if key in ("allow", "deny") else _number(key, value)
        text = text[end:]
    return {**values, "prompt": text.strip()}


def _five(text: str, end: int, value: str) -> tuple[str, int]:
    """A cron line without quotes: five words."""
    words = [value]
    while len(words) < 5 and (match := _TOKEN.match(text, end)) and match[3]:
        words.append(match[3])
        end = match.end()
    return " ".join(words), end


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []  # pyright: ignore[reportUnknownArgumentType]


def _number(key: str, value: str) -> object:
    if key == "max_cost":
        try:
            return float(value)
        except ValueError:
            return value
    return int(value) if key in ("max_tokens", "max_turns", "max_runs", "retries") and value.isdecimal() else value


def _value(match: re.Match[str]) -> str:
    if match[1] is not None:
        return re.sub(r"\\(.)", r"\1", match[1])
    return match[2] if match[2] is not None else match[3]


def _list(store: ScheduleStore) -> str:
    now, known = datetime.now(UTC), store.all()
    lines = [line for one in known for line in listing.line(one, store.seen(one), now)]
    lines += [f"wrong: {problem}" for problem in store.problems]
    if not lines:
        return f"There are no schedules. {_USAGE}"
    return _block(lines) + (f"\n\n{_NOBODY}" if holder(store) is None else "")


def _show(store: ScheduleStore, name: str) -> str:
    one = store.find(name)
    return _block(listing.details(one, store.seen(one), datetime.now(UTC)))


def _history(store: ScheduleStore, name: str) -> str:
    one = store.find(name)
    return _block(listing.history(one, store.seen(one), 20))


def _remove(store: ScheduleStore, name: str) -> str:
    one = store.find(name)
    store.remove(one)
    return f"{one.name} is removed."


def _pause(store: ScheduleStore, name: str) -> str:
    return f"{store.change(store.find(name), datetime.now(UTC), enabled=False).name} is paused."


def _resume(store: ScheduleStore, name: str) -> str:
    now = datetime.now(UTC)
    one = store.change(store.find(name), now, enabled=True)
    return "\n".join([f"{one.name} goes on.", *listing.preview(one, store.seen(one), now, 1)])


def _run(store: ScheduleStore, name: str) -> str:
    one = store.find(name)
    if holder(store) is None:
        raise SessionError("nothing runs schedules now", hint=f"In a terminal: cass schedule run {one.name}")

    def claim(story: Story) -> tuple[list[Record], None]:
        if story.open:
            raise SessionError(f"{one.name} is running or waits to", hint="/schedule history shows it.")
        record = Record(kind="claimed", at=datetime.now(UTC), run=new_run())
        story.fold(record)
        return [record], None

    store.decide(one, claim)
    store.wake()
    return f"{one.name} begins now. `/schedule history {one.name}` shows what comes of it."


def _block(lines: list[str]) -> str:
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"


_ACTS: dict[str, Callable[[ScheduleStore, str], str]] = {
    "show": _show,
    "history": _history,
    "remove": _remove,
    "pause": _pause,
    "resume": _resume,
    "run": _run,
}

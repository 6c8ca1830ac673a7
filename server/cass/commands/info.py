"""/help and /context: what can be said, and what the model sees."""

from __future__ import annotations

from cass.sessions.command import Command, Reply
from cass.sessions.context import context as look
from cass.sessions.session import Session

_BIGGEST = 5


async def help(session: Session, argument: str) -> Reply:
    """The commands, a line each."""
    found = await session.brought.commands()
    commands = sorted((c for c in found.values() if c.offered), key=lambda c: c.name)
    lines = [f"- `/{c.name}{f' {c.hint}' if c.hint else ''}` {c.description}" for c in commands]
    return Reply(text="\n".join(lines))


async def context(session: Session, argument: str) -> Reply:
    """A bar for the window and one for each part; `all` lists every single item."""
    found = await look(session)
    share = found.used / max(1, found.size)
    mark = "~" if found.estimated else ""
    head = f"{mark}{found.used:,} of {found.size:,} tokens ({share:.0%}). Window: {found.window}."
    width = max((len(part.name) for part in found.parts), default=0)
    rows = [
        f"{part.name:<{width}}  {_bar(part.tokens / max(1, found.size), 24)} {part.tokens:>9,}"
        for part in found.parts
    ]
    free = max(0, found.size - found.used)
    rows.append(f"{'free':<{width}}  {_bar(free / max(1, found.size), 24)} {free:>9,}")
    biggest = sorted(found.items, key=lambda item: item.tokens, reverse=True)
    shown = found.items if argument == "all" else biggest[:_BIGGEST]
    items = [f"- {item.kind}: {item.name} ~{item.tokens:,}" for item in shown]
    title = "Everything, in order:" if argument == "all" else "The biggest (`/context all` lists every one):"
    cost = f" Session so far: {_total(session)}."
    tail = f"Beyond {found.compacts_at:,} tokens it is made shorter; `/compact` does it now.{cost}"
    return Reply(text="\n".join([head, "", "```", *rows, "```", "", title, "", *items, "", tail]))


def _bar(share: float, width: int) -> str:
    filled = min(width, round(share * width * 8) // 8)
    part = min(7, max(0, round(share * width * 8) - filled * 8)) if filled < width else 0
    return ("█" * filled + ("▏▎▍▌▋▊▉"[part - 1] if part else "")).ljust(width, "·")


def _total(session: Session) -> str:
    total = session.total
    cost = f", ${total.cost:.4f}" if total.cost is not None else ""
    return f"{total.input:,} tokens read ({total.cache_read:,} from the cache), {total.output:,} written{cost}"


COMMANDS = (
    Command("help", "List the commands.", help, at_once=True),
    Command("context", "Show where the model's window goes.", context, hint="[all]"),
)

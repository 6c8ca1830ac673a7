"""Puts the server's questions to the user: may this run, may this file change, hunk by hunk if wanted."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from cass_cli.diffview import Base, draw_file_header, draw_hunk, hunks_of, shorten
from cass_cli.escape import escape, escape_command, escape_line, suspicious
from cass_cli.fields import Json, as_object, get_list, get_object, get_text
from cass_cli.paint import Paint

INTERRUPT = "\x03"

HELP = {
    "y": "yes, this once",
    "n": "no; you can say why",
    "h": "decide about each change by itself",
    "a": "yes, and do not ask again for this in this session",
    "d": "details",
    "q": "no, and stop the turn",
    "?": "this help",
}
HUNK_HELP = {
    "y": "take this change",
    "n": "leave it out; you can say why",
    "e": "change it in your editor, then take it",
    "a": "take this and all later changes of this file",
    "d": "leave out this and all later changes of this file",
    "q": "leave out this and everything after it",
    "?": "this help",
}


class Asker(Protocol):
    """Whoever can be asked: a person at a terminal."""

    def question(self) -> AbstractAsyncContextManager[None]:
        """Nothing else is printed or read until the question is over."""
        ...

    def show(self, text: str) -> None:
        """Print, within a question."""
        ...

    async def ask_key(self, question: str, keys: str) -> str:
        """One of the keys, or INTERRUPT."""
        ...

    async def ask_line(self, question: str, default: str = "") -> str | None:
        """A line; None when the user does not want to answer."""
        ...

    async def edit(self, text: str, suffix: str) -> str | None:
        """The text after the user edited it; None when that failed."""
        ...


@dataclass(frozen=True)
class Verdict:
    """The answer for the wire, and whether the user wants the whole turn stopped."""

    outcome: Json
    stop: bool = False


async def decide(ask: Json, asker: Asker, paint: Paint, cwd: str) -> Verdict:
    """Show what is asked about and take the answer to a `requestPermission`."""
    options = {
        kind: get_text(option, "optionId")
        for option in get_list(ask, "options")
        if (kind := get_text(option, "kind"))
    }
    proposal = get_object(ask, "proposal")
    keys = "yn"
    keys += "h" if len(hunks_of(proposal)) > 1 or (proposal and _editable(proposal)) else ""
    keys += "a" if "allow_always" in options else ""
    async with asker.question():
        asker.show(_presentation(ask, paint, cwd))
        while True:
            key = await asker.ask_key(_question(ask, paint, keys), keys + "dq?")
            if key == "?":
                asker.show(_help(HELP, keys + "dq?", paint) + _always_text(ask, paint))
            elif key == "d":
                asker.show(_details(ask, paint))
            elif key == "h":
                return _by_hunks(await decide_hunks(proposal, asker, paint, cwd), options)
            elif key in ("q", INTERRUPT):
                return Verdict({"outcome": "cancelled"}, stop=True)
            elif key == "n":
                note = await _reason(asker, paint)
                outcome: Json = {"outcome": "selected", "optionId": options.get("reject_once", "reject_once")}
                return Verdict(outcome | ({"note": note} if note else {}))
            else:
                kind = "allow_once" if key == "y" else "allow_always"
                return Verdict({"outcome": "selected", "optionId": options.get(kind, kind)})


async def decide_hunks(proposal: Json, asker: Asker, paint: Paint, cwd: str) -> list[Json]:
    """The verdict on each hunk, in order. Every hunk gets one."""
    decisions: list[Json] = []
    rest = ""
    rest_of: Json | None = None
    hunks = hunks_of(proposal)
    for number, (file, hunk) in enumerate(hunks, 1):
        if rest == "q" or (rest and rest_of is file):
            decisions.append(_decision(hunk, "accept" if rest == "a" else "reject"))
            continue
        rest = ""
        asker.show(f"{draw_file_header(file, paint, cwd)}\n{draw_hunk(hunk, Base.of(file), paint)}\n")
        decision, rest = await _decide_hunk(file, hunk, f"({number}/{len(hunks)})", asker, paint)
        rest_of = file
        decisions.append(decision)
    return decisions


async def _decide_hunk(file: Json, hunk: Json, where: str, asker: Asker, paint: Paint) -> tuple[Json, str]:
    """The decision on one hunk, and `a`, `d` or `q` when it stands for the ones after it too."""
    while True:
        key = await asker.ask_key(paint.cyan(f"{where} Take this change? [y,n,e,a,d,q,?]"), "yneadq?")
        if key == "?":
            asker.show(_help(HUNK_HELP, "yneadq?", paint))
        elif key == "y":
            return _decision(hunk, "accept"), ""
        elif key == "n":
            return _decision(hunk, "reject", await _reason(asker, paint)), ""
        elif key == "e":
            suffix = "." + get_text(file, "path").rpartition(".")[2] if "." in get_text(file, "path") else ".txt"
            text = await asker.edit(get_text(hunk, "newText"), suffix if suffix[1:].isalnum() else ".txt")
            if text is None:
                continue
            if text == get_text(hunk, "newText"):
                return _decision(hunk, "accept"), ""
            return _decision(hunk, "amend") | {"text": text}, ""
        elif key == "a":
            return _decision(hunk, "accept"), "a"
        else:
            return _decision(hunk, "reject"), "d" if key == "d" else "q"


def _by_hunks(decisions: list[Json], options: dict[str, str]) -> Verdict:
    refused = all(decision["decision"] == "reject" for decision in decisions)
    kind = "reject_once" if refused else "allow_once"
    outcome: Json = {"outcome": "selected", "optionId": options.get(kind, kind), "hunks": decisions}
    reasons = [get_text(decision, "reason") for decision in decisions if decision.get("reason")]
    return Verdict(outcome | ({"note": " / ".join(dict.fromkeys(reasons))} if refused and reasons else {}))


def _decision(hunk: Json, decision: str, reason: str = "") -> Json:
    made: Json = {"hunkId": get_text(hunk, "hunkId"), "decision": decision}
    return made | ({"reason": reason} if reason else {})


async def _reason(asker: Asker, paint: Paint) -> str:
    return (await asker.ask_line(paint.cyan("Why? It is told to the model; Enter for no reason:")) or "").strip()


def _editable(proposal: Json) -> bool:
    return any(get_text(hunk, "newText") for _, hunk in hunks_of(proposal))


def _question(ask: Json, paint: Paint, keys: str) -> str:
    what = {"edit": "Make this change?", "command": "Run this command?"}.get(
        get_text(get_object(ask, "subject"), "type"), "Allow this?"
    )
    return paint.cyan(f"{what} [{','.join(keys + 'dq?')}]")


def _presentation(ask: Json, paint: Paint, cwd: str) -> str:
    subject = get_object(ask, "subject")
    command = subject.get("command")
    shown = get_text(ask, "title")
    title = "cass wants to run a command:" if isinstance(command, str) else escape_line(shown)
    lines = ["", paint.bold(paint.yellow("? ")) + paint.bold(title)]
    if get_text(ask, "description"):
        lines.append(escape(get_text(ask, "description")))
    if isinstance(command, str):
        bar = paint.symbol("│", "|")
        lines += [f"  {bar} {paint.bold(line)}" for line in escape_command(command).split("\n")]
        folder = get_text(subject, "cwd")
        if folder and folder != cwd:
            lines.append(paint.dim(f"  in {escape_line(folder)}"))
        shown += command
    proposal = get_object(ask, "proposal")
    previous: Json | None = None
    for file, hunk in hunks_of(proposal):
        if file is not previous:
            lines.append(draw_file_header(file, paint, cwd))
            shown += get_text(file, "path")
        previous = file
        if get_text(hunk, "oldText") or get_text(hunk, "newText"):
            lines.append(draw_hunk(hunk, Base.of(file), paint))
    lines += [paint.red(f"! This contains {found}.") for found in _hidden(shown, proposal)]
    return "\n".join(lines) + "\n"


def _hidden(shown: str, proposal: Json) -> list[str]:
    """What to warn of. Deep indentation is ordinary in a file, so blanks count only elsewhere."""
    added = "".join(get_text(hunk, "newText").replace("\r\n", "\n") for _, hunk in hunks_of(proposal))
    in_text = [phrase for phrase in suspicious(added) if "blanks" not in phrase]
    return list(dict.fromkeys(suspicious(shown) + in_text))


def _help(texts: dict[str, str], keys: str, paint: Paint) -> str:
    return "".join(f"  {paint.bold(key)}  {texts[key]}\n" for key in keys)


def _always_text(ask: Json, paint: Paint) -> str:
    names = [get_text(o, "name") for o in get_list(ask, "options") if get_text(o, "kind") == "allow_always"]
    return "".join(paint.dim(f"  a means: {escape_line(name)}\n") for name in names)


def _details(ask: Json, paint: Paint) -> str:
    subject = get_object(ask, "subject")
    lines = [
        f"  what: {escape_line(get_text(subject, 'type'))}, call {escape_line(get_text(subject, 'toolCallId'))}"
    ]
    if get_text(subject, "cwd"):
        lines.append(f"  folder: {escape_line(get_text(subject, 'cwd'))}")
    if isinstance(subject.get("command"), str):
        lines.append(f"  exactly: {subject['command']!a}")
    for file in map(as_object, get_list(get_object(ask, "proposal"), "files")):
        hunks = get_list(file, "hunks")
        lines.append(
            f"  {get_text(file, 'op')} {escape_line(shorten(get_text(file, 'path'), ''))}, {len(hunks)} hunks"
        )
    always = _always_text(ask, paint)
    return paint.dim("\n".join(lines)) + "\n" + always

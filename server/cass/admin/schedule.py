"""`cass schedule`: work at a time, that goes on without anybody there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from cass.app import App
from cass.errors import ConfigError
from cass.schedules import clocks, listing, making, offered
from cass.schedules.daemon import holder, serve
from cass.schedules.definition import Schedule
from cass.schedules.records import Story
from cass.schedules.store import ScheduleStore
from cass.schedules.telling import as_json

_STATES = {"done": 0, "refused": 3}


@click.group()
def schedule() -> None:
    """Work at a time: cron lines, intervals and moments, run as ordinary sessions without anybody there."""


@schedule.command()
@click.argument("words_", metavar="[PROMPT]...", nargs=-1)
@click.option("--cron", metavar="LINE", help='Five fields, as in "30 9 * * 1-5", or @daily, @hourly, …')
@click.option("--every", metavar="LENGTH", help="As in 15m, 2h, 1d: from now on, or from --starts.")
@click.option("--at", metavar="MOMENT", help="Once: 2026-12-01 09:00, 18:30, tomorrow 9:00, in 2h.")
@click.option("--zone", metavar="NAME", help="Time zone, as in Europe/Berlin; yours where not given.")
@click.option("--name", metavar="NAME", help="What it is called; else from the prompt.")
@click.option("--from", "source", metavar="FILE", help="One of the project's (.cass/schedules), by name.")
@click.option("--folder", metavar="PATH", help="Where it works; here where not given.")
@click.option("--model", metavar="PROVIDER/MODEL", help="The model to ask.")
@click.option("--effort", metavar="LEVEL", help="Reasoning effort.")
@click.option("--mode", type=click.Choice(["plan", "active"]), help="plan: changes are only proposed.")
@click.option("--approval", type=click.Choice(["ask", "edits", "auto"]), help="What is done without asking.")
@click.option("--allow", multiple=True, metavar="RULE", help="Allow without asking, as in 'shell(git status*)'.")
@click.option("--deny", multiple=True, metavar="RULE", help="Refuse, whatever else allows it.")
@click.option("--max-cost", type=float, metavar="DOLLARS", help="Of one run.")
@click.option("--max-tokens", type=int, metavar="N", help="Of one run, in and out.")
@click.option("--max-turns", type=int, metavar="N", help="Requests to the model of one run.")
@click.option("--max-seconds", metavar="LENGTH", help="Longest time of one run.")
@click.option("--missed", type=click.Choice(["once", "skip", "all"]), help="Runs that nobody was there for (once).")
@click.option("--grace", metavar="LENGTH", help="How late a run may begin (skip: 1m; else without end).")
@click.option("--jitter", metavar="LENGTH", help="Begin later by up to this; always the same for one due time.")
@click.option(
    "--overlap", type=click.Choice(["skip", "queue", "replace"]), help="When the last one still runs (skip)."
)
@click.option("--retries", type=int, metavar="N", help="Further tries after a failure.")
@click.option("--retry-wait", metavar="LENGTH", help="Before the first of them; doubles each time (1m).")
@click.option("--starts", metavar="MOMENT", help="Nothing before.")
@click.option("--ends", metavar="MOMENT", help="Nothing afterwards.")
@click.option("--max-runs", type=int, metavar="N", help="Then it is over.")
@click.option("--no-trust", is_flag=True, help="Leave out what the folder brings, instead of needing its trust.")
@click.option("--notify", type=click.Choice(["always", "failure", "never"]), help="When to tell (always).")
@click.option("--dry-run", is_flag=True, help="Only show what it would be.")
@click.option("--json", "as_json_", is_flag=True, help="As JSON.")
def add(
    words_: tuple[str, ...], source: str | None, no_trust: bool, dry_run: bool, as_json_: bool, **given: object
) -> None:
    """Make a schedule. PROMPT may be a slash command."""
    _by_a_person()
    now = _now()
    values = {key: value for key, value in given.items() if value is not None and value != ()}
    if words_:
        values["prompt"] = " ".join(words_)
    if no_trust:
        values["folder_trust"] = "leave-out"
    app, here = App(os.environ), Path.cwd()
    if not source and "name" not in values and words_:
        values["name"] = _store(app).free_name(making.name_of(" ".join(words_)))
    made = _taken(app, source, values) if source else making.made(values, here, now, _flag)
    if not dry_run:
        _store(app).add(made)
    story = Story(made.created)
    if as_json_:
        click.echo(json.dumps(listing.row(made, story, now), ensure_ascii=True))
        return
    _say("It would be:" if dry_run else "Made.", *listing.details(made, story, now))
    if not dry_run and holder(_store(app)) is None:
        _say(
            "",
            "Nothing runs schedules now: `cass schedule daemon` does, `cass schedule install` has the system start it.",
        )


@schedule.command("list")
@click.option("--json", "as_json_", is_flag=True, help="As JSON.")
def every(as_json_: bool) -> None:
    """All schedules, each with its next run and its last; and what this folder's project offers."""
    app, now = App(os.environ), _now()
    store = _store(app)
    known = store.all()
    if as_json_:
        click.echo(json.dumps([listing.row(one, store.seen(one), now) for one in known], ensure_ascii=True))
    else:
        for one in known:
            _say(*listing.line(one, store.seen(one), now))
        if not known:
            _say("There are no schedules. `cass schedule add --help` says how to make one.")
        taken = {one.source.path for one in known if one.source}
        for offer in _offers(app):
            if str(offer.path) not in taken:
                how = (
                    f"`cass schedule add --from {offer.name}` adds it"
                    if offer.is_trusted
                    else "NOT TRUSTED: cass trust"
                )
                _say(f"offered by the project: {offer.name} ({how})")
        if known and holder(store) is None:
            _say("Nothing runs them now: `cass schedule daemon` does.")
    for problem in store.problems:
        click.echo(_plain(f"wrong: {problem}"), err=True)


@schedule.command()
@click.argument("name")
@click.option("--json", "as_json_", is_flag=True, help="As JSON.")
def show(name: str, as_json_: bool) -> None:
    """All of one schedule, with its next runs."""
    store, now = _store(App(os.environ)), _now()
    one = store.find(name)
    if as_json_:
        click.echo(json.dumps(listing.row(one, store.seen(one), now), ensure_ascii=True))
    else:
        _say(*listing.details(one, store.seen(one), now))


@schedule.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a schedule with its history; a run of it is ended. Sessions stay."""
    store = _store(App(os.environ))
    one = store.find(name)
    store.remove(one)
    _say(f"{one.name} is removed.")


@schedule.command()
@click.argument("name")
def pause(name: str) -> None:
    """Leave a schedule out until it is resumed. A run that goes on is not ended."""
    store = _store(App(os.environ))
    one = store.change(store.find(name), _now(), enabled=False)
    _say(f"{one.name} is paused.")


@schedule.command()
@click.argument("name")
def resume(name: str) -> None:
    """Go on with a schedule from now; what was due meanwhile is not run."""
    _by_a_person()
    store, now = _store(App(os.environ)), _now()
    one = store.change(store.find(name), now, enabled=True)
    _say(f"{one.name} goes on.", *listing.preview(one, store.seen(one), now, 1))


@schedule.command()
@click.argument("name")
@click.option("--json", "as_json_", is_flag=True, help="As JSON.")
def run(name: str, as_json_: bool) -> None:
    """Run a schedule now, here, and wait for it. The exit code is 0 only when it was done."""
    _by_a_person()
    sys.exit(asyncio.run(_run(name, as_json_)))


@schedule.command()
@click.argument("name")
@click.option("-n", "count", type=click.IntRange(1, 10_000), default=20, show_default=True, help="So many runs.")
@click.option("--json", "as_json_", is_flag=True, help="As JSON lines.")
def history(name: str, count: int, as_json_: bool) -> None:
    """What a schedule's runs came to, the latest first. `cass -r SESSION` opens one."""
    store = _store(App(os.environ))
    one = store.find(name)
    story = store.seen(one)
    if as_json_:
        for found in list(story.runs.values())[::-1][:count]:
            click.echo(json.dumps(as_json(one, found), ensure_ascii=True))
    else:
        _say(*listing.history(one, story, count))


@schedule.command()
def daemon() -> None:
    """Run schedules as they are due, until it is ended. One process of a user does it; another one says so."""
    _by_a_person()
    asyncio.run(_serve())


@schedule.command()
@click.argument("when", nargs=-1, metavar="[WHEN]...")
@click.option("--zone", metavar="NAME", help="Time zone; yours where not given.")
@click.option("-n", "count", type=click.IntRange(1, 1_000), default=5, show_default=True, help="So many.")
def check(when: tuple[str, ...], zone: str | None, count: int) -> None:
    """When would "30 9 * * 1-5" (or 15m, or 18:30) be due? Without WHEN: what is wrong with the schedules there are."""
    app, now = App(os.environ), _now()
    if when:
        text = " ".join(when)
        key = "cron" if len(when) == 5 or len(text.split()) == 5 or text.startswith("@") else "at"
        if key == "at" and text[:1].isdigit() and text[-1:].isalpha() and ":" not in text:
            key = "every"
        made = making.made({key: text, "zone": zone, "prompt": "-"}, Path.cwd(), now, lambda key: "")
        _say(*listing.preview(made, Story(made.created), now, count))
        return
    sys.exit(_check_all(app))


def _check_all(app: App) -> int:
    from cass.admin.scheduling import Scheduling

    scheduling, wrong = Scheduling(app, clocks.of(os.environ)), 0
    for one in scheduling.store.all():
        why = scheduling.refusal(one) or (
            "" if Path(one.folder).is_dir() else f"its folder {one.folder} is not there"
        )
        wrong += bool(why)
        _say(f"{one.name}: {why or 'may run'}")
    for problem in scheduling.store.problems:
        wrong += 1
        _say(f"wrong: {problem}")
    who = holder(scheduling.store)
    _say(f"Schedules are run by process {who}." if who else "Nothing runs schedules now.")
    return 1 if wrong else 0


async def _run(name: str, as_json_: bool) -> int:
    from cass.admin.scheduling import Scheduling

    scheduling = Scheduling(App(os.environ), clocks.of(os.environ))
    runner = scheduling.runner()
    try:
        one = scheduling.store.find(name)
        await runner.open()
        claimed = runner.by_hand(one)
        await runner.carry(one, claimed)
        over = scheduling.store.seen(one).runs[claimed.id]
    finally:
        await runner.close()
        await scheduling.close()
    if as_json_:
        click.echo(json.dumps(as_json(one, over), ensure_ascii=True))
    else:
        _say(listing.run(over, one), *([over.text] if over.text else []))
    return _STATES.get(over.state, 1)


async def _serve() -> None:
    from cass.admin.scheduling import Scheduling

    scheduling = Scheduling(App(os.environ), clocks.of(os.environ))
    try:
        await serve(scheduling.store, scheduling.runner())
    finally:
        await scheduling.close()


def _store(app: App) -> ScheduleStore:
    return ScheduleStore(app.places.data / "schedules", app.config.schedules.keep_runs)


def _offers(app: App) -> list[offered.Offer]:
    return offered.offers(Path.cwd(), app.places.home, app.trust(Path.cwd()).allows)


def _taken(app: App, name: str, given: Mapping[str, object]) -> Schedule:
    found = _offers(app)
    offer = next((one for one in found if one.name == name), None)
    if offer is None:
        names = ", ".join(one.name for one in found) or "none"
        raise ConfigError(
            f"the project offers no schedule {name[:64]!r}", where="--from", hint=f"There are: {names}."
        )
    return offered.taken(offer, given, Path.cwd(), _now())


def _now() -> datetime:
    return clocks.of(os.environ).now()


def _by_a_person() -> None:
    """ConfigError for a command that the model runs: what goes on without the user is theirs to begin."""
    if os.environ.get("CASS") == "1":
        raise ConfigError(
            "a command that cass runs cannot begin work that goes on without you",
            hint="Type it in a terminal of your own, or /schedule in the session.",
        )


def _flag(key: str) -> str:
    return {"prompt": "PROMPT", "folder_trust": "--no-trust"}.get(key, f"--{key.replace('_', '-')}")


def _say(*lines: str) -> None:
    for line in lines:
        click.echo(_plain(line))


def _plain(text: str) -> str:
    """Text of models, files and programs, without what a terminal would obey."""
    return "".join(c if c in "\n\t" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)

"""`cass usage`: tokens and costs, summed by day, model, project or session."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import click

from cass import places
from cass.errors import ConfigError
from cass.ports import Spent
from cass.protocol.messages import Usage
from cass.stores.spending import SpendingFile

_KEYS: dict[str, Callable[[Spent], str]] = {
    "day": lambda spent: spent.at[:10],
    "model": lambda spent: spent.model,
    "project": lambda spent: spent.cwd,
    "session": lambda spent: spent.session_id,
}


@click.command()
@click.option("--by", type=click.Choice(list(_KEYS)), default="day", show_default=True, help="What a line is for.")
@click.option("--since", metavar="DAY", help="From this day on, as in 2026-11-01; 30 days ago where not given.")
@click.option("--all", "everything", is_flag=True, help="From the beginning.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def usage(by: str, since: str | None, everything: bool, as_json: bool) -> None:
    """Sum up what models have read and written, and what it cost where prices are known. Days are UTC."""
    begin = "" if everything else _day(since)
    file = SpendingFile(places.find(os.environ).state / "usage")
    found = summed(file.entries(begin), _KEYS[by])
    if as_json:
        rows = [{by: key, "requests": n, **used.wire()} for key, (n, used) in found.items()]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not found:
        click.echo("Nothing was used yet." if everything else f"Nothing was used since {begin}.")
        return
    width = max(len(by), *map(len, found))
    head = f"{by:<{width}}  {'requests':>8}  {'input':>12}  {'cached':>12}  {'output':>10}  {'cost':>10}"
    click.echo(head)
    for key, (count, used) in found.items():
        click.echo(_line(key, width, count, used))
    if len(found) > 1:
        total = sum((used for _, used in found.values()), Usage())
        click.echo(_line("all", width, sum(count for count, _ in found.values()), total))


def summed(entries: Iterable[Spent], key: Callable[[Spent], str]) -> dict[str, tuple[int, Usage]]:
    """Requests and usage by key, in order of the key."""
    found: dict[str, tuple[int, Usage]] = {}
    for spent in entries:
        count, used = found.get(key(spent), (0, Usage()))
        found[key(spent)] = count + 1, used + spent.usage
    return dict(sorted(found.items()))


def _line(key: str, width: int, count: int, used: Usage) -> str:
    cost = f"${used.cost:,.4f}" if used.cost is not None else "unknown"
    return f"{key:<{width}}  {count:>8,}  {used.input:>12,}  {used.cache_read:>12,}  {used.output:>10,}  {cost:>10}"


def _day(text: str | None) -> str:
    if text is None:
        return (datetime.now(UTC).date() - timedelta(days=30)).isoformat()
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat()
    except ValueError:
        raise ConfigError(f"{text!r} is not a day", where="--since", hint="Write it as in 2026-11-01.") from None

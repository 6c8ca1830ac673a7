"""Reminders and loops in the terminal."""

from __future__ import annotations

from cass_cli.fields import Json
from cass_cli.paint import Paint
from cass_cli.reminderview import clock
from cass_cli.render import Renderer


def drawn(**update: object) -> str:
    pieces: list[str] = []
    told: Json = {"sessionUpdate": "_reminder_update", "reminderId": "r1", "prompt": "look", **update}
    Renderer(pieces.append, Paint(color=False)).update(told)
    return "".join(pieces)


def test_one_that_fires_is_a_line_and_obeys_nothing() -> None:
    assert drawn(state="fired") == "Reminder: look\n"
    assert drawn(state="fired", prompt="a\x1b[31mb" + "c" * 100).startswith("Reminder: a\\x1b[31mb")
    assert drawn(state="fired", every=60, at="2020-01-01T00:00:00+00:00").startswith("Loop: look (again at ")


def test_what_a_command_did_it_says_itself() -> None:
    assert drawn(state="waiting", at="2026-11-26T09:30:00+00:00") == ""
    assert drawn(state="removed") == ""
    assert drawn(state="missed") == ""


def test_what_is_no_time_is_left_out() -> None:
    assert clock("soon") == ""

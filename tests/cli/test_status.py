"""The bottom line at any width, and the cycle of modes."""

from __future__ import annotations

import pytest

from cass_cli.status import Status, thousands


def full() -> Status:
    status = Status(session_id="s")
    status.take_config(
        [
            {"id": "mode", "currentValue": "active"},
            {"id": "approval", "currentValue": "ask"},
            {"id": "model", "currentValue": "openrouter/some/very-long-model-name"},
        ]
    )
    status.update(
        {
            "sessionUpdate": "usage_update",
            "used": 12_345,
            "size": 200_000,
            "estimated": False,
            "total": {"cost": 0.1234},
        }
    )
    return status


@pytest.mark.parametrize("width", [1, 5, 20, 30, 40, 60, 80, 200])
def test_the_line_fits_every_width(width: int) -> None:
    line = full().toolbar(width)
    assert len(line) <= width
    assert "\n" not in line


def test_the_line_tells_model_mode_window_and_cost() -> None:
    line = full().toolbar(80)
    assert line == " ask | openrouter/some/very-long-model-name | 12.3k/200k tokens | $0.1234"


def test_an_estimate_is_marked_and_an_unknown_window_left_out() -> None:
    status = Status()
    status.update({"sessionUpdate": "usage_update", "used": 900, "size": 0})
    assert "~900 tokens" in status.toolbar(80)
    assert "$" not in status.toolbar(80)


def test_modes_go_round() -> None:
    status = full()
    seen = []
    for _ in range(4):
        mode, approval = status.next_mode()
        status.config |= {"mode": mode} | ({"approval": approval} if approval else {})
        seen.append(status.mode())
    assert seen == ["edits", "auto", "plan", "ask"]


def test_a_running_turn_is_told() -> None:
    status = Status()
    status.update({"sessionUpdate": "state_update", "state": "running", "turnId": "t"})
    assert status.running
    assert "Ctrl-C" in status.toolbar(80)
    status.update({"sessionUpdate": "state_update", "state": "idle", "stopReason": "end_turn"})
    assert not status.running


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (999, "999"), (1_000, "1.0k"), (123_456, "123k")])
def test_counts_are_short(count: int, shown: str) -> None:
    assert thousands(count) == shown


def test_the_next_reminder_is_told_until_it_is_over() -> None:
    status = full()
    reminder = {"sessionUpdate": "_reminder_update", "reminderId": "r1", "prompt": "x", "state": "waiting"}
    status.update({**reminder, "at": "2026-11-26T09:30:00+00:00"})
    assert "next at " in status.toolbar(200)
    status.update({**reminder, "state": "removed"})
    assert "next at " not in status.toolbar(200)

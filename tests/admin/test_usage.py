"""`cass usage`: sums that a person reads, and the same for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cass.admin import admin
from cass.ports import Spent
from cass.protocol.messages import Usage
from cass.stores.spending import SpendingFile


@pytest.fixture
def home(tmp_path: Path) -> Path:
    book = SpendingFile(tmp_path / "state" / "usage")
    rows = [
        ("2026-11-01T10:00:00+00:00", "s1", "/a", "openai/m", Usage(input=1_000, output=10, cost=0.25)),
        ("2026-11-01T11:00:00+00:00", "s1", "/a", "ollama/q", Usage(input=500, output=5, cache_read=400)),
        ("2026-11-02T10:00:00+00:00", "s2", "/b", "openai/m", Usage(input=2_000, output=20, cost=0.5)),
    ]
    for row in rows:
        book.add(Spent(*row))
    return tmp_path


def _usage(home: Path, *arguments: str) -> Result:
    return CliRunner(env={"CASS_HOME": str(home)}).invoke(admin, ["usage", *arguments])


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("day", ["2026-11-01", "2026-11-02"]),
        ("model", ["ollama/q", "openai/m"]),
        ("project", ["/a", "/b"]),
        ("session", ["s1", "s2"]),
    ],
)
def test_sums_by(by: str, keys: list[str], home: Path) -> None:
    done = _usage(home, "--all", "--by", by)
    lines = done.output.splitlines()
    assert [line.split()[0] for line in lines] == [by, *keys, "all"]
    assert "3,500" in lines[-1]
    assert "$0.7500" in lines[-1]
    rows = json.loads(_usage(home, "--all", "--by", by, "--json").output)
    assert [row[by] for row in rows] == keys
    assert sum(row["input"] for row in rows) == 3_500


def test_costs_that_nobody_knows_are_not_zero(home: Path) -> None:
    line = next(line for line in _usage(home, "--all", "--by", "model").output.splitlines() if "ollama" in line)
    assert line.endswith("unknown")


def test_only_since_a_day(home: Path) -> None:
    assert "2026-11-01" not in _usage(home, "--since", "2026-11-02").output
    assert "Nothing was used since" in _usage(home, "--since", "2031-01-01").output
    bad = _usage(home, "--since", "yesterday")
    assert bad.exit_code == 3
    assert "2026-11-01" in bad.output


def test_nothing_was_used_yet(tmp_path: Path) -> None:
    assert "Nothing was used yet" in _usage(tmp_path, "--all").output

"""What was used: kept line by line, summed by day, whatever else happens to the file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cass.ports import Spent
from cass.protocol.messages import Usage
from cass.stores.spending import SpendingFile


def _spent(tokens: int, at: str = "", cost: float | None = None) -> Spent:
    now = at or datetime.now(UTC).isoformat(timespec="seconds")
    return Spent(now, "s1", "/p", "openai/m", Usage(input=tokens, output=1, cost=cost))


def test_what_several_processes_used_today_is_one_sum(tmp_path: Path) -> None:
    one, other = SpendingFile(tmp_path / "usage"), SpendingFile(tmp_path / "usage")
    assert one.today() == Usage()
    one.add(_spent(10, cost=0.5))
    other.add(_spent(20))
    one.add(_spent(5, at="2020-01-01T00:00:00+00:00"))
    assert (one.today().input, one.today().cost) == (30, 0.5)
    assert other.today().input == 30
    other.add(_spent(1))
    assert one.today().input == 31
    (file, _) = sorted((tmp_path / "usage").iterdir(), reverse=True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_damaged_lines_are_left_out(tmp_path: Path) -> None:
    book = SpendingFile(tmp_path)
    book.add(_spent(10))
    path = next(tmp_path.iterdir())
    with path.open("ab") as file:
        file.write(b'{"half": \n\xff\xfe\n{"at": "2020"}\n[]\n')
    book.add(_spent(7))
    assert book.today().input == 17
    with path.open("ab") as file:
        file.write(b'{"at": "unfinished')
    assert SpendingFile(tmp_path).today().input == 17
    assert [spent.usage.input for spent in SpendingFile(tmp_path).entries("")] == [10, 7]


def test_entries_begin_where_they_are_asked_to(tmp_path: Path) -> None:
    book = SpendingFile(tmp_path)
    for day in ("2026-09-30", "2026-10-01", "2026-11-02"):
        book.add(_spent(1, at=f"{day}T10:00:00+00:00"))
    assert [spent.at[:10] for spent in book.entries("2026-10-01")] == ["2026-10-01", "2026-11-02"]
    assert list(SpendingFile(tmp_path / "nothing").entries("")) == []


def test_a_place_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    book = SpendingFile(tmp_path / "file" / "usage")
    book.add(_spent(10))
    assert book.today() == Usage()

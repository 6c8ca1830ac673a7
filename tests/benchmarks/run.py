#!/usr/bin/env python3
"""Measures cass beside what its work costs without it, all in one run, and prints a table in Markdown.

    python dev.py bench                    all of it, some minutes
    python dev.py bench --quick            one tiny round, to see that it works
    python dev.py bench --json FILE        the same numbers for programs
    python dev.py bench start steps        only these subjects: start, steps, inside, editor, long, checkpoints, many, brought,
                                           servers

Absolute numbers hold for one machine at one moment; the ratios to the floors travel better. Linux only: it reads
/proc.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import brought
import checkpoints
import editor
import inside
import long
import many
import servers
import start
import steps
from gauge import Row, bench

SUBJECTS = {
    "start": start.rows,
    "steps": steps.rows,
    "inside": inside.rows,
    "editor": editor.rows,
    "long": long.rows,
    "checkpoints": checkpoints.rows,
    "many": many.rows,
    "brought": brought.rows,
    "servers": servers.rows,
}


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="one tiny round")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the numbers there, too")
    given = parser.parse_args(arguments)
    if unknown := set(given.subjects) - set(SUBJECTS):
        parser.error(f"no subject {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}")
    if not Path("/proc/self/smaps_rollup").exists():
        parser.error("this measures with Linux's /proc, which is not here")
    measured: list[Row] = []
    with bench(quick=given.quick) as shared:
        for name in given.subjects or SUBJECTS:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            measured += SUBJECTS[name](shared)
    print(table(measured))
    if given.json:
        found = [{**asdict(row), "ratio": row.ratio, "good": row.good} for row in measured]
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def table(measured: list[Row]) -> str:
    """The rows in Markdown."""
    head = "| what | value | floor | ratio | target | met |\n|---|---:|---:|---:|---:|---|"
    return "\n".join([head, *map(_line, measured)])


def _line(row: Row) -> str:
    floor = f"{_number(row.floor)} ({row.floor_name})" if row.floor is not None else ""
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
    sign = "≥" if row.more_is_better else "≤"
    unit = " ×" if row.target_is_ratio else ""
    target = f"{sign} {_number(row.target)}{unit}" if row.target is not None else ""
    met = "" if row.good is None else "yes" if row.good else "**no**"
    return f"| {row.name} | {_number(row.value)} {row.unit} | {floor} | {ratio} | {target} | {met} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

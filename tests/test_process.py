"""Processes: what they print is bounded, and none of them outlives the job, the session or cass."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import sys
import time
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import pytest

from cass.errors import ToolError
from cass.ports import JobReport
from cass.process import Guard, ShellJobs, run_git, run_program
from cass.process.environ import child_environ
from cass.process.output import Output, readable

TAGS = count(700_000 + os.getpid() % 1_000 * 100)

# Each starts at least one process whose command line holds the tag.
SHAPES = {
    "plain": "sleep {tag}",
    "background": "sleep {tag} & wait",
    "nohup": "nohup sleep {tag} >/dev/null 2>&1 & sleep {tag}",
    "setsid": "setsid sleep {tag} & sleep {tag}",
    "double fork": "(setsid sh -c 'sleep {tag} & exit' &); sleep {tag}",
    "ignores TERM": "trap '' TERM; sleep {tag}; sleep {tag}",
    "holds the pipe": "sleep {tag} & disown; sleep {tag}",
    "reads": "cat; read x; sleep {tag}",
    "much output": "yes & sleep {tag}",
    "no newline": "printf half; sleep {tag}",
    "binary": "cat /dev/urandom & sleep {tag}",
    "new environment": "env -i setsid sleep {tag} & sleep {tag}",
}


def alive(tag: int) -> list[int]:
    """Living processes whose last argument is the tag."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cmdline").read_bytes().split(b"\0")[-2:-1] == [b"%d" % tag]:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def all_started(tags: dict[str, int]) -> bool:
    """Whether every process of every shape is there; of commands one after the other, the first."""
    return all(
        len(alive(tag)) >= (SHAPES[shape].count("{tag}") if "&" in SHAPES[shape] else 1)
        for shape, tag in tags.items()
    )


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


@pytest.fixture
async def jobs(tmp_path: Path) -> AsyncIterator[ShellJobs]:
    environ = {**os.environ, "OPENAI_API_KEY": "secret-1", "MY_TOKEN": "secret-2", "CASS_HOME": "x"}
    made = ShellJobs(tmp_path / "spill", 8_000, environ, secrets=["MY_TOKEN"])
    yield made
    await made.close()


async def run(jobs: ShellJobs, command: str, seconds: float = 20.0) -> JobReport:
    return await jobs.run(command, cwd=Path.cwd(), timeout=seconds, on_output=lambda text: None)


async def test_output_and_exit_code(jobs: ShellJobs, tmp_path: Path) -> None:
    shown: list[str] = []
    report = await jobs.run("echo out; echo err >&2; pwd; exit 3", cwd=tmp_path, timeout=5, on_output=shown.append)
    assert report.output == f"out\nerr\n{tmp_path}\n"
    assert (report.state, report.exit_code, report.spill) == ("exited", 3, None)
    assert "".join(shown) == report.output
    assert (await run(jobs, "kill -9 $$")).exit_code == 137


async def test_commands_see_no_keys_no_terminal_and_no_input(jobs: ShellJobs) -> None:
    report = await run(jobs, "env; tty; cat; echo end")
    assert "secret" not in report.output
    assert "CASS_HOME" not in report.output
    assert "not a tty\nend\n" in report.output
    assert {"CASS=1", "PAGER=cat", "TERM=dumb", "GIT_TERMINAL_PROMPT=0"} <= set(report.output.split("\n"))
    kept = child_environ({"STRIPE_API_KEY": "1", "anthropic_api_key": "2", "HOME": "/h"})
    assert kept["STRIPE_API_KEY"] == "1"
    assert "anthropic_api_key" not in kept


async def test_the_shell_is_waited_for_not_what_it_left_behind(jobs: ShellJobs, tmp_path: Path) -> None:
    tag = next(TAGS)
    file, gate = tmp_path / "file", tmp_path / "gate"
    os.mkfifo(gate)
    report = await run(jobs, f"(cat {gate}; echo late; echo late > {file}; exec sleep {tag}) & echo now")
    assert (report.output, report.state) == ("now\n", "exited")
    await asyncio.to_thread(gate.write_text, "go")
    assert await until(file.exists, 5), "a process left in the background was ended by its closed output"
    assert await until(lambda: bool(alive(tag)), 5)
    await jobs.close()
    assert not alive(tag)


async def test_time_limit_leaves_nothing_whatever_the_shape(jobs: ShellJobs) -> None:
    tags = {shape: next(TAGS) for shape in SHAPES}
    began = time.monotonic()
    reports = await asyncio.gather(
        *(run(jobs, command.format(tag=tags[shape]), 0.7) for shape, command in SHAPES.items())
    )
    assert time.monotonic() - began < 15
    assert {(r.state, r.exit_code) for r in reports} == {("timed_out", None)}
    assert {shape: alive(tag) for shape, tag in tags.items() if alive(tag)} == {}


async def test_cancelling_leaves_nothing_whatever_the_shape(jobs: ShellJobs) -> None:
    tags = {shape: next(TAGS) for shape in SHAPES}
    tasks = [asyncio.ensure_future(run(jobs, c.format(tag=tags[shape]), 60)) for shape, c in SHAPES.items()]
    assert await until(lambda: all_started(tags), 15)
    began = time.monotonic()
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert time.monotonic() - began < 8
    assert {shape: alive(tag) for shape, tag in tags.items() if alive(tag)} == {}


async def test_nothing_survives_when_cass_is_killed(tmp_path: Path) -> None:
    tags = {shape: next(TAGS) for shape in SHAPES}
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import asyncio, os, sys\nfrom pathlib import Path\nfrom cass.process import ShellJobs\n"
        "async def main():\n"
        "    jobs = ShellJobs(Path(sys.argv[1]), 1000, os.environ)\n"
        "    await asyncio.gather(*(jobs.run(c, cwd=Path('/'), timeout=600, on_output=str) for c in sys.argv[2:]))\n"
        "asyncio.run(main())\n"
    )
    commands = [command.format(tag=tags[shape]) for shape, command in SHAPES.items()]
    process = await asyncio.create_subprocess_exec(sys.executable, str(parent), str(tmp_path / "s"), *commands)
    try:
        assert await until(lambda: all_started(tags), 15)
    finally:
        process.kill()
        await process.wait()
    assert await until(lambda: not any(alive(tag) for tag in tags.values()), 5), {
        shape: alive(tag) for shape, tag in tags.items() if alive(tag)
    }


async def test_closing_ends_background_jobs(jobs: ShellJobs) -> None:
    tag = next(TAGS)
    await jobs.start(f"trap '' TERM; setsid sleep {tag} & sleep {tag}", cwd=Path.cwd())
    assert await until(lambda: len(alive(tag)) == 2, 5)
    await jobs.close()
    assert alive(tag) == []


async def test_background_job_is_read_in_parts_and_killed(jobs: ShellJobs, tmp_path: Path) -> None:
    tag = next(TAGS)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    job = await jobs.start(f"echo one; cat {gate}; echo three; sleep {tag}", cwd=tmp_path)
    first = await jobs.poll(job, wait=5)
    assert (first.output, first.state, first.exit_code) == ("one\n", "running", None)
    assert (await jobs.poll(job, wait=0)).output == ""
    await asyncio.to_thread(gate.write_text, "two\n")
    rest = ""
    while "three" not in rest:
        rest += (await jobs.poll(job, wait=5)).output
    assert rest == "two\nthree\n"
    killed = await jobs.kill(job)
    assert (killed.state, killed.exit_code) == ("killed", None)
    assert alive(tag) == []
    assert (await jobs.poll(job, wait=5)).state == "killed"
    with pytest.raises(ToolError, match="no background job 'x'"):
        await jobs.poll("x", wait=0)


async def test_a_background_job_that_ended_tells_its_exit_code(jobs: ShellJobs) -> None:
    job = await jobs.start("echo bye; exit 4", cwd=Path.cwd())
    output = ""
    report = await jobs.poll(job, wait=5)
    while report.state == "running":
        output += report.output
        report = await jobs.poll(job, wait=5)
    assert output + report.output == "bye\n"
    assert report.exit_code == 4


async def test_background_jobs_are_limited(jobs: ShellJobs) -> None:
    for _ in range(16):
        await jobs.start("sleep 60", cwd=Path.cwd())
    with pytest.raises(ToolError, match="16 background jobs"):
        await jobs.start("sleep 60", cwd=Path.cwd())


async def test_cancelling_before_the_shell_is_up_leaves_nothing(jobs: ShellJobs) -> None:
    tag = next(TAGS)
    for turns in range(4):
        task = asyncio.ensure_future(run(jobs, f"sleep {tag}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await run(jobs, "true")
    assert await until(lambda: not alive(tag), 3)


async def test_what_cannot_be_started_is_said(jobs: ShellJobs, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"cannot be started in .*no such file"):
        await jobs.run("true", cwd=tmp_path / "gone", timeout=1, on_output=str)
    with pytest.raises(ToolError, match="NUL"):
        await run(jobs, "echo \0")
    with pytest.raises(ToolError, match="nowhere cannot be started"):
        await run_program(["/nowhere"], tmp_path, 1, 10)


async def test_a_guard_is_shared_and_starts_again(tmp_path: Path) -> None:
    guard = Guard()
    one = ShellJobs(tmp_path, 1000, os.environ, guard=guard)
    assert (await run(one, "echo a")).output == "a\n"
    await one.close()
    two = ShellJobs(tmp_path, 1000, os.environ, guard=guard)
    assert (await run(two, "echo b")).output == "b\n"
    await two.close()
    await guard.close()
    await guard.close()
    assert (await run(two, "echo c")).output == "c\n"
    await two.close()
    await guard.close()


# --- output ----------------------------------------------------------------------------------------------------


async def test_long_output_is_head_and_tail_and_a_private_file(jobs: ShellJobs) -> None:
    report = await run(jobs, "seq 1 800000")
    assert report.spill is not None
    assert len(report.output) / 4 < 2_000
    assert report.output.startswith("1\n2\n3\n")
    assert report.output.endswith("\n799999\n800000\n")
    assert f"all of it is in {report.spill}" in report.output
    assert report.spill.read_text() == "".join(f"{n}\n" for n in range(1, 800_001))
    assert stat.S_IMODE(report.spill.stat().st_mode) == 0o600


async def test_endless_output_is_stopped_by_the_time_limit_alone(jobs: ShellJobs) -> None:
    began = time.monotonic()
    text, junk = await asyncio.gather(run(jobs, "yes", 1.5), run(jobs, "cat /dev/urandom", 1.5))
    assert time.monotonic() - began < 10
    assert text.state == junk.state == "timed_out"
    assert text.output.endswith("y\ny\n")
    assert not any(ord(char) < 32 and char not in "\n\t" for char in junk.output)
    assert len(junk.output) < 8_000


async def test_short_output_stays_whole(jobs: ShellJobs, tmp_path: Path) -> None:
    report = await run(jobs, "printf 'ab%.0s' $(seq 3999)")
    assert report.output == "ab" * 3999
    assert report.spill is None
    assert not (tmp_path / "spill").exists()


def fed(*chunks: bytes, limit: int = 8_000, spill: Path = Path("/dev/null/none")) -> str:
    output = Output(limit, spill)
    for chunk in chunks:
        output.feed(chunk)
    return output.take()[0]


def test_characters_are_never_cut() -> None:
    raw = "größe → 日本\r\n".encode()
    assert fed(*(bytes([byte]) for byte in raw)) == "größe → 日本\n"
    assert fed(b"a\xffb\xc3") == "a\ufffdb\ufffd"


def test_progress_lines_are_reduced_to_the_last_state() -> None:
    assert fed(b"10%\r", b"20%\r", b"30%\rdone\nnext\r\n") == "done\nnext\n"
    assert fed(b"\rspin\r\n") == "spin\n"
    assert fed(*(b"%d%%\r" % n for n in range(10_000))) == "9999%"


def test_escape_sequences_and_control_characters_are_dropped() -> None:
    raw = "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x9b2J\x1b(B ok\x07\x00\x01!"
    assert readable(raw) == "red link ok\ufffd!"


def test_a_file_that_cannot_be_written_is_said() -> None:
    text = fed(b"line\n" * 4_000)
    assert "left out; the rest could not be kept" in text
    assert text.startswith("line\n")


def test_the_file_is_bounded_and_the_end_is_shown_all_the_same(tmp_path: Path) -> None:
    output = Output(8_000, tmp_path / "o")
    for _ in range(60):
        output.feed(b"0123456789abcde\n" * 62_500)
    output.feed(b"the very end\n")
    output.close()
    text, spill = output.take()
    assert spill == tmp_path / "o"
    assert spill.stat().st_size == 50_000_000
    assert text.endswith("\nthe very end\n")
    left_out = int(re.findall(r"… ([\d,]+) characters", text)[0].replace(",", ""))
    shown = text[: text.index("[…")] + text[text.index("…]\n") + 3 :]
    assert left_out + len(shown) == 60_000_013
    assert "the file holds the first 50 MB" in text


def test_parts_taken_one_by_one_are_all_in_the_file(tmp_path: Path) -> None:
    output = Output(7_000, tmp_path / "o", taken_in_parts=True)
    output.feed(b"first\nhalf")
    assert output.take() == ("first\nhalf", None)
    assert not output.has_news
    output.feed(b"-line\n" + b"x\n" * 5_000)
    text, spill = output.take()
    assert "left out" in text
    assert spill == tmp_path / "o"
    output.close()
    assert (tmp_path / "o").read_text() == "first\nhalf-line\n" + "x\n" * 5_000


# --- programs --------------------------------------------------------------------------------------------------


async def test_a_program_is_bounded_in_time_and_output(tmp_path: Path) -> None:
    tag = next(TAGS)
    slow = await run_program(["sh", "-c", f"echo started; sleep {tag} & sleep {tag}"], tmp_path, 0.5, 100)
    assert (slow.timed_out, slow.exit_code, slow.stdout) == (True, None, b"started\n")
    much = await run_program(["yes"], tmp_path, 5, 1_000)
    assert (much.truncated, len(much.stdout)) == (True, 1_000)
    done = await run_program(["sh", "-c", "cat; echo e >&2; exit 2"], tmp_path, 5, 100)
    assert (done.stderr, done.exit_code) == (b"e\n", 2)
    assert alive(tag) == []


async def test_cancelling_kills_a_program(tmp_path: Path) -> None:
    tag = next(TAGS)
    task = asyncio.ensure_future(run_program(["sleep", str(tag)], tmp_path, 60, 10))
    assert await until(lambda: bool(alive(tag)), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alive(tag) == []


async def test_git_runs_nothing_that_a_repository_names(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    canary = tmp_path / "canary"
    bad = f"touch {canary}; cat"

    async def git(*args: str) -> None:
        done = await run_program(["git", "-c", "user.name=n", "-c", "user.email=e@e", *args], repo, 20, 10_000)
        assert done.exit_code == 0, done.stderr

    await git("init", "-q")
    (repo / "a.txt").write_text("one\n")
    (repo / "b.txt").write_text("one\n")
    await git("add", ".")
    await git("commit", "-qm", "one")
    (repo / ".gitattributes").write_text("*.txt filter=evil diff=evil\nb.txt filter=a=b\n")
    for key in (
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.a=b.clean",
        "filter.evil.process",
    ):
        await git("config", key, bad)
    fake = repo / "git"
    fake.write_text(f"#!/bin/sh\ntouch {canary}\n")
    fake.chmod(0o755)
    (repo / "a.txt").write_text("two\n")
    os.utime(repo / "a.txt", (1, 1))
    os.utime(repo / "b.txt", (1, 1))
    environ = {**os.environ, "PATH": f".:{repo}:{os.environ['PATH']}", "GIT_EXTERNAL_DIFF": bad}
    status = await run_git(["status", "--porcelain"], repo, environ)
    diff = await run_git(["diff", "--no-ext-diff", "--no-textconv", "--", "a.txt"], repo, environ)
    assert b" M a.txt" in status.stdout
    assert b"+two" in diff.stdout
    assert not canary.exists()


def test_a_loop_that_ends_while_programs_start_waits_for_none(tmp_path: Path) -> None:
    async def begin(pauses: int) -> None:
        running = [asyncio.ensure_future(run_program(["true"], tmp_path, 5, 1_000)) for _ in range(2)]
        for _ in range(pauses):
            await asyncio.sleep(0)
        assert len(running) == 2

    began = time.monotonic()
    for number in range(60):
        asyncio.run(begin(number % 12))
    assert time.monotonic() - began < 60, "a start that hung took eight seconds each time"

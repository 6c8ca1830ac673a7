"""`cass demo`: a whole job in a throw-away project. The model is a script; files, edits, questions and tests are real."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import click

from cass_cli.approve import Asker
from cass_cli.client import CassClient
from cass_cli.commands import with_client
from cass_cli.conversation import Conversation
from cass_cli.escape import escape
from cass_cli.fields import Json, as_object, get_object, get_text, get_texts
from cass_cli.launch import launch
from cass_cli.opening import greet, new_session
from cass_cli.options import Options
from cass_cli.paint import Paint
from cass_cli.render import Renderer
from cass_cli.words import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK

TURN_LIMIT = 1800.0


def demo_command() -> click.Command:
    """The command `cass demo`."""

    @click.command("demo", context_settings={"help_option_names": ["-h", "--help"]})
    @click.option("--yes", is_flag=True, help="Answer the questions with yes, visibly.")
    def demo(yes: bool) -> int:
        """Watch cass mend a small project. The answers come from a script: no model is asked, no key is needed."""
        folder = Path(tempfile.mkdtemp(prefix="cass-demo-"))
        data = as_object(json.loads(Path(__file__).with_name("demo_data").joinpath("demo.json").read_text("utf-8")))
        project = lay_out(data, folder)
        script = folder / "script.json"
        script.write_text(json.dumps(_with_python({"steps": data.get("steps")})), "utf-8")
        ask_for_real = not yes and sys.stdin.isatty() and sys.stdout.isatty()
        options = Options(
            cwd=project, prompt=get_text(data, "prompt"), model=f"scripted/{script}", mode="active", approval="ask"
        )
        return with_client(launch(), lambda client: play(client, options, ask_for_real))

    return demo


async def play(client: CassClient, options: Options, ask_for_real: bool) -> int:
    """Run the job. The exit code is 0 only when the tests ran last and passed."""
    greeting = await greet(client, options, person=True)
    paint = Paint.for_stream(sys.stdout, greeting.color)
    if ask_for_real:
        from cass_cli.terminal import Terminal

        terminal = Terminal(paint)
        asker: Asker = terminal
        renderer = Renderer(terminal.write, paint, greeting.thinking)
    else:
        asker = SaysYes()
        renderer = Renderer(_write, paint, greeting.thinking)
    talk = Conversation(client, renderer, asker, paint, lambda: None)
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        talk.cancel()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        talk.attach(await new_session(client, options))
        _write(_introduction(options, paint))
        renderer.typed()
        await talk.say(options.prompt)
        await _until_idle(client, talk)
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    if interrupted or talk.stop_reason == "cancelled":
        return EXIT_INTERRUPTED
    passed = talk.last_exit_code == 0 and talk.stop_reason == "end_turn"
    _write(_ending(options.cwd, passed, paint))
    return EXIT_OK if passed else EXIT_FAILED


async def _until_idle(client: CassClient, talk: Conversation) -> None:
    waits = {asyncio.create_task(talk.idle.wait()), asyncio.create_task(client.ended.wait())}
    _, open_ = await asyncio.wait(waits, timeout=TURN_LIMIT, return_when=asyncio.FIRST_COMPLETED)
    for task in open_:
        task.cancel()
    client.raise_if_gone()


@dataclass(frozen=True)
class SaysYes:
    """Answers every question with yes, and shows that it did."""

    @contextlib.asynccontextmanager
    async def question(self) -> AsyncGenerator[None]:
        """Nothing else can come between."""
        yield

    def show(self, text: str) -> None:
        """Print."""
        _write(text)

    async def ask_key(self, question: str, keys: str) -> str:
        """Always `y`."""
        del keys
        _write(f"{question} y  (answered by the demo)\n")
        return "y"

    async def ask_line(self, question: str, default: str = "") -> str | None:
        """Always the default."""
        _write(f"{question} {default}\n")
        return default

    async def edit(self, text: str, suffix: str) -> str | None:
        """Nothing is changed."""
        del suffix
        return text


def lay_out(data: Json, folder: Path) -> Path:
    """Write the demo's project into the folder, as a git repository where git is there. Answers its path."""
    project = folder / "basket"
    project.mkdir()
    files = get_object(data, "files")
    for name in files:
        (project / name).write_text("\n".join(get_texts(files, name)) + "\n", "utf-8")
    git = shutil.which("git")
    if git:
        identity = ("-c", "user.name=cass demo", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false")
        for arguments in (
            ("init", "-q"),
            ("add", "."),
            (*identity, "commit", "-q", "--no-verify", "-m", "A basket"),
        ):
            with contextlib.suppress(subprocess.SubprocessError, OSError):
                subprocess.run([git, *arguments], cwd=project, check=True, capture_output=True, timeout=20)
    return project


def _with_python(script: Json) -> Json:
    text = json.dumps(script).replace("{python}", json.dumps(shlex.quote(sys.executable))[1:-1])
    return as_object(json.loads(text))


def _introduction(options: Options, paint: Paint) -> str:
    return (
        f"{paint.bold('cass demo')}\n"
        "The answers below come from a script; no model is contacted and no key is used.\n"
        "Everything else is real: the files, the edit, the questions, the tests that are run.\n"
        f"The project: {options.cwd}\n\n"
        f"{paint.bold('> ' + escape(options.prompt))}\n"
    )


def _ending(project: Path, passed: bool, paint: Paint) -> str:
    result = paint.green("The tests passed.") if passed else paint.red("The tests did not pass.")
    return (
        f"\n{result} The project is still there: {project}\n"
        f"  see the change:    git -C {shlex.quote(str(project))} diff\n"
        f"  remove it:         rm -r {shlex.quote(str(project.parent))}\n"
        "To work with a model: set a key (`cass auth --help`) or start Ollama, then run `cass` in your project.\n"
    )


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()

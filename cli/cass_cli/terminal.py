"""The terminal as a place to write above the prompt and to ask single questions; owns prompt_toolkit's plumbing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import sys
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, get_app_or_none, in_terminal
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.output import Output
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.utils import is_dumb_terminal

from cass_cli.paint import Paint

GUARD = 0.25
INTERRUPT = "\x03"


class _Output(Vt100_Output):
    """Draws right below what was printed last. The terminal is never asked where its cursor is: the answer takes a
    round trip, mixes with what is being typed, and not every terminal gives one."""

    def get_rows_below_cursor_position(self) -> int:
        return 1


class Terminal:
    """Standard input and output as one terminal. `write` may be called at any time; while a question is open, its
    text waits until the question is answered."""

    def __init__(self, paint: Paint) -> None:
        self.paint = paint
        depth = ColorDepth.DEPTH_4_BIT if paint.color else ColorDepth.DEPTH_1_BIT
        self.output = _Output(
            sys.stdout, _size, term=os.environ.get("TERM"), default_color_depth=depth, enable_cpr=False
        )
        self.in_editor = False
        self._waiting: list[str] = []
        self._turn = asyncio.Lock()

    def write(self, text: str) -> None:
        """Print above the prompt, if there is one. The text is safe and ends with a line end."""
        if self._turn.locked():
            self._waiting.append(text)
            return
        app = get_app_or_none()
        if app is None or not app.is_running or app.is_done:
            self.show(text)
            return
        app.renderer.erase()
        self.show(text)
        app.renderer.render(app, app.layout)

    def show(self, text: str) -> None:
        """Print here and now; only for whoever asks a question."""
        self.output.write_raw(text)
        self.output.flush()

    @contextlib.asynccontextmanager
    async def question(self) -> AsyncGenerator[None]:
        """Have the terminal for oneself: the prompt is put away with what was typed into it, and comes back."""
        try:
            async with self._turn, in_terminal():
                yield
        finally:
            # Also when the question was withdrawn: what came meanwhile must be seen.
            waiting, self._waiting = self._waiting, []
            if waiting:
                self.write("".join(waiting))

    async def quiet(self) -> None:
        """Wait until no question is open: a prompt that came up meanwhile would take the keys that answer it. Whoever
        starts one right after this is first: nothing happens in between."""
        while self._turn.locked():
            async with self._turn:
                pass

    async def ask_key(self, question: str, keys: str) -> str:
        """One of `keys`, or INTERRUPT for Ctrl-C and Ctrl-D. Whatever was typed before the question could be read
        is thrown away: a question that appears under the user's fingers is not answered by them."""
        if is_dumb_terminal():
            return await self._ask_first_letter(question, keys)
        self._forget_typed()
        return await _key_application(question, keys, self.output).run_async(handle_sigint=False)

    async def ask_line(self, question: str, default: str = "") -> str | None:
        """A line of text; None for Ctrl-C and Ctrl-D."""
        session: PromptSession[str] = PromptSession(output=self.output)
        try:
            return await session.prompt_async(ANSI(question + " "), default=default, handle_sigint=False)
        except (EOFError, KeyboardInterrupt):
            return None

    async def edit(self, text: str, suffix: str) -> str | None:
        """The text after the user changed it in $VISUAL or $EDITOR (else vi); None when the editor failed. The
        user takes the time that it takes."""
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        path = _to_file(text, suffix)
        try:
            self.in_editor = True
            process = await asyncio.create_subprocess_exec(*command, path)
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                process.terminate()
                raise
            return _from_file(path) if code == 0 else None
        except OSError as error:
            self.show(f"The editor {command[0]} did not start: {error.strerror}. Set VISUAL or EDITOR.\n")
            return None
        finally:
            self.in_editor = False
            _remove(path)

    async def _ask_first_letter(self, question: str, keys: str) -> str:
        while (line := await self.ask_line(question)) is not None:
            if line.strip()[:1].lower() in tuple(keys):
                return line.strip()[:1].lower()
        return INTERRUPT

    def _forget_typed(self) -> None:
        import termios

        with contextlib.suppress(termios.error, ValueError):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _key_application(question: str, keys: str, output: Output) -> Application[str]:
    """Shows the question after `GUARD` seconds and takes one of the keys from then on."""
    given = ""
    armed = False
    bindings = KeyBindings()

    def answer(event: KeyPressEvent) -> None:
        nonlocal given
        given = INTERRUPT if event.key_sequence[0].key in (Keys.ControlC, Keys.ControlD) else event.data.lower()
        if armed and (given == INTERRUPT or (len(given) == 1 and given in keys)):
            event.app.exit(result=given)
        else:
            given = ""

    def ignore(event: KeyPressEvent) -> None:
        del event  # What is pasted is not an answer.

    for key in (Keys.Any, Keys.ControlC, Keys.ControlD):
        bindings.add(key)(answer)
    bindings.add(Keys.BracketedPaste)(ignore)

    def text() -> ANSI:
        shown = "^C" if given == INTERRUPT else given
        return ANSI(f"{question} {shown}" if armed else "")

    app: Application[str] = Application(
        layout=Layout(
            Window(FormattedTextControl(text, show_cursor=True), wrap_lines=True, dont_extend_height=True)
        ),
        key_bindings=bindings,
        output=output,
    )

    def arm() -> None:
        nonlocal armed
        armed = True
        app.invalidate()

    app.pre_run_callables.append(lambda: _ignore(asyncio.get_running_loop().call_later(GUARD, arm)))
    return app


def _to_file(text: str, suffix: str) -> str:
    """The name of a new private file that holds the text, line ends untouched."""
    handle, name = tempfile.mkstemp(suffix=suffix, prefix="cass-")
    os.close(handle)
    Path(name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return name


def _from_file(name: str) -> str:
    return Path(name).read_bytes().decode("utf-8", "surrogateescape")


def _remove(name: str) -> None:
    Path(name).unlink(missing_ok=True)


def _size() -> Size:
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        columns, rows = 80, 24
    # A terminal that says nothing of its size (0 by 0) is taken for an ordinary one.
    return Size(rows=rows or 24, columns=columns or 80)


def _ignore(value: object) -> None:
    """For callbacks that must not return anything."""

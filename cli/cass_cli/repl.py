"""`cass` at a terminal: a prompt that stays usable while the model works."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Coroutine

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.key_binding import KeyPressEvent
from prompt_toolkit.styles import Style

from cass.errors import CassError
from cass_cli.client import CassClient, ServerGone
from cass_cli.completion import PromptCompleter
from cass_cli.conversation import Conversation
from cass_cli.escape import escape, escape_line
from cass_cli.fields import get_int, get_text
from cass_cli.keys import KEY_HELP, prompt_keys
from cass_cli.opening import (
    Greeting,
    OpenSession,
    find_session,
    greet,
    last_session,
    list_sessions,
    new_session,
    resume_session,
    search_sessions,
)
from cass_cli.options import Options
from cass_cli.paint import Paint
from cass_cli.recalling import open_history
from cass_cli.render import Renderer
from cass_cli.rewinding import Rewinding
from cass_cli.summing import edit_summary
from cass_cli.terminal import Terminal
from cass_cli.words import EXIT_FAILED, EXIT_OK, SESSION_CLOSE

QUIT_SECONDS = 2.0
TICK = 0.25
MENU_LINES = 7
OWN_COMMANDS = {"sessions": "Pick another session; with words, one that holds them.", "quit": "Leave."}


async def run_repl(client: CassClient, options: Options) -> int:
    """Talk until the user leaves. Answers the exit code."""
    greeting = await greet(client, options, person=True)
    repl = Repl(client, options, greeting, Terminal(Paint.for_stream(sys.stdout, greeting.color)))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, repl.interrupt)
    try:
        return await repl.run()
    except ServerGone as error:
        repl.say(f"{error}\nThe session is kept: `cass -c` goes on with it.")
        return EXIT_FAILED
    finally:
        loop.remove_signal_handler(signal.SIGINT)


class Repl:
    """The interactive terminal: reads input, hands it on, and draws what is under way above the prompt."""

    def __init__(self, client: CassClient, options: Options, greeting: Greeting, terminal: Terminal) -> None:
        self._client = client
        self._options = options
        self._terminal = terminal
        self._paint = terminal.paint
        self._renderer = Renderer(terminal.write, self._paint, greeting.thinking)
        self._talk = Conversation(client, self._renderer, terminal, self._paint, self._redraw)
        self._rewinding = Rewinding(client, terminal, self._put)
        self._command: asyncio.Task[None] | None = None
        self._interrupted_at = float("-inf")
        self._leaving = False
        self._background: set[asyncio.Task[None]] = set()
        self._session: PromptSession[str] = PromptSession(
            self._message,
            multiline=True,
            output=terminal.output,
            history=open_history(),
            completer=PromptCompleter(options.cwd, self._commands, lambda: self._talk.status)
            if greeting.menu
            else None,
            complete_while_typing=greeting.menu,
            auto_suggest=AutoSuggestFromHistory() if greeting.inline else None,
            key_bindings=prompt_keys(lambda event: self._ctrl_c(event), self._next_mode, self._go_back),
            bottom_toolbar=lambda: self._talk.status.toolbar(self._columns()),
            prompt_continuation="  ",
            reserve_space_for_menu=0,
            enable_suspend=True,
            style=Style([("bottom-toolbar", "noreverse" if not self._paint.color else "reverse")]),
        )
        self._session.app.ttimeoutlen = 0.05
        self._session.app.timeoutlen = 0.3
        self._session.app.before_render += self._make_room

    def say(self, text: str) -> None:
        """The client's own words."""
        self._renderer.say(self._paint.dim(self._renderer.wrapped(text)))

    async def run(self) -> int:
        """Open the session, then read and do until the user leaves."""
        await self._open()
        ticker = asyncio.create_task(self._tick())
        ended = asyncio.create_task(self._client.ended.wait())
        try:
            if self._options.prompt:
                self._terminal.write(f"> {escape(self._options.prompt)}\n")
                await self._talk.say(self._options.prompt)
            while not self._leaving:
                reading = asyncio.create_task(self._read())
                await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    reading.cancel()
                    await asyncio.wait({reading})
                    self._client.raise_if_gone()
                text = reading.result()
                if text is None:
                    break
                await self._do(text)
        finally:
            ticker.cancel()
            ended.cancel()
        self._say_goodbye()
        return EXIT_OK

    def interrupt(self) -> None:
        """Ctrl-C: stops what runs; twice within two seconds leaves."""
        if self._terminal.in_editor:
            return
        now = time.monotonic()
        app = self._session.app
        if now - self._interrupted_at < QUIT_SECONDS:
            self._leaving = True
            if app.is_running and not app.is_done:
                app.exit(result="")
            return
        self._interrupted_at = now
        if self._command is not None:
            self._command.cancel()
        elif self._talk.status.running:
            self._talk.cancel()
        else:
            self.say("Ctrl-C again leaves; so does Ctrl-D.")

    def _ctrl_c(self, event: KeyPressEvent) -> None:
        busy = self._talk.status.running or self._command is not None
        if event.current_buffer.text and not busy:
            event.current_buffer.reset()
        else:
            self.interrupt()

    async def _read(self) -> str | None:
        await self._terminal.quiet()
        try:
            return await self._session.prompt_async(handle_sigint=False)
        except EOFError:
            return None

    async def _do(self, text: str) -> None:
        """One input of the user."""
        words = text.strip()
        self._renderer.typed()
        if not words or self._leaving:
            return
        if words in ("/quit", "/exit"):
            self._leaving = True
        elif words == "/sessions" or words.startswith("/sessions "):
            await self._pick(words[9:].strip())
        elif words == "/rewind":
            self._go_back()
        elif words == "/summary edit":
            self._beside(edit_summary(self._client, self._terminal, self._talk))
        elif words.startswith("!") and words[1:].strip():
            self._start_command(words[1:].strip())
        else:
            if words == "/help":
                self.say(KEY_HELP)
            await self._talk.say(words if words.startswith("/") else text.strip("\n"))

    def _put(self, text: str) -> None:
        """Into the input line, to be changed and sent again."""
        self._session.default_buffer.document = Document(text)

    def _start_command(self, command: str) -> None:
        if self._command is not None:
            self.say("A command of yours is still running; Ctrl-C stops it.")
            return

        async def work() -> None:
            try:
                await self._talk.run_command(command)
            except ServerGone:
                return
            finally:
                self._command = None

        self._command = asyncio.create_task(work())

    def _next_mode(self) -> None:
        self._beside(self._talk.next_mode())

    def _go_back(self) -> None:
        if self._talk.status.running:
            self.say("A turn is running; Ctrl-C cancels it.")
        elif not self._rewinding.asks:
            self._beside(self._rewinding.run(self._talk.status.session_id, self._talk.cwd))

    def _beside(self, work: Coroutine[None, None, None]) -> None:
        async def quietly() -> None:
            with contextlib.suppress(CassError):
                await work

        task = asyncio.create_task(quietly())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # --- sessions ---

    async def _open(self) -> None:
        wanted = self._options.resume
        if self._options.continue_last:
            wanted = await last_session(self._client, self._options.cwd)
            if wanted is None:
                self.say(f"There is no earlier session in {self._options.cwd}; this is a new one.")
        elif wanted == "":
            wanted = await self._choose()
        elif wanted:
            wanted = await find_session(self._client, wanted)
        session = await self._resume(wanted) if wanted else await new_session(self._client, self._options)
        self._talk.attach(session)
        if not session.resumed:
            self.say(f"cass in {escape_line(session.cwd)}\n/help shows what you can do here.")

    async def _resume(self, session_id: str) -> OpenSession:
        with self._talk.replaying():
            return await resume_session(self._client, self._options, session_id, replay=True)

    async def _pick(self, query: str) -> None:
        if self._talk.status.running:
            self.say("A turn is running; Ctrl-C cancels it.")
            return
        chosen = await self._choose(query)
        before = self._talk.status.session_id
        if chosen is None or chosen == before:
            return
        try:
            session = await self._resume(chosen)
        except CassError as error:
            self._talk.complain(error)
            return
        self._talk.attach(session)
        await self._client.request(SESSION_CLOSE, {"sessionId": before}, limit=10)

    async def _choose(self, query: str = "") -> str | None:
        """The id of one of this folder's sessions, or of those in which the words were said; None when the user wants
        none, or there is none."""
        from cass_cli.stored import choice_line

        cwd = self._options.cwd
        found = await (
            search_sessions(self._client, cwd, query) if query else list_sessions(self._client, cwd, limit=20)
        )
        found = [info for info in found if get_int(info, "messages") > 0]
        if not found:
            self.say("Nothing found." if query else f"There are no earlier sessions in {cwd}.")
            return None
        lines = [f"{n:>3}  {choice_line(info, self._columns() - 6)}" for n, info in enumerate(found, 1)]
        async with self._terminal.question():
            self._terminal.show("\n".join(lines) + "\n")
            line = await self._terminal.ask_line(self._paint.cyan("Which one? A number; Enter for none:"))
        if line and line.strip().isdecimal() and 1 <= int(line) <= len(found):
            return get_text(found[int(line) - 1], "sessionId")
        return None

    def _say_goodbye(self) -> None:
        session_id = self._talk.status.session_id
        if session_id and self._renderer.own_keys:
            self.say(f"cass -r {session_id}  goes on with this session.")

    # --- drawing ---

    def _message(self) -> ANSI:
        """The prompt, with what is under way above it. Once the input is given only the prompt is left."""
        if self._session.app.is_done:
            return ANSI("\n> ")
        rows, columns = self._terminal.output.get_size()
        lines = [_cut(line, columns - 1) for line in self._renderer.live()]
        if self._talk.status.running and not lines:
            lines = [self._paint.dim("working...")]
        lines = lines[-max(3, rows // 3) :]
        return ANSI("\n".join([*(lines or [""]), "> "]))

    def _make_room(self, _: object) -> None:
        """Lines below the prompt are taken for the menu only while there is one."""
        self._session.reserve_space_for_menu = MENU_LINES if self._session.default_buffer.complete_state else 0

    def _columns(self) -> int:
        return self._terminal.output.get_size().columns

    def _commands(self) -> dict[str, str]:
        return self._talk.status.commands | OWN_COMMANDS

    def _redraw(self) -> None:
        if self._session.app.is_running:
            self._session.app.invalidate()

    async def _tick(self) -> None:
        """Keeps countdowns and running tools moving."""
        while True:
            await asyncio.sleep(TICK)
            if self._talk.status.running:
                self._redraw()


def _cut(line: str, columns: int) -> str:
    """At most so many columns of a line, control sequences not counted."""
    from prompt_toolkit.formatted_text import fragment_list_to_text, fragment_list_width, to_formatted_text

    fragments = to_formatted_text(ANSI(line))
    if fragment_list_width(fragments) <= columns:
        return line
    return fragment_list_to_text(fragments)[: max(1, columns)]

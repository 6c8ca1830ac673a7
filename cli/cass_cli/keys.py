"""What the keys do at the prompt."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.application import get_app
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_completions, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

KEY_HELP = """\
Keys:
  Enter               send; while a turn runs: say something to it
  Alt-Enter, Ctrl-J   new line (or end a line with a backslash)
  Ctrl-C              cancel the turn; twice: quit
  Ctrl-D              quit, when the line is empty
  Esc                 clear the line; twice, when it is empty: go back to before a turn
  Shift-Tab           plan, ask, edits, auto
  Ctrl-R, Up          earlier prompts
  @path               mention a file
  !command            run a command yourself
More here: /sessions  pick another session   /quit  leave"""


def prompt_keys(
    interrupt: Callable[[KeyPressEvent], None], next_mode: Callable[[], None], go_back: Callable[[], None]
) -> KeyBindings:
    """The bindings on top of prompt_toolkit's own."""
    bindings = KeyBindings()
    # Not while an earlier prompt is searched for: that has its own Enter, Esc and Ctrl-C.
    typing = has_focus(DEFAULT_BUFFER)

    @bindings.add("enter", filter=typing)
    def send(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            # The chosen completion is in the text already; sending it is a second decision.
            buffer.complete_state = None
        elif (
            buffer.document.current_line_before_cursor.endswith("\\")
            and buffer.document.is_cursor_at_the_end_of_line
        ):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @bindings.add("escape", "enter", filter=typing)
    @bindings.add("c-j", filter=typing)
    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @bindings.add("c-c", filter=typing)
    def stop(event: KeyPressEvent) -> None:
        interrupt(event)

    @bindings.add("s-tab", filter=typing & ~has_completions)
    def switch(event: KeyPressEvent) -> None:
        del event
        next_mode()

    @bindings.add("escape", filter=typing)
    def clear(event: KeyPressEvent) -> None:
        state = event.current_buffer.complete_state
        if state is not None and state.current_completion is not None:
            event.current_buffer.cancel_completion()
        else:
            event.current_buffer.reset()

    @bindings.add("escape", "escape", filter=typing & Condition(lambda: not get_app().current_buffer.text))
    def back(event: KeyPressEvent) -> None:
        del event
        go_back()

    # Named so that they count as used.
    del send, new_line, stop, switch, clear, back
    return bindings

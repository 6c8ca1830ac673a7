"""Keeps what is typed while no prompt is there, until one is."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator


@contextlib.contextmanager
def keeping_keys() -> Generator[None]:
    """What is typed meanwhile stays unseen and unchanged until the next prompt reads it; above all, Enter stays
    Enter. Ctrl-C goes on to be a signal. Without a terminal nothing happens."""
    import termios

    try:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        now = termios.tcgetattr(descriptor)
    except (termios.error, ValueError):
        yield
        return
    now[0] &= ~(termios.ICRNL | termios.INLCR)
    now[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(descriptor, termios.TCSANOW, now)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

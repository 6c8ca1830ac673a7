"""Makes untrusted text safe to show: nothing but letters, line ends and tabs ever reaches the terminal."""

from __future__ import annotations

import re

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"
_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HIDDEN = (
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164"
    r"\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
_EMOJI = r"[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"

_SHOWN = re.compile(rf"[{_CONTROLS}{_BIDI}{_HIDDEN}]|(?<!{_EMOJI})\u200d|\u200d(?!{_EMOJI})")
_STRICT = re.compile(rf"[{_CONTROLS}{_BIDI}{_HIDDEN}\u200d]")
_ONLY_CONTROLS = re.compile(f"[{_CONTROLS}]")
_BLANKS = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]{20,}")
_SUSPICIOUS = (
    ("control characters", _ONLY_CONTROLS),
    ("characters that turn the reading direction", re.compile(f"[{_BIDI}]")),
    ("invisible characters", re.compile(rf"[{_HIDDEN}\u200d]")),
    ("a long run of blanks", _BLANKS),
)


def escape(text: str) -> str:
    """For display. Control characters, bidirectional overrides, zero-width and tag characters become visible
    (`\\x1b`, `<U+202E>`); line ends are `\\n`; emoji that are joined of several stay whole."""
    return _SHOWN.sub(_visible, text.replace("\r\n", "\n"))


def escape_exact(text: str) -> str:
    """For text that is looked at closely, such as a diff: like `escape`, with no exception for emoji or carriage
    returns."""
    return _STRICT.sub(_visible, text)


def escape_command(text: str) -> str:
    """For a command that the user is asked to allow: like `escape_exact`, and long runs of blanks, which could
    push something out of sight, are counted instead of shown."""
    return _BLANKS.sub(_count_blanks, escape_exact(text))


def escape_line(text: str) -> str:
    """For names and titles that must stay on one line: like `escape`, with line ends and tabs shown too."""
    return escape(text).replace("\n", "\\n").replace("\t", "\\t")


def escape_controls(text: str) -> str:
    """For a file or a pipe: only control characters are made visible, every other character is kept."""
    return _ONLY_CONTROLS.sub(_visible, text.replace("\r\n", "\n"))


def suspicious(text: str) -> list[str]:
    """What in the text is meant not to be seen, as short phrases for a warning; empty when nothing is."""
    return [phrase for phrase, pattern in _SUSPICIOUS if pattern.search(text)]


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code in (0x08, 0x0D):
        return "\\b" if code == 0x08 else "\\r"
    if code <= 0x9F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if 0xD800 <= code <= 0xDFFF else f"<U+{code:04X}>"


def _count_blanks(match: re.Match[str]) -> str:
    return f"<{len(match[0])} blanks>"

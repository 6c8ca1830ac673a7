"""A session as Markdown, for reading and for passing on."""

from __future__ import annotations

import json
import re
from typing import TextIO

from cass.exchange._story import Did, Happened, Said, entries
from cass.ports.exchange import Format, Going

_LONG = 4_000
"""Characters of a tool's result that are written."""


def write(going: Going, out: TextIO) -> None:
    """Everything that was said; tool calls in a line with what they gave below."""
    out.write(f"# {_line(going.title) or going.session_id}\n\n")
    out.write(f"{going.session_id} · {going.created_at[:16].replace('T', ' ')} · {_code(going.cwd)}\n")
    for entry in entries(going.events):
        match entry:
            case Said():
                out.write(_said(entry))
            case Did():
                out.write(_did(entry))
            case Happened():
                out.write("\n" + "\n".join(f"> {line}".rstrip() for line in entry.text.splitlines()) + "\n")


def _said(said: Said) -> str:
    parts = [f"\n## {'You' if said.who == 'user' else 'cass'}\n"]
    if said.thinking:
        parts.append(f"<details><summary>Thinking</summary>\n\n{_fenced(said.thinking)}\n\n</details>\n")
    parts += [f"{said.text.strip()}\n"] if said.text.strip() else []
    parts += [f"{_code(file.uri)}\n\n{_fenced(file.text)}\n" for file in said.files]
    parts += ["(a picture)\n" for _ in said.images]
    parts += ["(interrupted)\n"] if said.interrupted else []
    return "\n".join(parts)


def _did(did: Did) -> str:
    mark = "" if did.status == "completed" else f" ({did.status})"
    parts = [f"\n- **{did.name}** {_code(did.title)}{mark}"]
    parts += [_fenced(diff.patch, "diff") for diff in did.diffs]
    if not did.diffs and did.arguments:
        parts.append(_fenced(json.dumps(did.arguments, ensure_ascii=False, indent=2), "json"))
    if did.result.strip():
        left = len(did.result) - _LONG
        cut = did.result[:_LONG] + (f"\n… {left:,} characters more" if left > 0 else "")
        parts.append(_fenced(cut))
    return (
        "\n\n".join([parts[0], *("\n".join(f"  {line}" for line in part.split("\n")) for part in parts[1:])]) + "\n"
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    """The text in one line of code, whatever it holds."""
    line = _line(text)
    ticks = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def _fenced(text: str, language: str = "") -> str:
    """The text as a block of code that nothing in it can end."""
    ticks = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


FORMAT = Format("markdown", write=write)

"""A session as one HTML page that needs nothing else: no script, no request. What it shows was written by models, tools
and strangers, so all of it is escaped, and the page forbids itself everything but its own styles."""

from __future__ import annotations

import base64
import binascii
import json
import re
from html import escape
from typing import TextIO

from cass.exchange._story import Did, Happened, Said, entries
from cass.ports.exchange import Format, Going
from cass.protocol.messages import Image

_LONG = 20_000
"""Characters of a tool's result that are written."""
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ --back: #fff; --text: #1c1e21; --dim: #6a7079; --line: #dfe2e6; --user: #eef4fb; --code: #f5f6f7;
  --add: #e2f5e6; --del: #fbe6e6; --hunk: #7a5fc0 }}
@media (prefers-color-scheme: dark) {{ :root {{ --back: #16181b; --text: #e3e5e8; --dim: #979da6; --line: #33373d;
  --user: #1f2a38; --code: #1f2226; --add: #173a22; --del: #46201f; --hunk: #b49df0 }} }}
body {{ margin: 0 auto; padding: 2rem 1rem 6rem; max-width: 52rem; background: var(--back); color: var(--text);
  font: 16px/1.55 system-ui, sans-serif; overflow-wrap: anywhere }}
h1 {{ font-size: 1.5rem; line-height: 1.25; margin: 0 }}
.about, .who, .more {{ color: var(--dim); font-size: .85rem }}
article {{ margin: 1.25rem 0 }}
.user {{ background: var(--user); border-radius: .5rem; padding: .6rem 1rem }}
.text {{ white-space: pre-wrap }}
.text h2, .text h3 {{ font-size: 1.05rem; margin: 0; display: inline }}
pre {{ margin: .5rem 0; padding: .6rem .8rem; background: var(--code); border-radius: .4rem; overflow: auto;
  font: .85rem/1.45 ui-monospace, monospace; white-space: pre-wrap; max-height: 32rem }}
code {{ font: .88em ui-monospace, monospace; background: var(--code); padding: .1em .25em; border-radius: .25em }}
pre code {{ padding: 0; background: none }}
details {{ margin: .5rem 0; border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .7rem }}
summary {{ cursor: pointer }}
summary b {{ font-weight: 600 }}
.failed summary b, .cancelled summary b {{ color: #c0392b }}
.note {{ border-left: 3px solid var(--line); padding-left: .8rem; color: var(--dim); white-space: pre-wrap }}
.add {{ background: var(--add); display: block }}
.del {{ background: var(--del); display: block }}
.hunk {{ color: var(--hunk); display: block }}
.same {{ display: block }}
img {{ max-width: 100% }}
</style>
</head>
<body>
<h1>{title}</h1>
<p class="about">{about}</p>
"""


def write(going: Going, out: TextIO) -> None:
    """Everything that was said, tool calls folded."""
    title = " ".join(going.title.split()) or going.session_id
    about = f"{going.session_id} · {going.created_at[:16].replace('T', ' ')} · {going.cwd}"
    out.write(_HEAD.format(title=escape(title), about=escape(about)))
    for entry in entries(going.events):
        match entry:
            case Said():
                out.write(_said(entry))
            case Did():
                out.write(_did(entry))
            case Happened():
                out.write(f'<p class="note">{escape(entry.text)}</p>\n')
    out.write("</body>\n</html>\n")


def _said(said: Said) -> str:
    user = said.who == "user"
    parts = [f'<article class="{"user" if user else "model"}"><div class="who">{"You" if user else "cass"}</div>']
    if said.thinking:
        thought = escape(said.thinking)
        parts.append(f'<details><summary>Thinking</summary><div class="text">{thought}</div></details>')
    parts.append(_prose(said.text.strip()))
    parts += [_folded(file.uri, f"<pre>{escape(file.text)}</pre>") for file in said.files]
    parts += map(_picture, said.images)
    parts += ['<div class="more">interrupted</div>'] if said.interrupted else []
    return "".join(parts) + "</article>\n"


def _did(did: Did) -> str:
    parts = [_diff(diff.path, diff.patch) for diff in did.diffs]
    if not did.diffs and did.arguments:
        parts.append(f"<pre>{escape(json.dumps(did.arguments, ensure_ascii=False, indent=2))}</pre>")
    if did.result.strip():
        left = len(did.result) - _LONG
        parts.append(f"<pre>{escape(did.result[:_LONG])}</pre>")
        parts += [f'<div class="more">{left:,} characters more</div>'] if left > 0 else []
    mark = "" if did.status == "completed" else f" ({did.status})"
    summary = f"<b>{escape(did.name)}</b> {escape(' '.join(did.title.split()))}{mark}"
    return f'<details class="{did.status}"><summary>{summary}</summary>{"".join(parts)}</details>\n'


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{body}</details>"


def _diff(path: str, patch: str) -> str:
    lines = "".join(f'<span class="{_side(line)}">{escape(line) or " "}</span>' for line in patch.splitlines())
    return f'<div class="more">{escape(path)}</div><pre>{lines}</pre>'


def _side(line: str) -> str:
    if line.startswith("@@"):
        return "hunk"
    if line.startswith(("+++", "---")):
        return "same"
    return {"+": "add", "-": "del"}.get(line[:1], "same")


def _prose(text: str) -> str:
    """The text as it was written, with blocks of code set apart. Nothing else of Markdown: it reads well as it is."""
    parts: list[str] = []
    for number, part in enumerate(
        re.split(r"^ {0,3}```[^\n]*\n(.*?)(?:^ {0,3}```[ \t]*$|\Z)", text, flags=re.M | re.S)
    ):
        if number % 2:
            parts.append(f"<pre><code>{escape(part.rstrip())}</code></pre>")
        elif part.strip():
            parts.append(f'<div class="text">{_inline(part.strip())}</div>')
    return "".join(parts)


def _inline(text: str) -> str:
    safe = escape(text)
    safe = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", safe)
    return re.sub(r"\*\*([^*\n]+)\*\*", r"<b>\1</b>", safe)


def _picture(image: Image) -> str:
    """A picture in the page; one that is none, or of a kind that may hold more than a picture, is named only."""
    try:
        data = base64.b64encode(base64.b64decode(image.data, validate=True)).decode("ascii")
    except (binascii.Error, ValueError):
        data = ""
    if image.mime_type not in _PICTURES or not data:
        return '<div class="more">(a picture)</div>'
    return f'<img alt="" src="data:{image.mime_type};base64,{data}">'


FORMAT = Format("html", write=write)

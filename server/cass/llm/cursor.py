"""The text at a cursor: how a chat model is asked for it, and what of an answer is kept."""

from __future__ import annotations

import re

from cass.ports import CompletionRequest, ModelRequest
from cass.protocol.messages import Message, Text

_SYSTEM = (
    "You complete text inside an editor. The user sends a file with <CURSOR> where they are typing. Answer with exactly "
    "the text to insert at <CURSOR>, in the file's own style and indentation: no explanation, no code fence, nothing "
    "of what already stands before or behind it. Finish the line or the block that was begun and stop there. "
    "If nothing is missing, answer with nothing."
)
_FENCE = re.compile(r"\s*```[^\n`]*\n(.*?)(?:\n?```\s*)?", re.DOTALL)
_TOKEN = re.compile(r"<\|?(?:endoftext|EOT|fim_[a-z]+|file_sep(?:arator)?|im_end|eot_id|end_of_text)\|?>|</s>")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_LONGEST_OVERLAP = 400
_SURE_LINE = 4


def chat_request(request: CompletionRequest) -> ModelRequest:
    """The question for a model that only chats."""
    head = f"{request.path or 'untitled'} ({request.language or 'text'})"
    words = f"{head}\n\n{request.prefix}<CURSOR>{request.suffix}"
    message = Message(role="user", content=(Text(text=words),))
    return ModelRequest(system=_SYSTEM, messages=[message], max_output=request.max_tokens)


def from_chat(text: str, request: CompletionRequest) -> str:
    """What a chat model meant: without a fence, and without the line that it repeated to have something to go on."""
    fenced = _FENCE.fullmatch(text)
    if fenced:
        text = fenced[1]
    text = text.replace("<CURSOR>", "")
    line = request.prefix.rpartition("\n")[2]
    for begun in (line, line.lstrip()):
        if len(begun.strip()) > 1 and text.startswith(begun):
            return text[len(begun) :]
    return text


def kept(text: str, suffix: str) -> str:
    """What of a completion is new: nothing after a token of the model's own, nothing that stands behind the cursor
    anyway. Text of blanks alone counts as none."""
    text = text.replace("\r\n", "\n")
    token = _TOKEN.search(text)
    if token and token[0] not in suffix:
        text = text[: token.start()]
    text = _without_overlap(_before_next_line(text, suffix), suffix)
    if not suffix or suffix.startswith("\n"):
        return text.rstrip()
    return text if text.strip() else ""


def _before_next_line(text: str, suffix: str) -> str:
    """Up to the line, if it comes again, that stands next behind the cursor's own."""
    following = next((line for line in suffix.split("\n")[1:] if line.strip()), "")
    if len(following.strip()) < _SURE_LINE:
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == following.rstrip():
            return "\n".join(lines[:number])
    return text


def _without_overlap(text: str, suffix: str) -> str:
    """Without an end that is the suffix' beginning. Brackets and quotes that close what the text itself opened are
    no such end."""
    for size in range(min(len(text), len(suffix), _LONGEST_OVERLAP), 0, -1):
        shared = suffix[:size]
        if text.endswith(shared) and (len(shared.strip()) >= _SURE_LINE or _closes_too_much(text, shared.strip())):
            return text[:-size]
    return text


def _closes_too_much(text: str, shared: str) -> bool:
    """Whether the text closes something that was opened before it, so that its end doubles what stands there."""
    if not shared:
        return False
    last = shared[-1]
    if last in _PAIRS:
        return text.count(last) > text.count(_PAIRS[last])
    if last in "\"'`":
        return text.count(last) % 2 == 1
    return not last.isalnum()

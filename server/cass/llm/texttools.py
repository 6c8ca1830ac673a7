"""Recognises tool calls that a model printed as text instead of making them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cass.llm.calls import MAX_CALLS, new_id, tool_call
from cass.llm.jsonvalue import child, dump, is_object, objects, parse, text_of
from cass.protocol.messages import ToolCall
from cass.protocol.wire import JsonObject

Schemas = Mapping[str, JsonObject]
_Found = list[tuple[str, str]]
_Reader = Callable[[re.Match[str]], _Found | None]

_MARK = re.compile(r"<(?:tool_call|function_call)>|<function=|\[TOOL_CALLS\]|<\|python_tag\|>")
_TAGGED = re.compile(r"\s*<(tool_call|function_call)>(.*?)(?:</\1>|(?=<\1>)|\Z)", re.S)
_FUNCTION = re.compile(r"\s*<function=([^>\s]+)>(.*?)(?:</function>|(?=<function=)|\Z)", re.S)
_PARAMETER = re.compile(r"<parameter=([^>\s]+)>(.*?)(?:</parameter>|(?=<parameter=)|\Z)", re.S)
_ARG_PAIR = re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)(?:</arg_value>|\Z)", re.S)
_NAMED_ARGS = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*\[ARGS\]\s*")
_NAME_FIELD = re.compile(r'"(?:name|function|tool)"\s*:\s*"([^"]+)"')
_FENCE = re.compile(r"\A```[a-z_]*[ \t]*\n(.*?)\n?```\Z", re.S)
_END_TOKENS = re.compile(r"(?:<\|[a-z_]+\|>|</s>|\s)+\Z")


@dataclass(frozen=True)
class TextCalls:
    """The calls, and the text before them."""

    calls: tuple[ToolCall, ...]
    rest: str


def find_calls(text: str, tools: Schemas, taken_ids: Iterable[str] = ()) -> TextCalls | None:
    """The calls that this answer consists of, or ends with. None when there are none: when a name is not of the
    offered tools, when the mark stands inside a line or a code fence, or when more prose follows, because then it is
    an example that somebody quotes."""
    text = _END_TOKENS.sub("", text) if text.rstrip().endswith(("|>", "</s>")) else text
    body = text.strip()
    fenced = _FENCE.match(body)
    inner = fenced.group(1).strip() if fenced else body
    found = _bare(inner, tools)
    rest = ""
    if found is None:
        mark = _MARK.search(inner)
        if mark is None or not _stands_alone(inner, mark.start()):
            return None
        found = _marked(inner[mark.start() :], tools)
        rest = inner[: mark.start()].rstrip()
    if not found or len(found) > MAX_CALLS:
        return None
    taken = set(taken_ids)
    calls: list[ToolCall] = []
    for name, arguments in found:
        call_id = new_id()
        while call_id in taken:
            call_id = new_id()
        calls.append(tool_call(call_id, name, arguments))
    return TextCalls(tuple(calls), rest)


def _stands_alone(text: str, at: int) -> bool:
    before = text[:at]
    line = before.rsplit("\n", 1)[-1]
    if before.count("```") % 2:
        return False
    return not line.strip() or text.startswith(("[TOOL_CALLS]", "<|python_tag|>"), at) or _ends_sentence(line)


def _ends_sentence(line: str) -> bool:
    return line.rstrip().endswith((".", ":", "!", "?", ">"))


def _marked(text: str, tools: Schemas) -> _Found | None:
    if text.startswith("[TOOL_CALLS]"):
        return _mistral(text.removeprefix("[TOOL_CALLS]"), tools)
    if text.startswith("<|python_tag|>"):
        return _sequence(text.removeprefix("<|python_tag|>"), tools)
    if text.startswith("<function="):
        return _all(_FUNCTION, text, lambda match: _function(match, tools))
    return _all(_TAGGED, text, lambda match: _tagged(match.group(2).strip(), tools))


def _all(pattern: re.Pattern[str], text: str, read: _Reader) -> _Found | None:
    """Every match, one after the other, up to the end of the text; None when anything else is between or behind."""
    found: _Found = []
    at = 0
    while text[at:].strip():
        match = pattern.match(text, at)
        calls = read(match) if match is not None else None
        if match is None or match.end() == at or calls is None:
            return None
        found += calls
        at = match.end()
    return found


def _tagged(inner: str, tools: Schemas) -> _Found | None:
    if inner.startswith("<function="):
        match = _FUNCTION.match(inner)
        return _function(match, tools) if match else None
    fenced = _FENCE.match(inner)
    inner = fenced.group(1).strip() if fenced else inner
    if inner.startswith(("{", "[")):
        return _bare(inner, tools) or _sequence(inner, tools) or _broken(inner, tools)
    name = inner.split("<arg_key>", 1)[0].strip()
    if name not in tools:
        return None
    pairs = [(key.strip(), value) for key, value in _ARG_PAIR.findall(inner)]
    return [(name, _typed(pairs, tools[name]))]


def _function(match: re.Match[str], tools: Schemas) -> _Found | None:
    name, inner = match.group(1).strip("\"'"), match.group(2).strip()
    if name not in tools:
        return None
    if inner.startswith("<parameter="):
        return [(name, _typed(_PARAMETER.findall(inner), tools[name]))]
    return [(name, inner)]


def _mistral(text: str, tools: Schemas) -> _Found | None:
    if _NAMED_ARGS.match(text) is None:
        return _sequence(text, tools)
    found: _Found = []
    for part in text.split("[TOOL_CALLS]"):
        match = _NAMED_ARGS.match(part)
        if match is None or match.group(1) not in tools:
            return None
        found.append((match.group(1), part[match.end() :].strip()))
    return found


def _sequence(text: str, tools: Schemas) -> _Found | None:
    """JSON values one after the other, perhaps with semicolons between."""
    decoder = json.JSONDecoder()
    found: _Found = []
    text = text.strip()
    while text:
        try:
            value, end = decoder.raw_decode(text)
        except (ValueError, RecursionError):
            return None
        calls = _value(value, tools)
        if not calls:
            return None
        found += calls
        text = text[end:].lstrip("; \n\t\r,")
    return found


def _bare(text: str, tools: Schemas) -> _Found | None:
    if not text.startswith(("{", "[")):
        return None
    try:
        return _value(parse(text), tools)
    except ValueError:
        return None


def _value(value: object, tools: Schemas) -> _Found | None:
    entries = [value] if is_object(value) else objects(value)
    found: _Found = []
    for entry in entries:
        source = child(entry, "function") or entry
        name = text_of(source, "name") or text_of(source, "function") or text_of(source, "tool")
        key = next((k for k in ("arguments", "parameters", "args", "input") if k in source), None)
        if name not in tools or key is None:
            return None
        arguments = source[key]
        found.append((name, arguments if isinstance(arguments, str) else dump(arguments).decode()))
    return found or None


def _broken(text: str, tools: Schemas) -> _Found | None:
    """A call that the model meant and did not write well: kept as text, so that it is told."""
    match = _NAME_FIELD.search(text)
    return [(match.group(1), text)] if match and match.group(1) in tools else None


def _typed(pairs: Iterable[tuple[str, str]], schema: JsonObject) -> str:
    """Arguments given as text between tags: what the schema says is not a string is read as JSON."""
    properties = child(schema, "properties")
    arguments: JsonObject = {}
    for key, text in pairs:
        text = text.removeprefix("\n").removesuffix("\n")
        kind = child(properties, key).get("type")
        arguments[key] = text
        if kind is not None and kind != "string":
            try:
                arguments[key] = parse(text.strip())
            except ValueError:
                continue
    return dump(arguments).decode()

"""The table of provider faults: odd answers that count, broken ones that do not, and tool calls in pieces."""

from __future__ import annotations

from typing import Any

import pytest

from cass.errors import AuthenticationError, BadResponse, ContextTooLong, ModelError, ModelUnavailable, RateLimited
from cass.ports import FinishReason
from support.models import READ_FILE, WRITE_FILE
from support.provider import CUT, RESET, STALL, Answer, chunk, document, error, raw, sse, stream

TOOLS = (READ_FILE, WRITE_FILE)
HTML = b"<!DOCTYPE html><html><title>Log in</title><body>Welcome to the hotel network</body></html>"


def says(name: str, answer: Answer, words: str, finish: FinishReason = "stop", thinking: str = "") -> Any:
    """The answer counts, and this is its text."""
    return pytest.param(answer, words, finish, thinking, id=name)


def fails(name: str, answer: Answer, kind: type[ModelError], words: str, *, retried: bool = True) -> Any:
    """The answer does not count, and this is in the error's text; sent again when `retried`."""
    return pytest.param(answer, kind, words, retried, id=name)


def calls(name: str, answer: Answer, *expected: tuple[str, Any]) -> Any:
    """These tools are called; a string in place of the arguments is what is kept of unreadable ones."""
    return pytest.param(answer, list(expected), id=name)


HI = chunk({"content": "Hi"})
END = chunk(finish="stop")
HELLO = [chunk({"role": "assistant", "content": "Hel"}), chunk({"content": "lo"}), END]
HELLO_BYTES = sse(*HELLO)


def one_by_one(data: bytes) -> list[bytes | str | float]:
    return [data[i : i + 1] for i in range(len(data))]


ANSWERS = [
    says("plain", stream(*HELLO), "Hello"),
    says("no-done", stream(*HELLO, done=False), "Hello"),
    says("no-usage-no-done", raw(sse(*HELLO, done=False), framing="close"), "Hello"),
    says("reset-after-finish", raw(sse(*HELLO, done=False), RESET), "Hello"),
    says("cut-after-finish", raw(sse(*HELLO, done=False), CUT), "Hello"),
    says("garbage-after-finish", raw(sse(*HELLO, "{not json", done=False)), "Hello"),
    says("garbage-after-done", raw(HELLO_BYTES + b"data: {broken\n\nwhatever"), "Hello"),
    says("byte-by-byte", Answer(one_by_one(HELLO_BYTES)), "Hello"),
    says("crlf", raw(HELLO_BYTES.replace(b"\n", b"\r\n")), "Hello"),
    says("crlf-byte-by-byte", Answer(one_by_one(HELLO_BYTES.replace(b"\n", b"\r\n"))), "Hello"),
    says("cr", raw(HELLO_BYTES.replace(b"\n", b"\r")), "Hello"),
    says("bom", raw(b"\xef\xbb\xbf" + HELLO_BYTES), "Hello"),
    says("blank-lines-first", raw(b"\n\n\r\n" + HELLO_BYTES), "Hello"),
    says("comments", raw(b": PROCESSING\n\n" + HELLO_BYTES.replace(b"\n\n", b"\n\n: keep-alive\n\n")), "Hello"),
    says("data-without-space", raw(HELLO_BYTES.replace(b"data: ", b"data:")), "Hello"),
    says("event-id-retry-lines", raw(b"retry: 10\n" + HELLO_BYTES.replace(b"data:", b"id: 1\nevent: m\ndata:")), "Hello"),
    says("no-blank-lines-between", raw(HELLO_BYTES.replace(b"\n\n", b"\n") + b"\n"), "Hello"),
    says("no-last-blank-line", raw(sse(*HELLO, done=False).rstrip(b"\n")), "Hello"),
    says("data-in-two-lines", raw(b'data: {"choices":[{"delta":\ndata: {"content":"Hello"},"finish_reason":"stop"}]}\n\n'), "Hello"),
    says("one-packet-no-chunking", raw(HELLO_BYTES, framing="close"), "Hello"),
    says("content-type-json", raw(HELLO_BYTES, content_type="application/json"), "Hello"),
    says("content-type-missing", raw(HELLO_BYTES, content_type=""), "Hello"),
    says("content-type-text", raw(HELLO_BYTES, content_type="text/plain; charset=utf-8"), "Hello"),
    says("line-separator-in-text", stream(chunk({"content": "a\u2028b\u0085c\x0bd"}), END), "a\u2028b\u0085c\x0bd"),
    says("raw-line-separator", raw('data: {"choices":[{"delta":{"content":"a\u2028b"},"finish_reason":"stop"}]}\n\n'.encode()), "a\u2028b"),
    says("split-multibyte", Answer(one_by_one('data: {"choices":[{"delta":{"content":"日本🙂"},"finish_reason":"stop"}]}\n\n'.encode())), "日本🙂"),
    says("invalid-utf8", raw(b'data: {"choices":[{"delta":{"content":"a\xffb"},"finish_reason":"stop"}]}\n\n'), "a\ufffdb"),
    says("surrogate-pair-in-two-chunks", stream(chunk({"content": "x\ud83d"}), chunk({"content": "\ude42y"}), END), "x🙂y"),
    says("lone-surrogate", stream(chunk({"content": "x\udc00y"}), END), "x\ufffdy"),
    says("lone-surrogate-at-end", stream(chunk({"content": "xy\ud83d"}), END), "xy\ufffd"),
    says("null-character", stream(chunk({"content": "a\x00b"}), END), "a\x00b"),
    says("long-line", stream(chunk({"content": "x" * 3_000_000}), END), "x" * 3_000_000),
    says("missing-role", stream(HI, END), "Hi"),
    says("role-null", stream(chunk({"role": None, "content": "Hi"}), END), "Hi"),
    says("content-null-first", stream(chunk({"role": "assistant", "content": None}), HI, END), "Hi"),
    says("delta-null", stream({"choices": [{"delta": None}]}, HI, END), "Hi"),
    says("delta-missing", stream({"choices": [{"index": 0}]}, HI, END), "Hi"),
    says("delta-text", stream({"choices": [{"delta": "Hi"}]}, END), "Hi"),
    says("choices-empty", stream({"choices": []}, HI, {"choices": []}, END), "Hi"),
    says("choices-null", stream({"choices": None}, HI, END), "Hi"),
    says("choices-missing", stream({"id": "x"}, HI, END), "Hi"),
    says("choices-of-wrong-type", stream({"choices": "none"}, HI, {"choices": [7, None]}, END), "Hi"),
    says("null-event", stream("null", HI, END), "Hi"),
    says("empty-data", stream("", HI, "   ", END), "Hi"),
    says("error-null", stream({**HI, "error": None}, END), "Hi"),
    says("unknown-fields", stream({**HI, "x": {"y": [1]}}, chunk({"audio": 3, "annotations": [{}]}), END), "Hi"),
    says("content-parts", stream(chunk({"content": [{"type": "text", "text": "Hi"}, {"type": "odd"}]}), END), "Hi"),
    says("content-part-object", stream(chunk({"content": {"type": "text", "text": "Hi"}}), END), "Hi"),
    says("content-part-strings", stream(chunk({"content": ["H", "i"]}), END), "Hi"),
    says("second-choice-left-out", stream(HI, {"choices": [{"index": 1, "delta": {"content": "No"}}]}, END), "Hi"),
    says("finish-in-content-chunk", stream(chunk({"content": "Hi"}, "stop")), "Hi"),
    says("finish-twice", stream(HI, END, END), "Hi"),
    says("finish-unknown-word", stream(HI, chunk(finish="eos_token")), "Hi"),
    says("finish-upper-case", stream(HI, chunk(finish="STOP")), "Hi"),
    says("text-after-finish", stream(chunk({"content": "Hel"}), END, chunk({"content": "lo"})), "Hello"),
    says("whole-message-in-last-chunk", stream({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}), "Hi"),
    says("length", stream(HI, chunk(finish="length")), "Hi", "length"),
    says("length-other-word", stream(HI, chunk(finish="MAX_TOKENS")), "Hi", "length"),
    says("length-without-text", stream(chunk({"reasoning": "hm"}), chunk(finish="length")), "", "length", "hm"),
    says("content-filter", stream(HI, chunk(finish="content_filter")), "Hi", "refusal"),
    says("content-filter-empty", stream(chunk(finish="content_filter")), "", "refusal"),
    says("refusal-field", stream(chunk({"refusal": "I will not."}), END), "I will not.", "refusal"),
    says("tool-finish-without-calls", stream(HI, chunk(finish="tool_calls")), "Hi"),
    says("reasoning-content", stream(chunk({"reasoning_content": "hm"}), HI, END), "Hi", thinking="hm"),
    says("reasoning", stream(chunk({"reasoning": "hm", "content": ""}), HI, END), "Hi", thinking="hm"),
    says("reasoning-twice-told", stream(chunk({"reasoning": "hm", "reasoning_content": "hm"}), HI, END), "Hi", thinking="hm"),
    says("reasoning-details-only", stream(chunk({"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}), HI, END), "Hi", thinking="hm"),
    says("thinking-parts", stream(chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}), HI, END), "Hi", thinking="hm"),
    says("think-tags", stream(chunk({"content": "<thi"}), chunk({"content": "nk>hm</th"}), chunk({"content": "ink>\n\nHi"}), END), "Hi", thinking="hm"),
    says("think-tags-later-are-text", stream(chunk({"content": "Use <think>x</think>"}), END), "Use <think>x</think>"),
    says("whole-json-answer", document({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}), "Hi"),
    says("whole-json-as-event-stream", raw(b'\n{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}'), "Hi"),
    says("usage-null", stream({**HI, "usage": None}, END, {"choices": [], "usage": {}}), "Hi"),
    says("usage-of-wrong-type", stream(HI, END, {"choices": [], "usage": {"prompt_tokens": "many", "completion_tokens": None}}), "Hi"),
    says("usage-beside-text", stream({**HI, "usage": {"prompt_tokens": 3, "completion_tokens": 1}}, END), "Hi"),
    says("model-of-wrong-type", stream({**HI, "model": 7}, END), "Hi"),
    says("redirect-on-same-host", Answer(status=307, headers={"location": "/v1/chat/completions"}, framing="length"), "ok"),
]  # fmt: skip

FAULTS = [
    fails("empty-body", raw(), BadResponse, "empty body"),
    fails("blank-body", raw(b"\n\n  \n"), BadResponse, "empty body"),
    fails("only-done", raw(sse()), BadResponse, "ended before"),
    fails("only-comments", raw(b": hello\n\n: there\n\n"), BadResponse, "no stream"),
    fails("no-finish", stream(HI, done=False), BadResponse, "ended before"),
    fails("no-finish-but-done", stream(HI), BadResponse, "ended before"),
    fails("finish-of-wrong-type", stream(HI, chunk(finish=True)), BadResponse, "ended before"),
    fails("cut-between-events", raw(sse(HI, done=False), CUT), BadResponse, "broke off"),
    fails("cut-inside-event", raw(sse(HI, END, done=False)[:-30], CUT), BadResponse, "broke off"),
    fails("clean-end-inside-event", raw(sse(HI, done=False) + b'data: {"choi'), BadResponse, "not JSON"),
    fails("clean-end-unframed", raw(sse(HI, done=False), framing="close"), BadResponse, "ended before"),
    fails("short-of-content-length", Answer([sse(HI, done=False), CUT], headers={"content-length": "9000"}, framing="close"), BadResponse, "broke off"),
    fails("reset-in-stream", raw(sse(HI, done=False), RESET), BadResponse, "broke off"),
    fails("reset-before-answer", Answer([RESET], head=b""), ModelUnavailable, "cannot be reached"),
    fails("close-before-answer", Answer([CUT], head=b""), ModelUnavailable, "cannot be reached"),
    fails("close-in-headers", Answer([CUT], head=b"HTTP/1.1 200 OK\r\ncontent-ty"), ModelUnavailable, "cannot be reached"),
    fails("not-http", Answer([CUT], head=b"SSH-2.0-OpenSSH_9.2\r\n"), ModelUnavailable, "cannot be reached"),
    fails("bad-chunk-size", Answer([b"zz\r\nnope\r\n", CUT], head=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), BadResponse, "broke off"),
    fails("bad-gzip", Answer([b"not gzip"], headers={"content-encoding": "gzip"}), BadResponse, "broke off"),
    fails("stall-before-answer", Answer([STALL], head=b""), ModelUnavailable, "sent nothing for"),
    fails("stall-in-headers", Answer([STALL], head=b"HTTP/1.1 200 OK\r\n"), ModelUnavailable, "sent nothing for"),
    fails("stall-before-first-byte", raw(STALL), ModelUnavailable, "sent nothing for"),
    fails("stall-in-stream", raw(sse(HI, done=False), STALL), ModelUnavailable, "sent nothing for"),
    fails("html", raw(HTML, content_type="text/html"), BadResponse, "web page", retried=False),
    fails("html-as-event-stream", raw(b"\n  " + HTML), BadResponse, "web page", retried=False),
    fails("html-without-doctype", raw(b"<html><body>x</body></html>", content_type=""), BadResponse, "web page", retried=False),
    fails("plain-text", raw(b"upstream connect error or disconnect", content_type="text/plain"), BadResponse, "upstream connect error"),
    fails("binary", raw(b"\x00\x01\x02\x89PNG\r\n\x1a\n" * 20), BadResponse, "no stream"),
    fails("malformed-chunk", stream(HI, "{'content': bad}", END), BadResponse, "not JSON"),
    fails("nan-chunk", stream(HI, '{"choices":[],"x":NaN}', END), BadResponse, "not JSON"),
    fails("endless-nesting", stream("[" * 100_000), BadResponse, "not JSON"),
    fails("array-event", stream(HI, [1, 2], END), BadResponse, "cannot be read"),
    fails("string-event", stream('"hello"', END), BadResponse, "cannot be read"),
    fails("number-event", stream("42", END), BadResponse, "cannot be read"),
    fails("content-number", stream(chunk({"content": 42}), END), BadResponse, "not text"),
    fails("tool-calls-text", stream(chunk({"tool_calls": "read_file"}), END), BadResponse, "cannot be read"),
    fails("event-too-long", raw(b"data: " + b"x" * (17 * 1024 * 1024)), BadResponse, "longer than 16 MB"),
    fails("json-not-an-answer", document({"hello": "world"}), BadResponse, "holds no answer"),
    fails("json-empty-choices", document({"choices": []}), BadResponse, "holds no answer"),
    fails("json-cut", raw(b'{"choices":[{"mess', content_type="application/json"), BadResponse, "cut or malformed"),
    fails("json-without-finish", document({"choices": [{"message": {"content": "Hi"}}]}), BadResponse, "ended before"),
    fails("json-array", raw(b"[1,2,3]"), BadResponse, "broke off"),
    fails("error-with-200", document({"error": {"message": "No such thing"}}), BadResponse, "No such thing"),
    fails("error-text-with-200", document({"error": "it failed"}), BadResponse, "it failed"),
    fails("detail-with-200", document({"detail": "Not found here"}), BadResponse, "Not found here"),
    fails("error-in-stream", stream(HI, {"error": {"message": "Engine died", "type": "x"}}), BadResponse, "Engine died"),
    fails("error-in-stream-with-code", stream(HI, {"error": {"message": "Bad gateway", "code": 502}}), ModelUnavailable, "Bad gateway"),
    fails("error-in-stream-text", stream(HI, {"error": "Engine died"}), BadResponse, "Engine died"),
    fails("error-object-in-stream", stream({"object": "error", "message": "cuda", "code": 500}), ModelUnavailable, "cuda"),
    fails("error-event-name", raw(b'event: error\ndata: {"message":"too busy"}\n\n'), ModelUnavailable, "too busy"),
    fails("error-event-text", raw(b"event: error\ndata: something odd\n\n"), BadResponse, "something odd"),
    fails("error-rate-limit-in-stream", stream({"error": {"message": "Rate limit hit", "code": 429}}), RateLimited, "Rate limit hit"),
    fails("error-beside-finish", stream({"choices": [{"delta": {}, "finish_reason": "error", "error": {"message": "x"}}]}), BadResponse, "broke off"),
    fails("finish-error", stream(HI, chunk(finish="error")), BadResponse, "broke off"),
    fails("finish-abort", stream(HI, chunk(finish="abort")), BadResponse, "broke off"),
    fails("finish-no-resources", stream(HI, chunk(finish="insufficient_system_resource")), ModelUnavailable, "broke off"),
    fails("nothing", stream(END), BadResponse, "answered with nothing"),
    fails("only-blanks", stream(chunk({"content": " \n"}), END), BadResponse, "answered with nothing"),
    fails("only-reasoning", stream(chunk({"reasoning": "hm"}), END), BadResponse, "no answer"),
    fails("unclosed-think-tag", stream(chunk({"content": "<think>hm"}), END), BadResponse, "no answer"),
    fails("nothing-but-tool-finish", stream(chunk(finish="tool_calls")), BadResponse, "answered with nothing"),
    fails("408", error(408, "slow"), ModelUnavailable, "slow"),
    fails("409", error(409, "conflict"), ModelUnavailable, "conflict"),
    fails("425", error(425, "early"), ModelUnavailable, "early"),
    fails("429", error(429, "Too many requests"), RateLimited, "Too many requests"),
    fails("500", error(500, "boom"), ModelUnavailable, "boom"),
    fails("502-html", Answer([HTML], 502, "text/html", framing="length"), ModelUnavailable, "web page"),
    fails("503-empty", Answer([], 503, "", framing="length"), ModelUnavailable, "status 503"),
    fails("504", error(504, "gateway"), ModelUnavailable, "gateway"),
    fails("529", error(529, "Overloaded"), ModelUnavailable, "Overloaded"),
    fails("500-endless-body", Answer([b"x" * 100_000] * 8, 500), ModelUnavailable, "status 500"),
    fails("400", error(400, "Bad thing"), ModelError, "Bad thing", retried=False),
    fails("400-without-body", Answer([], 400, "", framing="length"), ModelError, "status 400", retried=False),
    fails("400-text", Answer([b"no good\x1b[31m"], 400, "text/plain", framing="length"), ModelError, "no good", retried=False),
    fails("401", error(401, "Incorrect API key"), AuthenticationError, "Incorrect API key", retried=False),
    fails("402", error(402, "Insufficient credits"), RateLimited, "no quota or credit", retried=False),
    fails("403", error(403, "Country not supported"), AuthenticationError, "Country", retried=False),
    fails("404", error(404, "The model does not exist"), ModelUnavailable, "has no model m", retried=False),
    fails("405", error(405, "Method"), ModelError, "Method", retried=False),
    fails("413", Answer([], 413, "", framing="length"), ContextTooLong, "too long", retried=False),
    fails("422", document({"detail": [{"msg": "field required"}]}, status=422), ModelError, "field required", retried=False),
    fails("501", error(501, "no"), ModelUnavailable, "status 501", retried=False),
    fails("429-quota", error(429, "You exceeded your current quota", code="insufficient_quota"), RateLimited, "no quota", retried=False),
    fails("429-long-wait", error(429, "Slow down", headers={"retry-after": "3600"}), RateLimited, "wait 60 minutes", retried=False),
    fails("503-long-wait", error(503, "Maintenance", headers={"retry-after": "7200"}), RateLimited, "wait 2 hours", retried=False),
    fails("overflow", error(400, "maximum context length is 4096 tokens", code="context_length_exceeded"), ContextTooLong, "4096", retried=False),
    fails("overflow-in-stream", stream({"error": {"message": "too big", "code": "context_length_exceeded"}}), ContextTooLong, "too big", retried=False),
    fails("redirect-elsewhere", Answer(status=307, headers={"location": "http://example.invalid/login"}, framing="length"), ModelUnavailable, "example.invalid", retried=False),
    fails("redirect-without-target", Answer(status=302, framing="length"), ModelUnavailable, "another address", retried=False),
    fails("redirect-loop", Answer(status=308, headers={"location": "?again"}, framing="length"), ModelUnavailable, "redirect", retried=False),
    fails("304", Answer(status=304, framing="length"), ModelUnavailable, "another address", retried=False),
]  # fmt: skip


def tc(index: Any = 0, id: Any = None, name: Any = None, args: Any = None) -> dict[str, Any]:
    """A delta with one piece of a tool call; None leaves a field out."""
    function = {k: v for k, v in (("name", name), ("arguments", args)) if v is not None}
    call = {k: v for k, v in (("index", index), ("id", id), ("function", function)) if v is not None}
    return chunk({"tool_calls": [call]})


DONE = chunk(finish="tool_calls")
A, B = ("read_file", {"path": "a"}), ("read_file", {"path": "b"})
ARGS_A, ARGS_B = '{"path":"a"}', '{"path":"b"}'

CALLS = [
    calls("in-pieces", stream(tc(0, "x", "read_file", ""), tc(0, args='{"pa'), tc(0, args='th":"a"}'), DONE), A),
    calls("whole", stream(tc(0, "x", "read_file", ARGS_A), DONE), A),
    calls("finish-stop", stream(tc(0, "x", "read_file", ARGS_A), END), A),
    calls("finish-function-call", stream(tc(0, "x", "read_file", ARGS_A), chunk(finish="function_call")), A),
    calls("no-id", stream(tc(0, None, "read_file", ARGS_A), DONE), A),
    calls("empty-id", stream(tc(0, "", "read_file", ARGS_A), DONE), A),
    calls("id-of-wrong-type", stream(tc(0, 17, "read_file", ARGS_A), DONE), A),
    calls("id-repeated", stream(tc(0, "x", "read_file", '{"path":'), tc(0, "x", None, '"a"}'), DONE), A),
    calls("id-and-name-repeated", stream(tc(0, "x", "read_file", '{"path":'), tc(0, "x", "read_file", '"a"}'), DONE), A),
    calls("name-repeated-at-end", stream(tc(0, None, "read_file", ARGS_A), tc(0, None, "read_file", ""), DONE), A),
    calls("name-in-pieces", stream(tc(0, "x", "read_", ""), tc(0, None, "file", ""), tc(0, args=ARGS_A), DONE), A),
    calls("same-id-twice", stream(tc(0, "x", "read_file", ARGS_A), tc(1, "x", "read_file", ARGS_B), DONE), A, B),
    calls("no-index", stream(tc(None, "x", "read_file", ARGS_A), DONE), A),
    calls("no-index-in-pieces", stream(tc(None, "x", "read_file", '{"path"'), tc(None, None, None, ':"a"}'), DONE), A),
    calls("no-index-two", stream(tc(None, "x", "read_file", ARGS_A), tc(None, "y", "read_file", ARGS_B), DONE), A, B),
    calls("no-index-no-id-two", stream(tc(None, None, "read_file", ARGS_A), tc(None, None, "read_file", ARGS_B), DONE), A, B),
    calls("same-index-other-id", stream(tc(0, "x", "read_file", ARGS_A), tc(0, "y", "read_file", ARGS_B), DONE), A, B),
    calls("same-index-other-name", stream(tc(0, None, "read_file", ARGS_A), tc(0, None, "write_file", ARGS_B), DONE), A, ("write_file", {"path": "b"})),
    calls("string-index", stream(tc("0", "x", "read_file", '{"path":'), tc("0", args='"a"}'), DONE), A),
    calls("string-and-number-index", stream(tc("0", "x", "read_file", '{"path":'), tc(0, args='"a"}'), DONE), A),
    calls("word-index", stream(tc("first", "x", "read_file", '{"path":'), tc("first", args='"a"}'), DONE), A),
    calls("huge-index", stream(tc(10**12, "x", "read_file", ARGS_A), DONE), A),
    calls("negative-index", stream(tc(-1, "x", "read_file", ARGS_A), DONE), A),
    calls("parallel-interleaved", stream(tc(0, "x", "read_file", ""), tc(1, "y", "read_file", ""), tc(0, args='{"path":'), tc(1, args='{"path":'), tc(0, args='"a"}'), tc(1, args='"b"}'), DONE), A, B),
    calls("parallel-one-chunk", stream(chunk({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "read_file", "arguments": ARGS_A}}, {"index": 1, "id": "y", "function": {"name": "read_file", "arguments": ARGS_B}}]}), DONE), A, B),
    calls("one-not-in-a-list", stream(chunk({"tool_calls": {"id": "x", "function": {"name": "read_file", "arguments": ARGS_A}}}), DONE), A),
    calls("arguments-object", stream(tc(0, "x", "read_file", {"path": "a"}), DONE), A),
    calls("arguments-null", stream(chunk({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "read_file", "arguments": None}}]}), DONE), ("read_file", {})),
    calls("arguments-word-null", stream(tc(0, "x", "read_file", "null"), DONE), ("read_file", {})),
    calls("arguments-empty", stream(tc(0, "x", "read_file", ""), DONE), ("read_file", {})),
    calls("arguments-blank", stream(tc(0, "x", "read_file", " \n"), DONE), ("read_file", {})),
    calls("arguments-missing", stream(tc(0, "x", "read_file"), DONE), ("read_file", {})),
    calls("arguments-cut", stream(tc(0, "x", "read_file", '{"path":"a'), DONE), ("read_file", '{"path":"a')),
    calls("arguments-malformed", stream(tc(0, "x", "read_file", "{path: a}"), DONE), ("read_file", "{path: a}")),
    calls("arguments-twice", stream(tc(0, "x", "read_file", ARGS_A + ARGS_A), DONE), ("read_file", ARGS_A + ARGS_A)),
    calls("arguments-array", stream(tc(0, "x", "read_file", "[1]"), DONE), ("read_file", "[1]")),
    calls("arguments-string", stream(tc(0, "x", "read_file", '"a"'), DONE), ("read_file", '"a"')),
    calls("arguments-nan", stream(tc(0, "x", "read_file", '{"line":NaN}'), DONE), ("read_file", '{"line":NaN}')),
    calls("arguments-infinite", stream(tc(0, "x", "read_file", '{"line":1e999}'), DONE), ("read_file", '{"line":1e999}')),
    calls("arguments-nested-deep", stream(tc(0, "x", "read_file", '{"a":' + "[" * 50_000), DONE), ("read_file", ('{"a":' + "[" * 50_000)[:20_000])),
    calls("arguments-lone-surrogate", stream(tc(0, "x", "read_file", '{"path":"a\\ud83d"}'), DONE), ("read_file", {"path": "a\ufffd"})),
    calls("unknown-tool", stream(tc(0, "x", "fly to/moon", "{}"), DONE), ("fly to/moon", {})),
    calls("no-name", stream(tc(0, "x", None, ARGS_A), DONE), ("unknown", {"path": "a"})),
    calls("name-of-wrong-type", stream(chunk({"tool_calls": [{"index": 0, "id": "x", "function": {"name": 7, "arguments": "{}"}}]}), DONE), ("unknown", {})),
    calls("function-missing", stream(chunk({"tool_calls": [{"index": 0, "id": "x", "name": "read_file", "arguments": ARGS_A}]}), DONE), A),
    calls("legacy-function-call", stream(chunk({"function_call": {"name": "read_file", "arguments": '{"path"'}}), chunk({"function_call": {"arguments": ':"a"}'}}), chunk(finish="function_call")), A),
    calls("legacy-beside-tool-calls", stream(chunk({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "read_file", "arguments": ARGS_A}}], "function_call": {"name": "read_file", "arguments": ARGS_A}}), DONE), A),
    calls("cut-by-length", stream(tc(0, "x", "read_file", '{"path":"a'), chunk(finish="length")), ("read_file", '{"path":"a')),
    calls("cut-by-length-looks-whole", stream(tc(0, "x", "read_file", ARGS_A), tc(1, "y", "read_file", ARGS_B), chunk(finish="length")), A, ("read_file", ARGS_B)),
    calls("whole-json", document({"choices": [{"message": {"tool_calls": [{"id": "x", "function": {"name": "read_file", "arguments": ARGS_A}}]}, "finish_reason": "tool_calls"}]}), A),
    calls("entries-of-wrong-type", stream(chunk({"tool_calls": [None, 3, "x"]}), tc(0, "x", "read_file", ARGS_A), DONE), A),
    calls("huge-arguments", stream(*[tc(0, "x" if i == 0 else None, "read_file" if i == 0 else None, "y" * 1_000_000) for i in range(5)], DONE), ("read_file", "y" * 20_000)),
]  # fmt: skip

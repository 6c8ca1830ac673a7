"""Every way in which a provider can fail, from the prompt to what the user sees: an error and its exit code, nothing
half shown as an answer, and a session that goes on."""

from __future__ import annotations

import gzip
import json
import ssl
import subprocess
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cass.errors import AuthenticationError, ContextTooLong
from support.faults import ANSWERS, CALLS, FAULTS
from support.outside import KEY, Ended, Place
from support.provider import (
    CUT,
    STALL,
    Answer,
    ProviderServer,
    chunk,
    document,
    error,
    raw,
    sse,
    stream,
    text,
    tool_call,
)
from support.server import ServerProcess, running

FINISHED = chunk(finish="stop")
BOMB = gzip.compress(zlib.compress(b"\0" * 1_000_000) + b"\0" * 40_000_000)


def said(done: Ended) -> str:
    """What was said on standard error, after checking that it is fit for people."""
    assert "Traceback" not in done.err
    assert done.err.startswith("cass: ")
    assert KEY not in done.err + done.out
    assert len(done.err) < 1500
    assert all(char.isprintable() or char == "\n" for char in done.err)
    return done.err


# --- one server, one session, the whole table ------------------------------------------------------------------


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, ProviderServer, str]]:
    """A session with openai/m."""
    root = tmp_path_factory.mktemp("talk")
    with ProviderServer() as provider:
        place = Place(root)
        place.reach(provider)
        with running(place.state, cwd=place.project, **place.environ) as server:
            server.initialize()
            session = server.call("cass/session/new", {"cwd": str(place.project)})["sessionId"]
            yield server, provider, session


def ask(server: ServerProcess, session: str) -> Any:
    prompt = [{"type": "text", "text": "hi"}]
    return server.call("cass/session/prompt", {"sessionId": session, "prompt": prompt, "wait": True})


@pytest.mark.parametrize(("answer", "kind", "words", "retried"), FAULTS)
def test_a_fault_ends_its_turn_and_the_session_goes_on(
    talk: tuple[ServerProcess, ProviderServer, str], answer: Answer, kind: Any, words: str, retried: bool
) -> None:
    server, provider, session = talk
    provider.drop_answers()
    provider.answer(*[answer] * (25 if answer.status == 308 else 1))  # a loop is followed some times
    broken = ask(server, session)
    provider.drop_answers()
    if kind is ContextTooLong:  # what can be mended by leaving something out is
        assert broken["stopReason"] == "end_turn"
        server.seen.clear()
        return
    assert broken["stopReason"] == "error"
    assert broken["error"]["kind"] == kind.kind
    assert words in broken["error"]["message"]
    healed = ask(server, session)
    assert (healed["stopReason"], healed["text"]) == ("end_turn", "ok")
    numbers = [seq for seq, _ in server.updates(session)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    server.seen.clear()


@pytest.mark.parametrize("answer", [pytest.param(p.values[0], id=str(p.id)) for p in (*ANSWERS, *CALLS)])
def test_odd_answers_end_their_turn_too(talk: tuple[ServerProcess, ProviderServer, str], answer: Answer) -> None:
    server, provider, session = talk
    provider.drop_answers()
    provider.answer(answer)
    assert ask(server, session)["stopReason"] in ("end_turn", "max_tokens", "refusal")
    for seen in server.seen:
        update = seen.get("params", {}).get("update", {})
        if update.get("sessionUpdate") != "tool_call_update":
            continue
        assert update.get("status") not in ("pending", "in_progress") or update["toolCallId"] in finished(server)
    server.seen.clear()


def finished(server: ServerProcess) -> set[str]:
    updates = [seen.get("params", {}).get("update", {}) for seen in server.seen]
    return {u["toolCallId"] for u in updates if u.get("status") in ("completed", "failed", "cancelled")}


# --- cass -p ---------------------------------------------------------------------------------------------------

SAMPLE = [
    "cut-inside-event",
    "malformed-chunk",
    "stall-in-stream",
    "html",
    "error-in-stream",
    "401",
    "429-long-wait",
    "redirect-loop",
]


@pytest.mark.parametrize(
    ("answer", "kind", "words", "retried"), [fault for fault in FAULTS if fault.id in SAMPLE]
)  # fmt: skip
def test_a_script_gets_an_exit_code_and_no_half_answer(
    place: Place, provider: ProviderServer, answer: Answer, kind: Any, words: str, retried: bool
) -> None:
    provider.fallback = answer
    done = place.run("-p", "hi")
    assert done.code == (3 if kind is AuthenticationError else 4)
    assert done.out == ""
    assert words in said(done)


def test_what_came_before_the_break_is_told_apart_from_an_answer(place: Place, provider: ProviderServer) -> None:
    provider.fallback = stream(chunk({"content": "Half of"}))
    done = place.run("-p", "hi", "--output-format", "json")
    assert done.code == 4
    assert (done.json["text"], done.json["partialText"]) == ("", "Half of")
    assert done.json["stopReason"] == "error"


def test_words_before_a_tool_are_no_answer_when_the_next_request_fails(
    place: Place, provider: ProviderServer
) -> None:
    provider.answer(tool_call("list_dir", words="I look around."), error(500, "boom"))
    done = place.run("-p", "hi")
    assert (done.code, done.out) == (4, "")


HOSTILE = [
    pytest.param(error(401, f"Incorrect API key provided: {KEY}"), "[key]", id="key-in-message"),
    pytest.param(raw(f"bad {KEY}".encode(), content_type="text/plain"), "[key]", id="key-in-text"),
    pytest.param(stream({"error": {"message": f"no {KEY}"}}), "[key]", id="key-in-stream"),
    pytest.param(
        Answer(status=307, headers={"location": f"http://example.invalid/?k={KEY}"}, framing="length"),
        "[key]",
        id="key-in-redirect",
    ),
    pytest.param(error(400, "a\x1b]0;evil\x07\x1b[2Jb\u202ec"), "a ", id="escape-sequences"),
    pytest.param(
        document({"odd": {"deep": ["the disk is full", 1]}}, status=400), "the disk is full", id="odd-json"
    ),
    pytest.param(document({"odd": [1] * 300}, status=400), "status 400", id="json-without-words"),
    pytest.param(Answer([BOMB], headers={"content-encoding": "gzip"}), "16 MB", id="gzip-bomb"),
    pytest.param(Answer([BOMB], 500, headers={"content-encoding": "gzip"}), "status 500", id="gzip-bomb-in-error"),
    pytest.param(Answer([CUT], head=b"HTTP/1.1 200 OK\r\nx: " + b"a" * 500_000), "cannot be", id="huge-header"),
    pytest.param(Answer([CUT], head=b"HTTP/1.1 abc\r\n\r\n"), "cannot be reached", id="no-status"),
    pytest.param(
        Answer([b"x", 0.2, b"x", 0.2, b"x", STALL], head=b"HTTP/1.1 200 OK\r\n", framing="close"),
        "sent nothing",
        id="slow-header",
    ),
    pytest.param(stream(*[chunk({"content": "x" * 1_000_000})] * 40), "longer than", id="endless-text"),
]


@pytest.mark.parametrize(("answer", "words"), HOSTILE)
def test_a_hostile_answer_is_one_short_complaint(
    place: Place, provider: ProviderServer, answer: Answer, words: str
) -> None:
    provider.fallback = answer
    done = place.run("-p", "hi")
    assert done.code in (3, 4)
    assert done.out == ""
    assert words in said(done)


def test_a_short_key_is_kept_secret_too(place: Place, provider: ProviderServer) -> None:
    provider.answer(error(401, "the key abc12 is wrong"))
    assert "abc12" not in place.run("-p", "hi", OPENAI_API_KEY="abc12").err


def test_a_password_in_the_address_is_not_shown(place: Place) -> None:
    done = place.run("-p", "hi", OPENAI_BASE_URL="http://me:hunter2@127.0.0.1:9/v1", CASS_MODEL="openai/m")
    assert done.code == 4
    assert "127.0.0.1:9" in done.err
    assert "hunter2" not in done.err


def test_empty_pieces_do_not_keep_a_dead_answer_alive(place: Place, provider: ProviderServer) -> None:
    empty = sse(chunk({"content": ""}), done=False)
    provider.fallback = raw(*[piece for _ in range(400) for piece in (empty, 0.05)])
    done = place.run("-p", "hi", CASS_LLM__IDLE_TIMEOUT="0.2")
    assert done.code == 4
    assert "sent nothing" in said(done)


def test_a_certificate_that_nobody_signed_is_said(place: Place, tmp_path: Path) -> None:
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run(["openssl", *made, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://localhost:{server.server_port}/v1"
    done = place.run("-p", "hi", OPENAI_BASE_URL=url, OPENAI_API_KEY=KEY, CASS_MODEL="openai/m")
    server.shutdown()
    server.server_close()
    assert done.code == 4
    assert "certificate" in said(done).lower()


def test_what_the_model_says_cannot_touch_the_terminal(place: Place, provider: ProviderServer) -> None:
    provider.answer(
        tool_call("re\x1b[2Jad\u202e\n", words="\x1b]0;evil\x07", path="\x1b[31m"), text("\x1b[2Jdone\x9b31m")
    )
    done = place.run("-p", "hi")
    assert done.out == "\\x1b[2Jdone\\x9b31m\n"
    provider.answer(tool_call("re\x1b[2Jad\u202e\n", words="\x1b]0;evil\x07"), text("\x1b[2Jdone"))
    streamed = place.run("-p", "hi", "--output-format", "stream-json")
    assert all(31 < ord(char) < 127 or char == "\n" for char in streamed.out)
    assert json.loads(streamed.out.splitlines()[-1])["text"] == "\x1b[2Jdone"


def test_a_long_answer_arrives_whole(place: Place, provider: ProviderServer) -> None:
    provider.answer(stream(*[chunk({"content": "0123456789" * 10_000})] * 50, FINISHED))
    done = place.run("-p", "hi")
    assert done.code == 0
    assert done.out == "0123456789" * 500_000 + "\n"

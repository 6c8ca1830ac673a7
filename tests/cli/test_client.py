"""The connection: order, questions, withdrawn questions, and servers that break off or talk nonsense."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from cass.errors import CassError
from cass_cli.client import CassClient, ServerError, ServerGone
from cass_cli.fields import Json
from cass_cli.launch import launch

PEER = """
import json, sys, os
def send(**m):
    b = json.dumps({"jsonrpc": "2.0", **m}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n" % len(b) + b); sys.stdout.buffer.flush()
def receive():
    n = 0
    while (line := sys.stdin.buffer.readline()).strip():
        n = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(n)) if n else sys.exit(0)
"""
Connect = Callable[[str], Awaitable[CassClient]]


@pytest.fixture
async def connect(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Connect]:
    """Connect to a peer that behaves as a few lines of Python say."""
    monkeypatch.setenv("CASS_HOME", environ["CASS_HOME"])
    clients: list[CassClient] = []

    async def start(behaviour: str) -> CassClient:
        clients.append(CassClient(launch([sys.executable, "-c", PEER + behaviour])))
        await clients[-1].start()
        return clients[-1]

    yield start
    for client in clients:
        await client.kill()


async def test_updates_arrive_in_order_around_the_answers(connect: Connect) -> None:
    client = await connect(
        "m = receive()\nfor n in range(500): send(method='up', params={'n': n})\n"
        "send(id=m['id'], result={'ok': True})\nsend(method='up', params={'n': 500})\nreceive()"
    )
    seen: list[object] = []
    over = asyncio.Event()

    def notified(method: str, params: Json) -> None:
        seen.append(params["n"])
        if params["n"] == 500:
            over.set()

    client.on_notification = notified
    assert await client.request("ask", {}) == {"ok": True}
    await asyncio.wait_for(over.wait(), 5)
    assert seen == list(range(501))


async def test_a_refusal_carries_its_kind_and_hint(connect: Connect) -> None:
    client = await connect(
        "m = receive()\n"
        "send(id=m['id'], error={'code': -32803, 'message': 'no', 'data': {'kind': 'session_busy', 'hint': 'wait'}})\n"
        "receive()"
    )
    with pytest.raises(ServerError) as caught:
        await client.request("ask", {})
    assert (caught.value.kind, caught.value.hint, caught.value.message) == ("session_busy", "wait", "no")


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("receive(); sys.exit(7)", "exit code 7"),
        ("receive(); os.kill(os.getpid(), 9)", "exit code -9"),
        (
            "receive(); sys.stdout.write('hello, I am not a server\\r\\n\\r\\n'); sys.stdout.flush(); receive()",
            "protocol",
        ),
        (
            "receive(); sys.stdout.write('Content-Length: 99999999999\\r\\n\\r\\n'); sys.stdout.flush(); receive()",
            "protocol",
        ),
        (
            "receive(); sys.stdout.write('Content-Length: 5\\r\\n\\r\\n{{{{{'); sys.stdout.flush(); receive()",
            "protocol",
        ),
        ("receive(); sys.stdout.write('Content-Length: 50\\r\\n\\r\\n{'); sys.stdout.flush()", "protocol"),
        ("receive(); sys.stdout.write('x' * 1000000); sys.stdout.flush(); receive()", "protocol"),
        ("receive(); sys.stderr.write('disk on fire\\n'); sys.exit(1)", "disk on fire"),
    ],
)
async def test_a_server_that_breaks_fails_this_and_every_later_request(
    connect: Connect, behaviour: str, words: str
) -> None:
    client = await connect(behaviour)
    for _ in range(2):
        with pytest.raises(ServerGone) as caught:
            await asyncio.wait_for(client.request("ask", {}), 10)
        assert words in str(caught.value)
    assert client.ended.is_set()
    client.notify("anything", {})


async def test_a_request_can_be_limited_and_cancelled(connect: Connect) -> None:
    client = await connect(
        "a = receive(); b = receive(); c = receive(); d = receive()\n"
        "send(method='told', params={'ids': [b['params']['id'] == a['id'], d['params']['id'] == c['id']],"
        " 'methods': [b['method'], d['method']]})\nreceive()"
    )
    told: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
    client.on_notification = lambda _, params: told.set_result(params)
    with pytest.raises(CassError) as caught:
        await client.request("slow", {}, limit=0.05)
    assert caught.value.kind == "timeout"
    task = asyncio.create_task(client.request("slow", {}))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.wait_for(told, 5) == {"ids": [True, True], "methods": ["$/cancelRequest"] * 2}


async def test_questions_of_the_server_are_answered(connect: Connect) -> None:
    client = await connect(
        "m = receive()\nsend(id='q1', method='good', params={'x': 1}); one = receive()\n"
        "send(id='q2', method='unknown', params={}); two = receive()\n"
        "send(id='q3', method='broken', params={}); three = receive()\n"
        "send(id=m['id'], result={'one': one['result'], 'two': two['error']['code'], 'three': three['error']['code']})\n"
        "receive()"
    )

    async def answer(method: str, params: Json) -> Json:
        if method == "good":
            return {"twice": int(str(params["x"])) * 2}
        raise NotImplementedError if method == "unknown" else CassError("no")

    client.on_request = answer
    result = await asyncio.wait_for(client.request("ask", {}), 5)
    assert result == {"one": {"twice": 2}, "two": -32601, "three": -32603}


async def test_without_anybody_to_ask_a_question_is_refused(connect: Connect) -> None:
    client = await connect(
        "m = receive()\nsend(id=1, method='q', params={}); a = receive()\n"
        "send(id=m['id'], result={'code': a['error']['code']})\nreceive()"
    )
    assert await client.request("ask", {}) == {"code": -32601}


async def test_a_withdrawn_question_is_closed(connect: Connect) -> None:
    client = await connect(
        "m = receive()\nsend(id='q', method='q', params={}); receive()\n"
        "send(method='$/cancelRequest', params={'id': 'nobody'}); send(method='$/cancelRequest', params={'id': 'q'})\n"
        "a = receive()\nsend(id=m['id'], result={'code': a['error']['code']})\nreceive()"
    )
    closed = asyncio.Event()

    async def answer(method: str, params: Json) -> Json:
        client.notify("opened", {})
        try:
            await asyncio.Event().wait()
        finally:
            closed.set()
        return {}

    client.on_request = answer
    assert await asyncio.wait_for(client.request("ask", {}), 5) == {"code": -32800}
    assert closed.is_set()


async def test_what_the_server_logs_is_kept_and_bounded(connect: Connect, home: Path) -> None:
    client = await connect(
        "sys.stderr.write('x' * 3000000 + 'the end\\n'); sys.stderr.flush()\nm = receive(); send(id=m['id'], result={})\n"
        "receive()"
    )
    await client.request("ask", {})
    await client.close()
    assert client.log_tail().endswith("the end\n")
    log = home / "state" / "server.log"
    assert log.stat().st_mode & 0o077 == 0
    assert 0 < log.stat().st_size < 2_000_000


async def test_a_server_that_will_not_leave_is_ended(connect: Connect) -> None:
    client = await connect("import time\nwhile True: time.sleep(60)")
    await asyncio.wait_for(client.close(grace=0.2), 10)
    with pytest.raises(ServerGone):
        client.raise_if_gone()


def test_a_server_nobody_spoke_to_is_put_away() -> None:
    from cass_cli.launch import abandon

    process = launch([sys.executable, "-c", "import time; time.sleep(60)"])
    abandon(process)
    assert process.returncode == -9
    assert isinstance(process, subprocess.Popen)

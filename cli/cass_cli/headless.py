"""`cass -p`: one prompt, one answer, an exit code. Nobody is asked anything."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import uuid
from dataclasses import dataclass, field

from cass.errors import CassError
from cass_cli import agentview, mcpview, stepview
from cass_cli.client import CassClient
from cass_cli.escape import escape, escape_controls
from cass_cli.fields import Json, get_int, get_object, get_text
from cass_cli.hookview import plain
from cass_cli.opening import OpenSession, find_session, greet, last_session, new_session, resume_session
from cass_cli.options import Options
from cass_cli.paint import Paint
from cass_cli.words import EXIT_INTERRUPTED, EXIT_USAGE, SESSION_CANCEL, SESSION_PROMPT, SESSION_UPDATE, exit_code

CANCEL_LIMIT = 10.0


@dataclass
class _Run:
    """What one headless run has seen so far."""

    client: CassClient
    options: Options
    session: OpenSession | None = None
    streamed: bool = False
    at_line_start: bool = True
    message_id: str = ""
    interrupted: bool = False
    over: bool = False
    tools: dict[str, Json] = field(default_factory=dict[str, Json])

    def notified(self, method: str, params: Json) -> None:
        if method != SESSION_UPDATE or self.over:
            return
        if self.options.output == "stream-json":
            _line(params)
        update = get_object(params, "update")
        kind = get_text(update, "sessionUpdate")
        if kind == "tool_call_update":
            self._tool(update)
        elif self.options.output == "text":
            self._show(kind, update)

    def _tool(self, update: Json) -> None:
        call = self.tools.setdefault(get_text(update, "toolCallId"), {})
        for key in ("toolCallId", "name", "title", "status", "exitCode", "elapsedMs"):
            if key in update:
                call[key] = update[key]

    def _show(self, kind: str, update: Json) -> None:
        if kind == "agent_message_chunk" and sys.stdout.isatty():
            message_id = get_text(update, "messageId")
            if self.message_id and message_id != self.message_id:
                sys.stdout.write("\n" if self.at_line_start else "\n\n")
            self.message_id, self.streamed = message_id, True
            text = escape(get_text(get_object(update, "content"), "text"))
            self.at_line_start = text.endswith("\n") if text else self.at_line_start
            sys.stdout.write(text)
            sys.stdout.flush()
        elif kind == "_message_discarded" and self.streamed:
            sys.stdout.write("\n[the connection broke; the answer starts again]\n")
            self.message_id, self.at_line_start = "", True
        elif kind == "_notice" and get_text(update, "level") != "info":
            _complain(get_text(update, "text"))
        elif (kind == "_agent_update" and (text := agentview.plain(update, Paint.for_stream(sys.stderr)))) or (
            kind == "_step_update" and (text := stepview.line(update, Paint.for_stream(sys.stderr)))
        ):
            sys.stderr.write(f"{text}\n")
        elif (kind == "_hook_update" and get_text(update, "state") != "done" and (text := plain(update))) or (
            kind == "_mcp_update" and (text := mcpview.line(update))
        ):
            _complain(text)
        elif kind == "_retry":
            seconds = get_int(update, "inMs") / 1000
            attempt = f"{get_int(update, 'attempt')} of {get_int(update, 'maxAttempts')}"
            reason = get_text(update, "reason").removesuffix(".")
            _complain(f"{reason}; trying again in {seconds:.1f} s ({attempt})")


async def run_headless(client: CassClient, options: Options) -> int:
    """Answer one prompt; the exit code says how that went."""
    run = _Run(client, options)
    client.on_notification = run.notified
    work = asyncio.create_task(_answer(run))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, _interrupt, run, work)
    loop.add_signal_handler(signal.SIGTERM, _end, run, work)
    try:
        code = await work
    except asyncio.CancelledError:
        return _finish(run, {"stopReason": "cancelled"}, EXIT_INTERRUPTED)
    except CassError as error:
        code = EXIT_USAGE if error.kind == "usage" else exit_code("error", error.kind)
        failure: Json = {"kind": error.kind, "message": error.message}
        if error.hint:
            failure["hint"] = error.hint
        return _finish(run, {"stopReason": "error", "error": failure}, code)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        await (client.kill() if run.interrupted and not work.done() else client.close())
    return code


async def _answer(run: _Run) -> int:
    await greet(run.client, run.options, person=False)
    run.session = await _open(run.client, run.options)
    if run.interrupted:
        return _finish(run, {"stopReason": "cancelled"}, EXIT_INTERRUPTED)
    prompt = await _told_later(run.session) if run.options.later else run.options.prompt
    result = await run.client.request(
        SESSION_PROMPT,
        {
            "sessionId": run.session.session_id,
            "prompt": [{"type": "text", "text": prompt}],
            "clientKey": uuid.uuid4().hex,
            "wait": True,
        },
    )
    code = exit_code(get_text(result, "stopReason"), get_text(get_object(result, "error"), "kind"))
    return _finish(run, result, code)


async def _told_later(session: OpenSession) -> str:
    """Say which session it is, then read what is to be said in it: nothing has happened before that. CassError where
    nothing comes."""
    _line({"type": "session", "sessionId": session.session_id})
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    prompt = (await reader.read(-1)).decode("utf-8", "replace")
    if not prompt.strip():
        raise CassError("There is no prompt.", kind="usage")
    return prompt


async def _open(client: CassClient, options: Options) -> OpenSession:
    if options.resume:
        return await resume_session(client, options, await find_session(client, options.resume), replay=False)
    if options.continue_last:
        session_id = await last_session(client, options.cwd)
        if session_id is None:
            raise CassError(
                f"There is no earlier session in {options.cwd}.", hint="Leave out -c to start one.", kind="usage"
            )
        return await resume_session(client, options, session_id, replay=False)
    return await new_session(client, options)


def _interrupt(run: _Run, work: asyncio.Task[int]) -> None:
    """First: cancel the turn and wait for its end, a while. Second: leave."""
    if run.interrupted or run.session is None:
        run.interrupted = True
        work.cancel()
        return
    run.interrupted = True
    run.client.notify(SESSION_CANCEL, {"sessionId": run.session.session_id})
    asyncio.get_running_loop().call_later(CANCEL_LIMIT, work.cancel)


def _end(run: _Run, work: asyncio.Task[int]) -> None:
    """Somebody wants the process to end: say which session it was, and leave."""
    run.interrupted = True
    work.cancel()


def _finish(run: _Run, result: Json, code: int) -> int:
    """Print the result in the wanted form; nothing comes after it. Answers the exit code."""
    run.over = True
    if run.options.output == "text":
        _finish_text(run, result)
        return code
    final: Json = {"type": "result"} if run.options.output == "stream-json" else {}
    final |= {
        "sessionId": run.session.session_id if run.session else None,
        "turnId": result.get("turnId"),
        "stopReason": result.get("stopReason"),
        "text": _answer_text(result),
        "usage": result.get("usage"),
        "toolCalls": list(run.tools.values()),
        "exitCode": code,
    }
    if "error" in result:
        final["error"] = result["error"]
    if not final["text"] and get_text(result, "text"):
        final["partialText"] = get_text(result, "text")
    _line(final)
    return code


def _answer_text(result: Json) -> str:
    """The answer; nothing where the turn failed or was cancelled, for then it is only what came before that."""
    return "" if get_text(result, "stopReason") in ("error", "cancelled") else get_text(result, "text")


def _finish_text(run: _Run, result: Json) -> None:
    text = _answer_text(result)
    if run.streamed:
        sys.stdout.write("" if run.at_line_start else "\n")
    elif text:
        shown = escape(text) if sys.stdout.isatty() else escape_controls(text)
        sys.stdout.write(shown if shown.endswith("\n") else shown + "\n")
    sys.stdout.flush()
    error = get_object(result, "error")
    if error:
        _complain("\n".join(filter(None, (get_text(error, "message"), get_text(error, "hint")))))
    elif get_text(result, "stopReason") == "cancelled":
        _complain("Interrupted.")
    elif get_text(result, "stopReason") in ("max_tokens", "max_turn_requests"):
        _complain(f"Stopped at a limit ({get_text(result, 'stopReason')}); the answer is not finished.")
    elif get_text(result, "stopReason") == "refusal":
        _complain("The model refused to answer.")


def _line(value: Json) -> None:
    # ASCII, so that no character of the model's can do anything to a terminal that this is shown in.
    sys.stdout.write(json.dumps(value, separators=(",", ":")) + "\n")
    with contextlib.suppress(ValueError):
        sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(f"cass: {escape(text)}\n")

"""JSON-RPC 2.0 that begins with `initialize`: every request gets exactly one answer, whatever it is and whatever
happens."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from pydantic import ValidationError

from cass.errors import CassError
from cass.protocol.wire import JsonObject, Method, Wire
from cass.rpc.transport import Transport, id_in

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
NOT_INITIALIZED, CANCELLED, CONTENT_MODIFIED, FAILED = -32002, -32800, -32801, -32803
OVERLOADED, AUTH_REQUIRED = -32001, -32000

_CODES = {
    "invalid_params": INVALID_PARAMS,
    "invalid_value": INVALID_PARAMS,
    "invalid_cwd": INVALID_PARAMS,
    "content_modified": CONTENT_MODIFIED,
    "auth_required": AUTH_REQUIRED,
    "rate_limited": OVERLOADED,
}


@dataclass(frozen=True)
class Dialect:
    """What one protocol on JSON-RPC does otherwise than another: the notification that withdraws a request, and the
    field in it that holds the request's id; the code for what comes before `initialize`; the codes of kinds of
    errors that have one there."""

    cancel: str
    cancel_id: str
    not_initialized: int
    codes: Mapping[str, int] = field(default_factory=dict[str, int])


LSP = Dialect("$/cancelRequest", "id", NOT_INITIALIZED)

Id = int | str | float | None
Handler = Callable[[Wire], Awaitable[Wire | None]]
RawHandler = Callable[[JsonObject], Awaitable[object]]

log = logging.getLogger(__name__)


class RpcError(Exception):
    """An answer that is an error."""

    def __init__(self, code: int, message: str, data: JsonObject | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Endpoint:
    """One connection. `typed` are the methods whose parameters are described, `raw` those that read them themselves;
    `other` is given every message that neither knows and says whether it took it."""

    def __init__(self, transport: Transport, dialect: Dialect = LSP) -> None:
        self._transport = transport
        self._dialect = dialect
        self._typed: dict[str, tuple[Method, Handler]] = {}
        self._raw: dict[str, RawHandler] = {}
        self.other: Callable[[JsonObject], bool] = lambda message: False
        self._running: dict[Id, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, asyncio.Future[object]] = {}
        self._ids = itertools.count(1)
        self.state: Literal["new", "ready", "shutdown"] = "new"

    def serve(self, method: Method, handler: Handler) -> None:
        """Answer a method. The parameters are checked before; sync work in the handler is done in order."""
        self._typed[method.name] = (method, handler)

    def serve_raw(self, name: str, handler: RawHandler) -> None:
        """Answer a method that looks at its parameters itself."""
        self._raw[name] = handler

    # --- outgoing ---

    def notify(self, name: str, params_json: str) -> None:
        """Tell; `params_json` is JSON text."""
        self._transport.send(f'{{"jsonrpc":"2.0","method":"{name}","params":{params_json}}}')

    async def request(self, name: str, params: JsonObject) -> object:
        """Ask the client. RpcError when it answers with one. Cancelling this call cancels the client's work, too."""
        id = f"cass-{next(self._ids)}"
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting[id] = future
        self.send({"jsonrpc": "2.0", "id": id, "method": name, "params": params})
        try:
            return await future
        except asyncio.CancelledError:
            self.notify(self._dialect.cancel, json.dumps({self._dialect.cancel_id: id}))
            raise
        finally:
            self._waiting.pop(id, None)

    def send(self, message: Mapping[str, object]) -> None:
        """Put a message on the wire."""
        self._transport.send(json.dumps(message, ensure_ascii=False, separators=(",", ":")))

    def failed(self, error: CassError) -> RpcError:
        """How an error of cass is said on this wire."""
        data: JsonObject = {"kind": error.kind}
        if error.hint:
            data["hint"] = error.hint
        if getattr(error, "retryable", False):
            data["retryable"] = True
        codes = {**_CODES, **self._dialect.codes}
        return RpcError(codes.get(error.kind, FAILED), error.message, data)

    # --- incoming ---

    def on_fault(self, problem: str, data: bytes) -> None:
        """Bytes that were no message: answered, with the id if it can be made out."""
        self._fail(id_in(data), RpcError(PARSE_ERROR, problem))

    def on_message(self, message: object) -> None:
        """One decoded document."""
        if not isinstance(message, dict):
            what = "batches are not supported" if isinstance(message, list) else "a message is a JSON object"
            self._fail(None, RpcError(INVALID_REQUEST, what))
            return
        fields = cast("JsonObject", message)
        if "method" not in fields:
            self._answered(fields)
            return
        id, problem = _checked_id(fields)
        if problem:
            self._fail(id, RpcError(INVALID_REQUEST, problem))
            return
        name = str(fields["method"])
        if "id" in fields:
            self._request(id, name, fields)
        else:
            self._notification(name, fields)

    def lost(self) -> None:
        """The client is gone: nothing that was asked of it will be answered."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(RpcError(FAILED, "the client is gone"))

    def _request(self, id: Id, name: str, fields: JsonObject) -> None:
        refusal = self._refusal(name)
        if refusal:
            self._fail(id, refusal)
            return
        if name not in self._typed and name not in self._raw:
            if not self.other(fields):
                self._fail(id, RpcError(METHOD_NOT_FOUND, f"there is no method {name[:200]!r}"))
            return
        task = asyncio.get_running_loop().create_task(self._answer(id, name, fields.get("params")))
        self._running[id] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _refusal(self, name: str) -> RpcError | None:
        if self.state == "new" and name != "initialize":
            return RpcError(self._dialect.not_initialized, "the server is not initialized")
        if self.state == "shutdown":
            return RpcError(INVALID_REQUEST, "the server is shutting down")
        if self.state == "ready" and name == "initialize":
            return RpcError(INVALID_REQUEST, "the server is initialized already")
        if name == "initialize":
            self.state = "ready"
        return None

    def _notification(self, name: str, fields: JsonObject) -> None:
        if name == self._dialect.cancel:
            params = fields.get("params")
            wanted = cast("JsonObject", params).get(self._dialect.cancel_id) if isinstance(params, dict) else None
            task = self._running.get(_hashable(wanted))
            if task:
                task.cancel()
            else:
                self.other(fields)
            return
        if name != "exit" and self.state != "ready":
            return
        if name in self._typed or name in self._raw:
            task = asyncio.get_running_loop().create_task(self._quietly(name, fields.get("params")))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self.other(fields)

    async def _answer(self, id: Id, name: str, params: object) -> None:
        try:
            result = await self._call(name, params)
            self.send({"jsonrpc": "2.0", "id": id, "result": result})
        except asyncio.CancelledError:
            self._fail(id, RpcError(CANCELLED, "cancelled"))
        except RpcError as error:
            self._fail(id, error)
        finally:
            if self._running.get(id) is asyncio.current_task():
                del self._running[id]

    async def _quietly(self, name: str, params: object) -> None:
        try:
            await self._call(name, params)
        except RpcError as error:
            log.warning("the notification %s was not understood: %s", name, error.message)

    async def _call(self, name: str, params: object) -> object:
        if params is None:
            params = {}
        if not isinstance(params, dict):
            raise RpcError(INVALID_PARAMS, "params must be an object", {"kind": "invalid_params"})
        fields = cast("JsonObject", params)
        try:
            if name in self._raw:
                return await self._raw[name](fields)
            method, handler = self._typed[name]
            result = await handler(method.params.model_validate(fields))
            return result.wire() if result else {}
        except ValidationError as error:
            raise _invalid(error) from None
        except CassError as error:
            raise self.failed(error) from None
        except RpcError:
            raise
        except Exception as error:
            log.exception("%s failed", name)
            raise RpcError(
                INTERNAL, "cass met a fault of its own; its log says more", {"kind": "internal"}
            ) from error

    def _answered(self, fields: JsonObject) -> None:
        """The client's answer to one of our requests; one that nobody waits for is dropped."""
        future = self._waiting.get(str(fields.get("id")))
        if future is None:
            if not self.other(fields) and "result" not in fields and "error" not in fields:
                self._fail(_hashable(fields.get("id")), RpcError(INVALID_REQUEST, "a message needs a method"))
            return
        if future.done():
            return
        error = fields.get("error")
        if isinstance(error, dict):
            problem = cast("JsonObject", error)
            code = problem.get("code")
            future.set_exception(
                RpcError(code if isinstance(code, int) else FAILED, str(problem.get("message", "")))
            )
        else:
            future.set_result(fields.get("result"))

    def _fail(self, id: Id, error: RpcError) -> None:
        answer: JsonObject = {"code": error.code, "message": error.message}
        if error.data:
            answer["data"] = error.data
        self.send({"jsonrpc": "2.0", "id": id, "error": answer})


def _checked_id(fields: JsonObject) -> tuple[Id, str]:
    id = fields.get("id")
    if isinstance(id, bool) or not isinstance(id, int | str | float | None):
        return None, "an id is a number or a string"
    if "id" in fields and id is None:
        return None, "a request's id may not be null"
    if fields.get("jsonrpc") != "2.0":
        return id, 'a message needs "jsonrpc": "2.0"'
    if not isinstance(fields["method"], str):
        return id, "a method is a string"
    return id, ""


def _hashable(value: object) -> Id:
    return value if isinstance(value, int | str | float) else None


def _invalid(error: ValidationError) -> RpcError:
    fields = [
        {"field": ".".join(map(str, e["loc"])), "problem": e["msg"]}
        for e in error.errors(include_url=False, include_context=False, include_input=False)[:20]
    ]
    first = fields[0]
    return RpcError(
        INVALID_PARAMS,
        f"{first['field'] or 'params'}: {first['problem']}",
        {"kind": "invalid_params", "fields": fields},
    )

"""What is offered: every tool of a session in one folder, through the gate, and the agent as one tool more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server as LowLevel
from pydantic import ValidationError

from cass import __version__
from cass.agent.gate import Gate
from cass.errors import ToolError
from cass.mcp_server import asking_cass
from cass.mcp_server.calls import Asked, Call, Content, Said, Waiting
from cass.protocol.asking import ElicitationResult
from cass.protocol.events import StateUpdate
from cass.protocol.messages import Image, ToolCall, ToolKind
from cass.protocol.wire import JsonObject
from mcp import MCPError

if TYPE_CHECKING:
    from cass.mcp_server.asking_cass import Agent
    from cass.ports import Outcome
    from cass.sessions.session import Session

Context = ServerRequestContext[dict[str, object]]

_ANSWER = "answer"
_INSTRUCTIONS = (
    "cass's tools work on the files of {cwd}. What changes something is asked about first, as cass's user set it up. "
    "The tool cass gives a whole task to cass's own agent."
)
_READS: frozenset[ToolKind] = frozenset(["read", "search", "fetch"])
_DESTROYS: frozenset[ToolKind] = frozenset(["edit", "delete", "move", "execute"])


class Server:
    """One connection."""

    def __init__(self, session: Session, agent: Agent) -> None:
        self._session = session
        self._agent = agent
        self._turn_id = f"turn-{uuid4().hex[:12]}"
        self._waiting = Waiting()
        self._specs = {**self._tools()}

    def built(self) -> LowLevel[dict[str, object]]:
        """The package's server with our answers in it."""
        self._session.emit(StateUpdate(turn_id=self._turn_id, state="running"))
        return LowLevel(
            "cass",
            version=__version__,
            title="cass",
            instructions=_INSTRUCTIONS.format(cwd=self._session.cwd),
            on_list_tools=self._list,
            on_call_tool=self._call,
        )

    async def close(self) -> None:
        """Nobody is there any more."""
        await self._waiting.close()
        self._session.emit(StateUpdate(turn_id=self._turn_id, state="idle", stop_reason="end_turn"))

    def _tools(self) -> dict[str, types.Tool]:
        session = self._session
        kinds: dict[str, ToolKind] = {name: tool.kind for name, tool in session.house.tools.items()}
        made = {
            spec.name: types.Tool(
                name=spec.name,
                description=spec.description,
                input_schema=dict(spec.parameters),
                annotations=_hints(kinds[spec.name]),
            )
            for spec in session.house.specs
            if spec.needs in session.offers.now and session.may_use(spec.name)
        }
        made[asking_cass.NAME] = types.Tool(
            name=asking_cass.NAME,
            description=asking_cass.DESCRIPTION,
            input_schema=asking_cass.Task.model_json_schema(),
            annotations=types.ToolAnnotations(read_only_hint=False, open_world_hint=True),
        )
        return made

    async def _list(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=list(self._specs.values()))

    async def _call(
        self, ctx: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        call = self._resumed(params) if params.request_state is not None else self._begun(ctx, params)
        try:
            return await self._followed(ctx, call)
        except asyncio.CancelledError:
            await asyncio.shield(call.cancel())
            raise

    async def _followed(self, ctx: Context, call: Call) -> types.CallToolResult | types.InputRequiredResult:
        steps = 0
        while True:
            said = await call.next()
            if isinstance(said, Content):
                return types.CallToolResult.model_validate(
                    {"content": said.blocks, "isError": said.is_error, "structuredContent": said.data}
                )
            if isinstance(said, Said):
                steps += 1
                await ctx.session.report_progress(steps, None, said.text)
                continue
            if not ctx.session.can_send_request:
                self._waiting.keep(call)
                return types.InputRequiredResult(
                    input_requests={_ANSWER: types.ElicitRequest(params=_form(said))}, request_state=call.id
                )
            form = _form(said)
            answer = await ctx.session.elicit_form(form.message, form.requested_schema, ctx.request_id)
            call.answer(_answered(answer))

    def _begun(self, ctx: Context, params: types.CallToolRequestParams) -> Call:
        if params.name not in self._specs:
            raise MCPError(types.INVALID_PARAMS, f"There is no tool {params.name!r}.")
        given = ctx.session.client_capabilities.elicitation if ctx.session.client_capabilities else None
        can_ask = given is not None and (given.form is not None or given.url is None)
        arguments = cast("JsonObject", params.arguments or {})
        call = Call(can_ask, params.name, arguments)
        if params.name == asking_cass.NAME:
            call.begin(lambda: self._task(arguments))
        else:
            call.begin(lambda: self._tool(params.name, arguments))
        return call

    def _resumed(self, params: types.CallToolRequestParams) -> Call:
        call = self._waiting.take(params.request_state or "")
        if call is None:
            raise MCPError(types.INVALID_PARAMS, "This call is over. Make it anew.")
        if (call.name, call.arguments) != (params.name, params.arguments or {}):
            self._waiting.keep(call)
            raise MCPError(types.INVALID_PARAMS, "This is not the call that was asked about.")
        answer = (params.input_responses or {}).get(_ANSWER)
        call.answer(
            _answered(answer) if isinstance(answer, types.ElicitResult) else ElicitationResult(action="cancel")
        )
        return call

    async def _task(self, arguments: JsonObject) -> Content:
        try:
            return await self._agent.run(arguments)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ToolError(f"cass was called wrongly. {where}: {first['msg']}") from None

    async def _tool(self, name: str, arguments: JsonObject) -> Content:
        session = self._session
        call = ToolCall(id=f"call-{uuid4().hex[:12]}", name=name, arguments=arguments)
        outcome = await Gate(session, session.house.tools, session.rules).call(call, self._turn_id)
        return _content(session, outcome)


def _content(session: Session, outcome: Outcome) -> Content:
    blocks: list[JsonObject] = []
    for block in map(session.masker.model, outcome.content):
        if isinstance(block, Image):
            blocks.append({"type": "image", "data": block.data, "mimeType": block.mime_type})
        else:
            blocks.append({"type": "text", "text": block.text})
    return Content(tuple(blocks), outcome.is_error)


def _hints(kind: ToolKind) -> types.ToolAnnotations:
    return types.ToolAnnotations(
        read_only_hint=kind in _READS,
        destructive_hint=kind in _DESTROYS,
        open_world_hint=kind in ("fetch", "execute"),
    )


def _form(asked: Asked) -> types.ElicitRequestFormParams:
    return types.ElicitRequestFormParams.model_validate({"message": asked.message, "requestedSchema": asked.schema})


def _answered(result: types.ElicitResult) -> ElicitationResult:
    content = cast("JsonObject | None", result.content)
    return ElicitationResult(action=result.action, content=content)

"""The hooks of a session: put together, told of its beginning and end, and of the user's words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cass.agent import between
from cass.hooks import Around, SessionHooks
from cass.ports import Model
from cass.protocol.events import Notice, UserMessage
from cass.protocol.messages import Usage
from cass.protocol.wire import JsonObject
from cass.sessions.transcript import Transcript

if TYPE_CHECKING:
    from cass.process import Fed
    from cass.sessions.session import Session

_MODES = {"ask": "default", "edits": "acceptEdits", "auto": "bypassPermissions"}


class Hooked:
    """The hooks of one session, as its `folder` has them. Nothing is read or started before an event is asked about."""

    def __init__(self, session: Session, folder: Path) -> None:
        self._session = session
        self._fed: Fed | None = None
        self._has_begun = False
        output = session.house.data_dir / "output" / session.session_id
        self._transcript = Transcript(output / "transcript.jsonl", session.session_id, session.cwd)
        self.around = Around(
            session_id=session.session_id,
            cwd=folder,
            config_dir=session.house.config_dir,
            home_dir=session.house.home_dir,
            settings=session.house.client_hooks,
            trust=lambda: session.brought.trust,
            fed=self._programs,
            masker=lambda: session.masker,
            mode=lambda: "plan" if session.mode == "plan" else _MODES.get(session.approval, "default"),
            transcript=lambda: self._transcript.write(session.messages),
            model=self._model,
            used=self._used,
            tell=lambda update: session.emit(update.model_copy(update={"turn_id": session.turn_id})),
        )
        self.hooks = SessionHooks(self.around)

    async def submitted(self, message: UserMessage) -> list[UserMessage]:
        """The user's words are about to be sent: what hooks have the model told with them. SessionError where one
        refuses them."""
        said: list[UserMessage] = []
        if not self._has_begun:
            self._has_begun = True
            if self.hooks.has("SessionStart"):
                source = "resume" if self._session.stream.state.prompts else "startup"
                data: JsonObject = {"source": source, "model": self._session.model_name}
                answer = await self.hooks.fire("SessionStart", data)
                said = between.messages(self._session, between.told(answer))
        self.tell_problems()
        return [*said, *await between.submitted(self._session, message)]

    def tell_problems(self) -> None:
        """What is wrong in the files, each thing once."""
        for problem in self.hooks.problems():
            self._session.emit(Notice(turn_id=self._session.turn_id, level="warning", text=f"Hooks: {problem}"))

    async def close(self) -> None:
        """The session ends; bounded."""
        if self._has_begun:
            await self.hooks.close("other")
        if self._fed is not None:
            await self._fed.close()

    def _programs(self) -> Fed:
        if self._fed is None:
            self._fed = self._session.house.open_fed(self._session.config)
        return self._fed

    def _model(self, name: str) -> Model:
        return self._session.house.models.get(name or self._session.model_name)

    def _used(self, model: Model, usage: Usage) -> None:
        self._session.spent(model.name, usage)

"""`@server:uri` in the user's words: what the server has there is read, and put beside the words."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from cass.errors import CassError
from cass.protocol.events import Notice, UserMessage
from cass.protocol.messages import EmbeddedText, Resource, Text

if TYPE_CHECKING:
    from cass.sessions.session import Session

_MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9][A-Za-z0-9._-]{0,63}):([^\s<>\"'`]+)")
_MOST = 5


async def resolved(session: Session, message: UserMessage) -> UserMessage:
    """The words with what they name beside them, at most five things, each bounded. What cannot be read is said to the
    user, and the words go on without it."""
    said = "\n".join(block.text for block in message.content if isinstance(block, Text))
    if "@" not in said or not (servers := session.servers.all):
        return message
    named = {(match[1], _uri(session, match[1], match[2])): None for match in _MENTION.finditer(said)}
    wanted = [pair for pair in named if pair[0] in servers][:_MOST]
    found = await asyncio.gather(*(_read(session, server, uri) for server, uri in wanted))
    blocks = [block for block in found if block]
    return message.model_copy(update={"content": (*message.content, *blocks)}) if blocks else message


async def _read(session: Session, server: str, uri: str) -> Resource | None:
    try:
        text = await session.servers.read(server, uri)
    except CassError as error:
        text = f"@{server}:{uri} cannot be read: {error.message}"
        session.emit(Notice(turn_id=session.turn_id, level="warning", text=text))
        return None
    return Resource(resource=EmbeddedText(uri=uri, text=text))


def _uri(session: Session, server: str, text: str) -> str:
    """The address without the punctuation of the sentence, unless there is one that ends like that."""
    one = session.servers.all.get(server)
    known = {r.uri for r in one.kept.facts.resources} if one and one.kept.facts else set[str]()
    return text if text in known else text.rstrip(".,;:!?)]}")

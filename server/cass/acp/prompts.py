"""What an ACP client sends as a prompt, as cass's blocks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import cast

from cass.errors import ProtocolError
from cass.protocol.messages import ContentBlock, EmbeddedText, Image, Resource, ResourceLink, Text
from cass.protocol.wire import JsonObject


def blocks(prompt: Sequence[JsonObject]) -> tuple[ContentBlock, ...]:
    """The prompt. ProtocolError `invalid_params` names the block that cannot be taken; pydantic's ValidationError
    says what is missing in one."""
    return tuple(_block(number, block) for number, block in enumerate(prompt))


def _block(number: int, block: JsonObject) -> ContentBlock:
    match block.get("type"):
        case "resource":
            return _resource(number, cast("JsonObject", block.get("resource") or {}))
        case "text":
            return Text.model_validate(block)
        case "image":
            return Image.model_validate(block)
        case "resource_link":
            return ResourceLink.model_validate(block)
        case kind:
            raise ProtocolError(
                f"prompt.{number}: cass does not take {kind!r} blocks",
                hint="It takes text, image, resource and resource_link.",
                kind="invalid_params",
            )


def _resource(number: int, resource: JsonObject) -> ContentBlock:
    blob = resource.get("blob")
    if not isinstance(blob, str):
        return Resource(resource=EmbeddedText.model_validate(resource))
    uri, mime_type = str(resource.get("uri", "")), str(resource.get("mimeType") or "")
    if mime_type.startswith("image/"):
        return Image(data=blob, mime_type=mime_type)
    try:
        text = base64.b64decode(blob, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise ProtocolError(
            f"prompt.{number}: {uri or 'this resource'} is neither text nor a picture",
            hint="Name the file in the prompt instead of sending it.",
            kind="invalid_params",
        ) from None
    return Resource(resource=EmbeddedText(uri=uri, text=text, mime_type=mime_type or None))

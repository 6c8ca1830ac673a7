"""The seams. A plug-in imports this room and `cass.protocol`, nothing more. One file a seam."""

from cass.ports.client import Client
from cass.ports.files import (
    Applied,
    AppliedFile,
    FileEdit,
    Files,
    FileText,
    Listing,
    SearchHit,
    SearchQuery,
    SearchResult,
    Workspace,
)
from cass.ports.jobs import JobReport, Jobs
from cass.ports.model import (
    Completed,
    FinishReason,
    Model,
    ModelEvent,
    ModelNotice,
    ModelRequest,
    Models,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolSpec,
)
from cass.ports.store import Journal, SessionHeader, Store, StoredSession
from cass.ports.tool import Action, Outcome, Question, Tool, ToolContext, ToolSettings

__all__ = [
    "Action",
    "Applied",
    "AppliedFile",
    "Client",
    "Completed",
    "FileEdit",
    "FileText",
    "Files",
    "FinishReason",
    "JobReport",
    "Jobs",
    "Journal",
    "Listing",
    "Model",
    "ModelEvent",
    "ModelNotice",
    "ModelRequest",
    "Models",
    "Outcome",
    "Question",
    "Retrying",
    "SearchHit",
    "SearchQuery",
    "SearchResult",
    "SessionHeader",
    "Store",
    "StoredSession",
    "TextDelta",
    "ThinkingDelta",
    "Tool",
    "ToolContext",
    "ToolSettings",
    "ToolSpec",
    "Workspace",
]

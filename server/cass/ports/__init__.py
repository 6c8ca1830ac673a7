"""The seams. A plug-in imports this room and `cass.protocol`, nothing more. One file a seam."""

from cass.ports.agents import AgentDesk, Agents, Order
from cass.ports.checkpoints import Begun, Checkpoints, Effect, Effects, Entry, Unfinished
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
from cass.ports.hooks import HookAnswer, HookEvent, Hooks
from cass.ports.jobs import JobReport, Jobs
from cass.ports.model import (
    Completed,
    CompletionRequest,
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
    Window,
)
from cass.ports.skills import Skills, SkillText
from cass.ports.store import Journal, SessionHeader, Spending, Spent, Store, StoredSession
from cass.ports.tool import Action, Outcome, Question, Tool, ToolContext, ToolSettings
from cass.ports.trust import Trust

__all__ = [
    "Action",
    "AgentDesk",
    "Agents",
    "Applied",
    "AppliedFile",
    "Begun",
    "Checkpoints",
    "Client",
    "Completed",
    "CompletionRequest",
    "Effect",
    "Effects",
    "Entry",
    "FileEdit",
    "FileText",
    "Files",
    "FinishReason",
    "HookAnswer",
    "HookEvent",
    "Hooks",
    "JobReport",
    "Jobs",
    "Journal",
    "Listing",
    "Model",
    "ModelEvent",
    "ModelNotice",
    "ModelRequest",
    "Models",
    "Order",
    "Outcome",
    "Question",
    "Retrying",
    "SearchHit",
    "SearchQuery",
    "SearchResult",
    "SessionHeader",
    "SkillText",
    "Skills",
    "Spending",
    "Spent",
    "Store",
    "StoredSession",
    "TextDelta",
    "ThinkingDelta",
    "Tool",
    "ToolContext",
    "ToolSettings",
    "ToolSpec",
    "Trust",
    "Unfinished",
    "Window",
    "Workspace",
]

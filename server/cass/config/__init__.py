"""All settings: one frozen tree. A section is a class in a file of this folder. Where values come from is `cass.layers`."""

from __future__ import annotations

from typing import Literal

from cass.config.agents import AgentConfig
from cass.config.faces import CompletionConfig, EditorConfig, LogConfig, UiCompletionConfig, UiConfig
from cass.config.git import GitConfig
from cass.config.hooks import HookEntry, HookEvent, HookRule
from cass.config.keeping import CheckpointConfig, InstructionConfig, SessionsConfig
from cass.config.limits import CompactionConfig, LimitConfig, PermissionConfig, SecretConfig, ToolConfig
from cass.config.mcp import McpConfig, McpOauthConfig, McpServerConfig
from cass.config.models import LlmConfig, ModelConfig, ProviderConfig
from cass.config.schedules import ScheduleConfig
from cass.config.setting import APPROVALS, MODES, ProjectRight, Section, setting
from cass.config.web import WebConfig, WebSearchConfig

__all__ = [
    "APPROVALS",
    "MODES",
    "AgentConfig",
    "CheckpointConfig",
    "CompactionConfig",
    "CompletionConfig",
    "Config",
    "EditorConfig",
    "GitConfig",
    "HookEntry",
    "HookEvent",
    "HookRule",
    "InstructionConfig",
    "LimitConfig",
    "LlmConfig",
    "LogConfig",
    "McpConfig",
    "McpOauthConfig",
    "McpServerConfig",
    "ModelConfig",
    "PermissionConfig",
    "ProjectRight",
    "ProviderConfig",
    "ScheduleConfig",
    "SecretConfig",
    "Section",
    "SessionsConfig",
    "ToolConfig",
    "UiCompletionConfig",
    "UiConfig",
    "WebConfig",
    "WebSearchConfig",
    "setting",
]


class Config(Section):
    """Everything that can be set."""

    model: str | None = setting(None, "The model, as provider/model.", project="trusted")
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = setting(
        None, "Reasoning effort, where the model knows it.", project="trusted"
    )
    mode: Literal["plan", "active"] = setting(
        "active", "plan: changes are only proposed; active: they are made.", project="tighten"
    )
    approval: Literal["ask", "edits", "auto"] = setting(
        "ask",
        "What is asked about in active mode: everything that changes something, all but file edits, or nothing.",
        project="tighten",
    )
    default_provider: str | None = setting(None, "Provider of a model name without one.")
    providers: dict[str, ProviderConfig] = setting(dict, "Endpoints.")
    llm: LlmConfig = setting(LlmConfig, "Requests to the model.")
    permissions: PermissionConfig = setting(PermissionConfig, "Permission rules.")
    compaction: CompactionConfig = setting(CompactionConfig, "Long conversations.")
    limits: LimitConfig = setting(LimitConfig, "Limits of turn, session and day.")
    tools: ToolConfig = setting(ToolConfig, "Limits of the tools.")
    secrets: SecretConfig = setting(SecretConfig, "Masking of secrets.")
    instructions: InstructionConfig = setting(InstructionConfig, "Project instructions.")
    completion: CompletionConfig = setting(CompletionConfig, "Inline completion.")
    editor: EditorConfig = setting(EditorConfig, "Editors.")
    checkpoints: CheckpointConfig = setting(CheckpointConfig, "Undo of what turns did to files.")
    hooks: dict[HookEvent, tuple[HookRule, ...]] = setting(
        dict,
        "Programs that are told what happens and may object: docs/hooks.md. Rules of all files add up.",
        project="trusted",
    )
    web: WebConfig = setting(WebConfig, "The web.")
    git: GitConfig = setting(GitConfig, "Git.")
    mcp: McpConfig = setting(McpConfig, "Servers of the Model Context Protocol: docs/mcp.md.")
    agents: AgentConfig = setting(AgentConfig, "Sub-agents: docs/agents.md.")
    schedules: ScheduleConfig = setting(ScheduleConfig, "Schedules: docs/schedules.md.")
    ui: UiConfig = setting(UiConfig, "The terminal.")
    sessions: SessionsConfig = setting(SessionsConfig, "Stored sessions.")
    log: LogConfig = setting(LogConfig, "The log.")

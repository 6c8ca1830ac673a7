// A conversation as the chat shows it: updates of the server folded into items. Knows neither VS Code nor the DOM.

import type {
  AvailableCommand,
  ConfigOption,
  PlanEntry,
  ReviewCount,
  SessionUpdateParams,
  StepUpdate,
  TurnError,
  Usage,
} from "../protocol";
import { agentText } from "./agents.ts";
import { compacted } from "./compaction.ts";
import { reminded } from "./reminders.ts";
import { markRewound, rewound } from "./rewound.ts";
import { newTool, type ToolItem, toolChanged, toolSaid } from "./tools.ts";

export type Update = SessionUpdateParams["update"];

/** What the user said. `attached` names files that went along. */
export interface UserItem {
  kind: "user";
  id: string;
  text: string;
  attached: string[];
  steering: boolean;
}

/** What the model said; `live` while it is still being said. */
export interface AnswerItem {
  kind: "answer";
  id: string;
  thinking: string;
  text: string;
  live: boolean;
  interrupted: boolean;
}

/** Something to read: of the server, or the reason why a turn ended otherwise than well. */
export interface NoticeItem {
  kind: "notice";
  id: string;
  level: "info" | "warning" | "error";
  text: string;
}

export type { ToolItem };

/** `turn` is the turn that it came with, `gone` the rewind that took it back. */
export type Item = (UserItem | AnswerItem | ToolItem | NoticeItem) & { turn?: string; gone?: string };

/** How full the model's window is, and what the session cost so far. */
export interface Meter {
  used: number;
  size: number;
  estimated: boolean;
  total?: Usage;
}

/** One session, as far as this client has heard of it. */
export interface Conversation {
  sessionId: string;
  cwd: string;
  title: string;
  state: "idle" | "running" | "requires_action";
  turnId: string;
  items: Item[];
  queued: { id: string; text: string; turn: string }[];
  options: ConfigOption[];
  commands: AvailableCommand[];
  /** What may be mentioned of MCP servers, by server. */
  resources: Map<string, readonly string[]>;
  plan: PlanEntry[];
  review: ReviewCount[];
  reminders: Map<string, string>;
  meter?: Meter;
  count: number;
}

/** A session of which nothing was heard yet. */
export function emptyConversation(sessionId: string, cwd: string): Conversation {
  return {
    sessionId,
    cwd,
    title: "",
    state: "idle",
    turnId: "",
    items: [],
    queued: [],
    options: [],
    commands: [],
    resources: new Map(),
    plan: [],
    review: [],
    reminders: new Map(),
    count: 0,
  };
}

/** Take an update in. Returns the item that changed or was added, if one was; `removed` when one went away. */
export function fold(it: Conversation, update: Update): Item | "removed" | undefined {
  const changed = taken(it, update);
  if (changed && changed !== "removed" && "turnId" in update && update.turnId) {
    changed.turn ??= update.turnId;
  }
  return changed;
}

function taken(it: Conversation, update: Update): Item | "removed" | undefined {
  switch (update.sessionUpdate) {
    case "user_message":
      it.queued = it.queued.filter((prompt) => prompt.id !== update.messageId);
      return update.source && update.source !== "user" ? undefined : add(it, userItem(update));
    case "agent_message":
      return settle(it, update);
    case "agent_message_chunk":
    case "agent_thought_chunk":
      return grow(it, update);
    case "_message_discarded":
      return discard(it, update.messageId);
    case "tool_call_update":
      return toolChanged(tool(it, update.toolCallId), update);
    case "tool_call_content_chunk":
      return toolSaid(tool(it, update.toolCallId), update);
    case "state_update":
      return stateChanged(it, update);
    case "_notice":
      return notice(it, update.level, update.text);
    case "_hook_update":
      return hook(it, update);
    case "_mcp_update":
      return mcp(it, update);
    case "_reminder_update": {
      const line = reminded(it.reminders, update);
      return line ? notice(it, "info", line) : undefined;
    }
    case "_retry":
      return retry(it, update);
    case "_step_update":
      return stepChanged(it, update);
    case "_agent_update":
      return line(it, `agent-${update.agentId}`, agentText(update), update.state === "failed" ? "error" : "info");
    case "compaction_update":
      return update.status === "completed" ? notice(it, "info", compacted(update)) : undefined;
    case "_history_cleared":
      return notice(it, "info", "The model starts afresh from here.");
    case "_summary_edited":
      return notice(it, "info", "The summary was rewritten: the model reads yours from here.");
    case "_uncompacted":
      return notice(it, "info", "The model reads again what was left out.");
    case "_rewound":
      markRewound(it.items, update);
      return notice(it, "info", rewound(update));
    case "_permission_granted":
      return notice(it, "info", `Allowed for the rest of this session: ${update.rule}`);
    default:
      remember(it, update);
      return undefined;
  }
}

const SIGNS = { running: "▸", done: "✓", failed: "✗", skipped: "–", cancelled: "■" };

/** One line for each step of a command, which tells how it stands. */
function stepChanged(it: Conversation, update: StepUpdate): Item {
  const id = `step-${update.runId}-${update.step}`;
  const again = (update.attempt ?? 1) > 1 ? ` (try ${update.attempt})` : "";
  const name = update.step ? `${update.step} ${update.title ?? ""}`.trim() : `/${update.command}`;
  const text = `${SIGNS[update.state]} ${name}${again}`;
  return line(it, id, text, update.state === "failed" ? "error" : "info");
}

/** A line that is said again as it changes. */
function line(it: Conversation, id: string, text: string, level: NoticeItem["level"]): Item {
  const known = find(it, "notice", id);
  if (known?.kind === "notice") {
    known.text = text;
    known.level = level;
    return known;
  }
  return add(it, { kind: "notice", id, level, text });
}

/** The conversation's files that have changes to decide about, and how many changes. */
export function openChanges(it: Conversation): { files: number; hunks: number } {
  const files = it.review.filter((file) => file.hunks > 0);
  return { files: files.length, hunks: files.reduce((sum, file) => sum + file.hunks, 0) };
}

function remember(it: Conversation, update: Update): void {
  switch (update.sessionUpdate) {
    case "plan_update":
      it.plan = update.entries;
      break;
    case "config_option_update":
      it.options = update.configOptions;
      break;
    case "available_commands_update":
      it.commands = update.commands;
      break;
    case "session_info_update":
      it.title = update.title;
      break;
    case "usage_update":
      it.meter = {
        used: update.used,
        size: update.size,
        estimated: update.estimated ?? true,
        ...(update.total ? { total: update.total } : {}),
      };
      break;
    case "_prompt_queued":
      wait(it, update);
      break;
    case "_prompt_dropped":
      it.queued = it.queued.filter((prompt) => prompt.id !== update.messageId);
      break;
    case "_review_update":
      it.review = update.files ?? [];
      break;
    default: // kinds that a newer server may send
  }
}

/** Words that wait for the turn's end are shown at the prompt; those that steer are heard soon. */
function wait(it: Conversation, update: Extract<Update, { sessionUpdate: "_prompt_queued" }>): void {
  if (!update.steering && !it.queued.some((prompt) => prompt.id === update.messageId)) {
    const text = update.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
    it.queued.push({ id: update.messageId, text, turn: update.turnId ?? "" });
  }
}

function add<T extends Item>(it: Conversation, item: T): T {
  it.items.push(item);
  return item;
}

/** The last item with this id: what changes is nearly always near the end. */
function find(it: Conversation, kind: Item["kind"], id: string): Item | undefined {
  return it.items.findLast((item) => item.kind === kind && item.id === id);
}

function notice(it: Conversation, level: NoticeItem["level"], text: string): NoticeItem {
  it.count += 1;
  return add(it, { kind: "notice", id: `notice-${it.count}`, level, text });
}

const HOOK_ENDS = { blocked: " said no", failed: " failed", timed_out: " ran too long" };

/** A hook that did and said nothing is not shown. */
function hook(
  it: Conversation,
  update: Extract<Update, { sessionUpdate: "_hook_update" }>,
): NoticeItem | undefined {
  const text = (update.text ?? "").trim();
  if (update.state === "running") {
    return undefined;
  }
  if (update.state === "done") {
    return text ? notice(it, "info", `Hook ${update.name}: ${text}`) : undefined;
  }
  return notice(it, "warning", `Hook ${update.name}${HOOK_ENDS[update.state]}: ${text}`);
}

const MCP = {
  failed: "does not run",
  login: "wants you to sign in (/mcp login)",
  changed: "has changed",
  starting: "broke down",
} as const;

/** A server that does its work is not shown. */
function mcp(it: Conversation, update: Extract<Update, { sessionUpdate: "_mcp_update" }>): NoticeItem | undefined {
  it.resources.set(update.server, update.resources ?? []);
  const state = update.state in MCP ? MCP[update.state as keyof typeof MCP] : undefined;
  if (!state || !update.text) {
    return undefined;
  }
  return notice(it, "warning", `MCP server ${update.server} ${state}: ${update.text}`);
}

function retry(it: Conversation, update: Extract<Update, { sessionUpdate: "_retry" }>): NoticeItem {
  const seconds = Math.max(1, Math.round(update.inMs / 1000));
  const text = `${update.reason} Trying again in ${seconds} s (${update.attempt} of ${update.maxAttempts}).`;
  const last = it.items.at(-1);
  if (last?.kind === "notice" && last.id.startsWith("retry-")) {
    last.text = text;
    return last;
  }
  it.count += 1;
  return add(it, { kind: "notice", id: `retry-${it.count}`, level: "warning", text });
}

/** So begins what the server adds to a prompt about the editor; nobody typed it. */
const CONTEXT = "\n\n[Editor]\n";

function userItem(update: Extract<Update, { sessionUpdate: "user_message" }>): UserItem {
  const texts: string[] = [];
  const attached: string[] = [];
  for (const block of update.content) {
    if (block.type === "text") {
      texts.push(...(block.text.startsWith(CONTEXT) ? [] : [block.text]));
    } else if (block.type === "resource_link") {
      attached.push(block.name || baseName(block.uri));
    } else if (block.type === "resource") {
      attached.push(baseName(block.resource.uri));
    } else {
      attached.push("picture");
    }
  }
  return {
    kind: "user",
    id: update.messageId,
    text: texts.join("\n"),
    attached,
    steering: update.steering ?? false,
  };
}

function baseName(uri: string): string {
  const name = uri.slice(uri.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(name).replace(
      /#L(\d+)-L(\d+)$/,
      (_all, from, to) => `:${from === to ? from : `${from}-${to}`}`,
    );
  } catch {
    return name;
  }
}

function answer(it: Conversation, id: string): AnswerItem {
  const there = find(it, "answer", id);
  if (there?.kind === "answer") {
    return there;
  }
  return add(it, { kind: "answer", id, thinking: "", text: "", live: true, interrupted: false });
}

function grow(
  it: Conversation,
  update: Extract<Update, { sessionUpdate: "agent_message_chunk" | "agent_thought_chunk" }>,
): AnswerItem {
  const item = answer(it, update.messageId);
  if (update.sessionUpdate === "agent_message_chunk") {
    item.text += update.content.text;
  } else {
    item.thinking += update.content.text;
  }
  return item;
}

function settle(it: Conversation, update: Extract<Update, { sessionUpdate: "agent_message" }>): Item | "removed" {
  let text = "";
  let thinking = "";
  for (const block of update.content) {
    if (block.type === "text") {
      text += block.text;
    } else if (block.type === "thinking") {
      thinking += block.text ?? "";
    }
  }
  if (!text && !thinking) {
    return discard(it, update.messageId) ?? "removed";
  }
  const item = answer(it, update.messageId);
  item.text = text;
  item.thinking = thinking;
  item.live = false;
  item.interrupted = update.interrupted ?? false;
  return item;
}

function discard(it: Conversation, id: string): "removed" | undefined {
  const at = it.items.findLastIndex((item) => item.kind === "answer" && item.id === id);
  if (at < 0) {
    return undefined;
  }
  it.items.splice(at, 1);
  return "removed";
}

function tool(it: Conversation, id: string): ToolItem {
  const there = find(it, "tool", id);
  if (there?.kind === "tool") {
    return there;
  }
  return add(it, newTool(id));
}

const ENDS: Record<string, string> = {
  max_tokens: "The answer was cut: it reached the longest length the model may give.",
  max_turn_requests: "The turn was stopped at a limit.",
  refusal: "The model refused to answer.",
  cancelled: "Stopped.",
};

function stateChanged(
  it: Conversation,
  update: Extract<Update, { sessionUpdate: "state_update" }>,
): NoticeItem | undefined {
  it.state = update.state;
  // A slash command begins its turn without a message.
  it.queued = it.queued.filter((prompt) => prompt.turn === "" || prompt.turn !== update.turnId);
  it.turnId = update.state === "idle" ? "" : (update.turnId ?? it.turnId);
  if (update.state !== "idle") {
    return undefined;
  }
  for (const item of it.items) {
    if (item.kind === "answer") {
      item.live = false;
    }
  }
  if (update.error) {
    return notice(it, "error", errorText(update.error));
  }
  const text = update.stopReason ? ENDS[update.stopReason] : undefined;
  return text ? notice(it, update.stopReason === "cancelled" ? "info" : "warning", text) : undefined;
}

function errorText(error: TurnError): string {
  return error.hint ? `${error.message} ${error.hint}` : error.message;
}

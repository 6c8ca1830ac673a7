// The protocol's types. Made from docs/protocol.schema.json by scripts/protocol_types.py; do not edit.

/** Where the user is. */
export interface ActiveEditor {
  selectedText?: string;
  selection: Range;
  uri: string;
  visible?: Range;
}

/** The session that is meant. */
export interface AgentListParams {
  sessionId: string;
}

/** Every sub-agent that this session has had, as it stands, those that work for others behind these; the profiles;
 * and what is wrong in their files. */
export interface AgentListResult {
  agents: AgentUpdate[];
  problems?: string[];
  profiles?: AgentProfile[];
}

/** A whole answer of the model, authoritative over the chunks before it. `interrupted` marks one that was
 * cut by the user, a limit or a broken connection: it is not a finished answer. `planned` calls were made by a command of
 * the user's, not by the model. */
export interface AgentMessage {
  content: (Text | Thinking | ToolCall)[];
  interrupted?: boolean;
  messageId: string;
  model?: string;
  planned?: boolean;
  sessionUpdate: "agent_message";
  turnId?: string;
  usage?: Usage;
}

/** Some more text of an answer. */
export interface AgentMessageChunk {
  content: Text;
  messageId: string;
  sessionUpdate: "agent_message_chunk";
  turnId?: string;
}

/** A profile that a sub-agent can have. `path` is its file; absent for one of cass's own. */
export interface AgentProfile {
  description: string;
  name: string;
  origin: "builtin" | "user" | "project";
  path?: string;
}

/** End a sub-agent, by its name or id, or `all`. */
export interface AgentStopParams {
  agent: string;
  sessionId: string;
}

/** Words for a sub-agent, by its name or id: it reads them before its next request. */
export interface AgentTellParams {
  agent: string;
  sessionId: string;
  text: string;
}

/** Some more of the model's reasoning. */
export interface AgentThoughtChunk {
  content: Text;
  messageId: string;
  sessionUpdate: "agent_thought_chunk";
  turnId?: string;
}

/** How one sub-agent stands. `agent_id` is its session's id, `name` what it is called, `profile` what it is, `task` a
 * short title. `activity` is what it does now, in a few words; `text` its answer's beginning, or what went wrong.
 * `works_for` names the sub-agent that it belongs to, where that is not the session itself; what it used is then part of
 * what that one used. */
export interface AgentUpdate {
  activity?: string;
  agentId: string;
  isBackground?: boolean;
  name: string;
  profile: string;
  sessionUpdate: "_agent_update";
  state: "waiting" | "running" | "requires_action" | "done" | "failed" | "cancelled";
  task: string;
  text?: string;
  toolCallId?: string;
  turnId?: string;
  usage?: Usage;
  worksFor?: string;
}

/** The sub-agents that were meant, as they stand now. */
export interface AgentsResult {
  agents: AgentUpdate[];
}

/** A slash command. `hint` says what may follow its name; `parameters` are there where it has typed ones, `origin` where
 * it is not cass's own. */
export interface AvailableCommand {
  description: string;
  hint?: string;
  name: string;
  origin?: "user" | "project" | "plugin";
  parameters?: CommandParameter[];
}

/** The slash commands that this session knows. */
export interface AvailableCommandsUpdate {
  commands: AvailableCommand[];
  sessionUpdate: "available_commands_update";
  turnId?: string;
}

/** Stop the running turn and drop what is queued. A `turn_id` that is not running is ignored. */
export interface CancelParams {
  sessionId: string;
  turnId?: string;
}

/** The session whose commands are meant; none for the built-in ones. */
export interface CommandListParams {
  sessionId?: string;
}

/** Slash commands, by name. */
export interface CommandListResult {
  commands: AvailableCommand[];
}

/** Something that a command asks for, given as `name=value`. `values` are those that an `enum` takes; a `file` is a path
 * in the project; a `selection` is what is selected in the editor. */
export interface CommandParameter {
  default?: string | number | boolean;
  description?: string;
  name: string;
  required?: boolean;
  type?: "string" | "int" | "number" | "bool" | "enum" | "file" | "selection" | "list";
  values?: string[];
}

/** The conversation that the model is sent is made shorter. `completed` does it, in this order: results of the
 * calls in `folded` (call id → the line that stands for the result) are replaced by their line, and the arguments of
 * those in `arguments` (call id → what stands for them); then the first
 * `replaced` messages by those in `kept`. `summary` is the text in `kept` that a model, or cass itself where no
 * model could, wrote of what is left out. `before` and `after` are tokens, as far as known. The journal keeps the
 * originals: `_uncompacted` gives them back. */
export interface CompactionUpdate {
  after?: number;
  arguments?: Record<string, Record<string, unknown>>;
  before?: number;
  compactionId: string;
  focus?: string;
  folded?: Record<string, string>;
  kept?: Message[];
  model?: string;
  replaced?: number;
  sessionUpdate: "compaction_update";
  status: "in_progress" | "completed" | "failed";
  summary?: string;
  trigger?: "auto" | "manual" | "overflow";
  turnId?: string;
  usage?: Usage;
}

/** Whether completion is on for a language (LSP's language id), in a session or without one. */
export interface CompletionGetParams {
  cwd?: string;
  languageId?: string;
  sessionId?: string;
}

/** Switch completion, for one language or all. `user` and `project` are remembered, `session` is not. */
export interface CompletionSetParams {
  cwd?: string;
  enabled: boolean;
  languageId?: string;
  scope?: "user" | "project" | "session";
  sessionId?: string;
}

/** Whether it is on, what decided that, in words, and the model that completes. */
export interface CompletionStatus {
  because: string;
  enabled: boolean;
  model?: string;
}

/** Something of the session that the user may switch: mode, approval, model, effort. `options` is empty
 * where any value of the right form is taken. */
export interface ConfigOption {
  category: string;
  currentValue: string;
  description?: string;
  id: string;
  name: string;
  options?: ConfigOptionValue[];
}

/** All config options with their present values. */
export interface ConfigOptionUpdate {
  configOptions: ConfigOption[];
  sessionUpdate: "config_option_update";
  turnId?: string;
}

/** One choice of a config option. */
export interface ConfigOptionValue {
  description?: string;
  name: string;
  value: string;
}

/** All options with their present values. */
export interface ConfigOptionsResult {
  configOptions: ConfigOption[];
}

/** Where the model's window goes. `size` is the window, `window` says how it is known; a request of more than
 * `compacts_at` tokens is made shorter first. `estimated` is true until the provider has counted a request. `total`
 * is what the session used so far; `compacted` says that something is left out, which `/uncompact` gives back, and
 * `summary` is what the model reads in its place, if it was summed up. */
export interface ContextGetResult {
  compacted?: boolean;
  compactsAt?: number;
  estimated: boolean;
  items?: ContextItem[];
  parts: ContextPart[];
  size: number;
  summary?: string;
  total?: Usage;
  used: number;
  window?: string;
}

/** One thing that the model is sent: of the part `kind`, a message, a tool's result, a file with rules. */
export interface ContextItem {
  kind: string;
  name: string;
  tokens: number;
}

/** One part of what the model is sent. `tokens` is counted or, mostly, estimated. */
export interface ContextPart {
  name: string;
  tokens: number;
}

/** What a language server says of a place. `severity` is LSP's: 1 error, 2 warning, 3 information, 4 hint. */
export interface Diagnostic {
  code?: string;
  message: string;
  range: Range;
  severity?: number;
  source?: string;
  uri: string;
}

/** Diagnostics of these documents; of all that the editor has for no names. With `settle_ms` the editor answers
 * when they have changed and then been quiet for a moment, at the latest after that many milliseconds. */
export interface DiagnosticsParams {
  settleMs?: number;
  uris?: string[];
}

/** The diagnostics. */
export interface DiagnosticsResult {
  diagnostics?: Diagnostic[];
}

/** A change to one file as whole-file hunks in unified form, for display. */
export interface DiffContent {
  patch: string;
  path: string;
  type: "diff";
}

/** The document that is meant. */
export interface DocumentParams {
  uri: string;
}

/** What was saved. A document that is not open, or has no unsaved changes, counts as saved. */
export interface DocumentSaveResult {
  failed?: NotSaved[];
  saved?: string[];
}

/** The documents that are meant. */
export interface DocumentsParams {
  uris: string[];
}

/** The proposal that is meant. */
export interface EditGetParams {
  proposalId: string;
}

/** A proposal with all its hunks. */
export interface EditGetResult {
  proposal: EditProposal;
}

/** A change that the model wants, before, during and after the decision about it. */
export interface EditProposal {
  files: ProposedFile[];
  proposalId: string;
  sessionId: string;
  state: "proposed" | "accepted" | "applied" | "rejected" | "reverted" | "stale" | "conflict";
  title: string;
  toolCallId: string;
  turnId: string;
}

/** Decide about a proposal. `acceptHunks` takes the hunks in `hunk_ids` and refuses the others; `decisions`
 * says it hunk by hunk instead, with reasons and amended text. The same call again answers the same. */
export interface EditResolveParams {
  action: "accept" | "reject" | "acceptHunks";
  baseHash?: string;
  decisions?: HunkDecision[];
  hunkIds?: string[];
  proposalId: string;
  reason?: string;
}

/** The proposal's state afterwards, the files that were written, and those that could not be. */
export interface EditResolveResult {
  appliedUris?: string[];
  conflicts?: string[];
  state: "proposed" | "accepted" | "applied" | "rejected" | "reverted" | "stale" | "conflict";
}

/** A proposal was made (then `proposal` is given) or changed its state. */
export interface EditUpdate {
  decisions?: HunkDecision[];
  proposal?: EditProposal;
  proposalId: string;
  sessionUpdate: "_edit_update";
  state: "proposed" | "accepted" | "applied" | "rejected" | "reverted" | "stale" | "conflict";
  turnId?: string;
}

/** What the user is looking at. */
export interface EditorContextResult {
  active?: ActiveEditor;
  open?: OpenTab[];
}

/** What one call, or a rewind, did to files outside of buffers and edits alike: the record `effects_id` in the
 * checkpoint store says it path by path. `paths` names at most 100 of the `files`. `missing` are paths whose former
 * content could not be kept (too big). `recovered`: cass ended while it was done, and it was looked for when the
 * session was opened again; what was changed clearly later is left out. */
export interface EffectsUpdate {
  effectsId: string;
  files: number;
  missing?: string[];
  paths?: string[];
  recovered?: boolean;
  sessionUpdate: "_effects_update";
  toolCallId?: string;
  turnId?: string;
}

/** A question is not asked any more: somebody else answered it, or it is not needed. Comes with `$/cancelRequest`, for
 * clients that cannot see the ids of requests. */
export interface ElicitationCompleteParams {
  elicitationId: string;
  sessionId: string;
}

/** A question of the model to the user, or a form of a command or an MCP server. `requested_schema` is a flat JSON Schema
 * object. */
export interface ElicitationParams {
  elicitationId?: string;
  message: string;
  requestedSchema: Record<string, unknown>;
  sessionId: string;
}

/** The user's answer: `content` holds the fields on `accept`. */
export interface ElicitationResult {
  action: "accept" | "decline" | "cancel";
  content?: Record<string, unknown>;
}

/** The text of a resource and where it came from. */
export interface EmbeddedText {
  mimeType?: string;
  text: string;
  uri: string;
}

/** No fields. */
export interface Empty {
}

/** Write a session down: `json` holds all of it, `markdown` and `html` are for reading. With `path`, absolute, it is
 * written to that file, which must not be there yet. */
export interface ExportParams {
  format?: string;
  path?: string;
  sessionId: string;
}

/** The text, or the file that it was written to. */
export interface ExportResult {
  content?: string;
  path?: string;
}

/** One finding of a review. Lines count from 1, both ends included; `path` is absolute. */
export interface Finding {
  code?: string;
  endLine: number;
  line: number;
  message: string;
  path: string;
  severity: "error" | "warning" | "information" | "hint";
}

/** All findings of this source; they replace those that it told before. An empty list takes them away. */
export interface FindingsUpdate {
  findings?: Finding[];
  sessionUpdate: "_findings_update";
  source: string;
  turnId?: string;
}

/** Begin a new session with what another one holds up to the end of a turn, or of the last turn that ended. `turn`
 * names it by its number instead: 1 is the first in which the user said something, -1 the last. */
export interface ForkParams {
  sessionId: string;
  turn?: number;
  turnId?: string;
}

/** The model starts with an empty conversation from here; the journal keeps what was. */
export interface HistoryCleared {
  sessionUpdate: "_history_cleared";
  turnId?: string;
}

/** A hook ran. `hook_id` is the same from `running` to its end. `blocked`: it said no, and `text` says why. `text` is
 * what the user should see of its output, bounded. Only an end that says something is kept. */
export interface HookUpdate {
  elapsedMs?: number;
  hookEvent: string;
  hookId: string;
  name: string;
  sessionUpdate: "_hook_update";
  state: "running" | "done" | "blocked" | "failed" | "timed_out";
  text?: string;
  toolCallId?: string;
  turnId?: string;
}

/** One contiguous change. Lines are counted from 1 in the base text and in the proposed text; the texts
 * keep their line ends. A hunk that only inserts has `old_lines` 0 and stands before line `old_start`. */
export interface Hunk {
  hunkId: string;
  newLines: number;
  newStart: number;
  newText: string;
  oldLines: number;
  oldStart: number;
  oldText: string;
}

/** The verdict on one hunk. `reason` goes to the model; `text` replaces the hunk's new text on `amend`. */
export interface HunkDecision {
  decision: "accept" | "reject" | "amend";
  hunkId: string;
  reason?: string;
  text?: string;
}

/** A picture: `data` is base64, `mime_type` as in `image/png`. */
export interface Image {
  data: string;
  mimeType: string;
  type: "image";
}

/** Bring in the sessions that a file holds: cass's own JSON, or another program's log. Without `format` the file is
 * looked at. `path` is absolute; without it the logs that the program `format` keeps of the folder `cwd` are taken.
 * `cwd` is where the sessions belong, if their own folder is not here. */
export interface ImportParams {
  cwd?: string;
  format?: string;
  path?: string;
}

/** The new sessions. `left_out` counts the parts that were damaged or are not known; `problems` are files that could
 * not be read at all, and why. */
export interface ImportResult {
  leftOut?: number;
  problems?: string[];
  sessions: SessionInfo[];
}

/** A command runs in the background, or ended. `output` is the file that holds what it printed. */
export interface JobUpdate {
  command: string;
  exitCode?: number;
  jobId: string;
  output?: string;
  sessionUpdate: "_job_update";
  state: "running" | "exited" | "timed_out" | "killed" | "lost";
  turnId?: string;
}

/** A place in some document. */
export interface Location {
  range: Range;
  uri: string;
}

/** Places. */
export interface LocationsResult {
  locations?: Location[];
}

/** A server that the client names: a program with its arguments, or an address. As other tools write it in
 * `.mcp.json`; `type` is `stdio`, `http` or `sse`. */
export interface McpServer {
  args?: string[];
  command?: string;
  cwd?: string;
  env?: Record<string, string>;
  headers?: Record<string, string>;
  type?: "stdio" | "http" | "sse";
  url?: string;
}

/** How one MCP server stands. `text` says what is wrong and how to mend it. `changed`: what its tools say is not what
 * was agreed to; they are not offered until the user looked at them. `login`: it wants the user to sign in. `resources` are what can be
 * named in a prompt as `@server:uri`, at most 200. */
export interface McpUpdate {
  resources?: string[];
  server: string;
  sessionUpdate: "_mcp_update";
  state: "waiting" | "starting" | "ready" | "failed" | "login" | "changed" | "off";
  text?: string;
  tools?: number;
  turnId?: string;
}

/** One entry of the conversation. `role: tool` holds tool results only. */
export interface Message {
  content: (Text | Thinking | Image | Resource | ResourceLink | ToolCall | ToolResult)[];
  role: "user" | "assistant" | "tool";
}

/** The chunks of this message so far are void: the stream broke and is being asked for again. */
export interface MessageDiscarded {
  messageId: string;
  sessionUpdate: "_message_discarded";
  turnId?: string;
}

/** A model as `provider/model`. `context_window` is in tokens, None when unknown; prices are US dollars per
 * million tokens. */
export interface ModelInfo {
  contextWindow?: number;
  inputPrice?: number;
  name: string;
  note?: string;
  outputPrice?: number;
}

/** What the configured providers offer. `problems` says which could not be asked, and why. */
export interface ModelsListResult {
  default?: string;
  models: ModelInfo[];
  problems?: string[];
}

/** A document that could not be saved, and why. */
export interface NotSaved {
  message: string;
  uri: string;
}

/** No fields. */
export interface Nothing {
}

/** Something the user should read. */
export interface Notice {
  level: "info" | "warning" | "error";
  sessionUpdate: "_notice";
  text: string;
  turnId?: string;
}

/** A document that is open. */
export interface OpenTab {
  dirty?: boolean;
  uri: string;
  visible?: boolean;
}

/** The user allowed this rule for the rest of the session. */
export interface PermissionGranted {
  rule: string;
  sessionUpdate: "_permission_granted";
  turnId?: string;
}

/** An answer that may be given. `kind` is ACP's word for what it does. */
export interface PermissionOption {
  kind: "allow_once" | "allow_always" | "reject_once" | "reject_always";
  name: string;
  optionId: string;
}

/** The answer. `note` is told to the model on a refusal; `hunks` gives a verdict hunk by hunk for an edit.
 * Anything but a known option is a refusal. */
export interface PermissionOutcome {
  hunks?: HunkDecision[];
  note?: string;
  optionId?: string;
  outcome: "selected" | "cancelled";
}

/** What is asked about: a tool call, a command line, or an edit proposal. */
export interface PermissionSubject {
  command?: string;
  cwd?: string;
  proposalId?: string;
  toolCallId: string;
  type: "tool_call" | "command" | "edit";
}

/** A place in a document. */
export interface PlaceParams {
  position: Position;
  uri: string;
}

/** One to-do. */
export interface PlanEntry {
  content: string;
  priority?: "high" | "medium" | "low";
  status?: "pending" | "in_progress" | "completed";
}

/** The whole list of to-dos, replacing the one before. */
export interface PlanUpdate {
  entries: PlanEntry[];
  sessionUpdate: "plan_update";
  turnId?: string;
}

/** A place in a document. */
export interface Position {
  character: number;
  line: number;
}

/** What the user is looking at, for the model. */
export interface PromptContext {
  activeUri?: string;
  openUris?: string[];
  selection?: string;
}

/** Words that waited are not said any more: the user cancelled, or cass ended before they could be. */
export interface PromptDropped {
  messageId: string;
  sessionUpdate: "_prompt_dropped";
  turnId?: string;
}

/** Say something. `start` needs an idle session, `queue` waits for the turn's end, `steer` reaches the
 * running turn before its next request; without a mode it is `start` when idle and `queue` when not. The same
 * `client_key` again is the same prompt: no second turn. With `wait` the answer comes at the turn's end. */
export interface PromptParams {
  clientKey?: string;
  context?: PromptContext;
  expectedTurnId?: string;
  mode?: "start" | "steer" | "queue";
  prompt: (Text | Image | Resource | ResourceLink)[];
  sessionId: string;
  wait?: boolean;
}

/** The user's words were taken and wait for the running turn to end. `turn_id` is the turn they will begin; the
 * `user_message` with the same `message_id` says that it began. `steering` words wait for the next request. */
export interface PromptQueued {
  clientKey?: string;
  content: (Text | Image | Resource | ResourceLink)[];
  messageId: string;
  sessionUpdate: "_prompt_queued";
  steering?: boolean;
  turnId?: string;
}

/** Accepted: `turn_id` and `message_id`. At the end, with `wait`: also `stop_reason`, the answer's `text` and
 * the turn's `usage`, and `error` for a turn that failed. */
export interface PromptResult {
  error?: Record<string, unknown>;
  messageId?: string;
  stopReason?: "end_turn" | "max_tokens" | "max_turn_requests" | "refusal" | "cancelled" | "error";
  text?: string;
  turnId: string;
  usage?: Usage;
}

/** The change to one file. `path` is absolute. `base_hash` is the sha256, in hex, of the base text encoded
 * as UTF-8 (empty for a new file); `base_version` is the editor's version when the file is open there. */
export interface ProposedFile {
  baseHash?: string;
  baseVersion?: number;
  encoding?: string;
  eol?: string;
  hunks?: Hunk[];
  moveTo?: string;
  op: "add" | "modify" | "delete" | "move";
  path: string;
}

/** Remove the sessions that the settings `sessions.*` keep no longer. With `dry_run` only say which. */
export interface PruneParams {
  dryRun?: boolean;
}

/** The sessions that were, or would be, removed. */
export interface PruneResult {
  sessions: SessionInfo[];
}

/** Words to look for. */
export interface QueryParams {
  query: string;
}

/** From `start` to `end`, the end not included. */
export interface Range {
  end: Position;
  start: Position;
}

/** A prompt that this session will be given at a time. `at` (ISO 8601 with its offset) is the next time, None once it
 * is over. A loop comes again `every` so many seconds, `left` times more (None: without end) and not after `until`.
 * `missed`: it was due while the session was closed. */
export interface ReminderUpdate {
  at?: string;
  every?: number;
  left?: number;
  prompt: string;
  reminderId: string;
  sessionUpdate: "_reminder_update";
  state: "waiting" | "fired" | "missed" | "removed";
  turnId?: string;
  until?: string;
}

/** Rename what stands at a place. The editor says what would change and changes nothing. */
export interface RenameParams {
  newName: string;
  position: Position;
  uri: string;
}

/** The edits, by document; no two of them overlap. */
export interface RenameResult {
  changes?: Record<string, TextEdit[]>;
}

/** Replay what came after update `seq`, as far as this process still has it. */
export interface ReplayFromSeq {
  seq: number;
  type: "seq";
}

/** Replay everything the journal keeps. */
export interface ReplayFromStart {
  type: "start";
}

/** May this run? What is shown is what will run, byte for byte. Control characters in it are the client's to
 * show escaped. */
export interface RequestPermissionParams {
  description?: string;
  options: PermissionOption[];
  proposal?: EditProposal;
  sessionId: string;
  subject: PermissionSubject;
  title: string;
  turnId: string;
}

/** The user's answer. */
export interface RequestPermissionResult {
  outcome: PermissionOutcome;
}

/** A file or other resource whose text travels with the prompt (ACP's embedded context). */
export interface Resource {
  resource: EmbeddedText;
  type: "resource";
}

/** A file that the model may read, named only. */
export interface ResourceLink {
  name?: string;
  type: "resource_link";
  uri: string;
}

/** A request to the model failed and will be sent again in `in_ms` milliseconds. */
export interface Retry {
  attempt: number;
  inMs: number;
  maxAttempts: number;
  reason: string;
  sessionUpdate: "_retry";
  turnId?: string;
}

/** The changes of a file that nobody has decided about are those from one text to another, by their hashes as
 * in `ProposedFile`. An empty `base_hash` stands for no file; without `known_hash` nothing is left to decide. */
export interface ReviewBase {
  baseHash?: string;
  knownHash?: string;
  path: string;
  sessionUpdate: "_review_base";
  turnId?: string;
}

/** How many changes of a file wait for a decision. */
export interface ReviewCount {
  hunks: number;
  path: string;
}

/** A file with changes to decide about. `move_to` is given for a proposed move. */
export interface ReviewFile {
  hunks: ReviewHunk[];
  moveTo?: string;
  op?: "add" | "modify" | "delete" | "move";
  path: string;
  uri: string;
}

/** A change to decide about. A `proposed` one is not made yet: `old_text` stands in the file. A `made` one is:
 * `new_text` stands there. `line` is its first line in the present text, counted from 1, and `lines` how many it
 * covers there; with 0 lines it stands before `line`. Ids hold until the hunk is decided or its text changes. */
export interface ReviewHunk {
  hunkId: string;
  kind: "proposed" | "made";
  line: number;
  lines: number;
  newText: string;
  oldText: string;
  proposalId?: string;
}

/** The changes of a session that wait for a decision; only those of one document with `uri`. */
export interface ReviewListParams {
  sessionId: string;
  uri?: string;
}

/** Files in order of their path, hunks from top to bottom. `conflicts` says of proposals that fit no more. */
export interface ReviewListResult {
  conflicts?: string[];
  files?: ReviewFile[];
}

/** Decide. `keep` accepts what is proposed and keeps what is made; `revert` refuses the one and takes back the
 * other; `amend` keeps with `text` in the place of the hunk's new text; `comment` decides nothing and tells the
 * model `comment` about the hunk. Without `hunk_ids` it is about the whole document, without `uri` about all. A
 * `comment` beside another action is its reason, and the model reads it. */
export interface ReviewResolveParams {
  action: "keep" | "revert" | "amend" | "comment";
  comment?: string;
  hunkIds?: string[];
  sessionId: string;
  text?: string;
  uri?: string;
}

/** What is left to decide, and what could not be done, in words. */
export interface ReviewResolveResult {
  conflicts?: string[];
  files?: ReviewFile[];
}

/** The changes that wait for a decision are others now; `cass/review/list` has them. */
export interface ReviewUpdate {
  files?: ReviewCount[];
  sessionUpdate: "_review_update";
  turnId?: string;
}

/** What becomes of one path. `merged`: later changes of the user's are kept. `refused`: it is left alone, and
 * `reason` says why. */
export interface RewindFile {
  action: "restored" | "recreated" | "removed" | "merged" | "refused";
  path: string;
  reason?: string;
}

/** The session that is meant. */
export interface RewindListParams {
  sessionId: string;
}

/** The turns, newest first, and the latest rewind that can be undone. */
export interface RewindListResult {
  turns: RewindTurn[];
  undo?: string;
}

/** Back to before `turn_id`. With `only`, what this turn alone did to files is taken back, and later turns stay;
 * the scope is `files` then. `paths` restricts files to these, or those in these folders: absolute, or relative to
 * the session's folder. */
export interface RewindParams {
  only?: boolean;
  paths?: string[];
  scope?: "conversation" | "files" | "both";
  sessionId: string;
  turnId: string;
}

/** What `apply` would do now: the `files`, how many `turns` the conversation loses, and problems with what was
 * kept. */
export interface RewindPreviewResult {
  files?: RewindFile[];
  problems?: string[];
  turns?: number;
}

/** What was done. Without a `rewind_id` there was nothing to do. `prompt` is what the turn began with, to be
 * changed and sent again, where the conversation went back. */
export interface RewindResult {
  problems?: string[];
  prompt?: string;
  refused?: RewindFile[];
  restored?: RewindFile[];
  rewindId?: string;
}

/** A turn that can be gone back to. `prompt` is what it began with, at most 200 characters; `files` says how many
 * files it changed, as far as that was kept. `conversation` is false when the conversation does not hold it any
 * more, and only its files can be taken back. */
export interface RewindTurn {
  conversation?: boolean;
  files: number;
  prompt: string;
  turnId: string;
}

/** Take a rewind back: this one, or the latest. */
export interface RewindUndoParams {
  rewindId?: string;
  sessionId: string;
}

/** The session went back to before `turn_id` began. With the scope `conversation` or `both` nothing that was said
 * since counts any more; with `files` or `both` the effects of those turns on files were taken back, which is the
 * effect `effects_id` itself. `undoes` names an earlier `_rewound` that is void again by this one; then `turn_id` is
 * that one's. */
export interface Rewound {
  effectsId?: string;
  rewindId: string;
  scope: "conversation" | "files" | "both";
  sessionUpdate: "_rewound";
  turnId?: string;
  undoes?: string;
}

/** Permission rules for one session, on top of the configured ones. */
export interface Rules {
  allow?: string[];
  ask?: string[];
  deny?: string[];
}

/** A session in which the words were found. `marks` are where they stand in `snippet`, as start and end in
 * characters. `turn_id` is the turn that the snippet is from: `cass/session/fork` can begin there. */
export interface SearchHit {
  marks?: unknown[][];
  session: SessionInfo;
  snippet: string;
  turnId?: string;
}

/** Look for words in everything that was said and done: each is the beginning of a word, those in double quotes stand
 * as they are. All of them must be in a session, wherever. With `cwd` only in the sessions of that folder. */
export interface SearchParams {
  archived?: boolean;
  cwd?: string;
  limit?: number;
  query: string;
}

/** The newest sessions first. `unread` sessions could not be looked at in time; the same search again does. */
export interface SearchResult {
  hits: SearchHit[];
  unread?: number;
}

/** A stored session. Times are ISO 8601 in UTC. `parent` is the session that it was forked from, `origin` the program
 * that it was brought in from. */
export interface SessionInfo {
  archived?: boolean;
  createdAt: string;
  cwd: string;
  messages?: number;
  origin?: string;
  parent?: string;
  sessionId: string;
  state?: "idle" | "running" | "requires_action" | "closed";
  tags?: string[];
  title: string;
  updatedAt: string;
}

/** What the session is called and kept under, all of it. */
export interface SessionInfoUpdate {
  archived?: boolean;
  sessionUpdate: "session_info_update";
  tags?: string[];
  title: string;
  turnId?: string;
}

/** Sessions of one folder, or of all. Newest first. Those that were archived only with `archived`. `prefix` is how the
 * id begins, `tag` one of its tags. */
export interface SessionListParams {
  archived?: boolean;
  cursor?: string;
  cwd?: string;
  limit?: number;
  prefix?: string;
  tag?: string;
}

/** One page of sessions. */
export interface SessionListResult {
  nextCursor?: string;
  sessions: SessionInfo[];
}

/** Open a session in a folder. `config_options` maps an option's id to its value. `trust` is the user's word about
 * what the folder brings: `ask` goes by what was decided, and asks; `yes` trusts it, as it is now, for this session;
 * `no` leaves it out, whatever was decided. `mcp_servers` are MCP servers by name, besides those of the user and the
 * folder. */
export interface SessionNewParams {
  additionalDirectories?: string[];
  configOptions?: Record<string, string>;
  cwd: string;
  maxTurns?: number;
  mcpServers?: Record<string, McpServer>;
  rules?: Rules;
  trust?: "ask" | "yes" | "no";
}

/** The new session. */
export interface SessionNewResult {
  commands: AvailableCommand[];
  configOptions: ConfigOption[];
  sessionId: string;
}

/** The session that is meant. */
export interface SessionParams {
  sessionId: string;
}

/** The session as it is listed. */
export interface SessionResult {
  session: SessionInfo;
}

/** Open a stored session, or attach to a live one. Without `replay_from` nothing is replayed. The additional
 * directories and MCP servers are not stored: a session that is opened again has those that are named here. */
export interface SessionResumeParams {
  additionalDirectories?: string[];
  configOptions?: Record<string, string>;
  cwd?: string;
  maxTurns?: number;
  mcpServers?: Record<string, McpServer>;
  replayFrom?: ReplayFromStart | ReplayFromSeq;
  rules?: Rules;
  sessionId: string;
  trust?: "ask" | "yes" | "no";
}

/** The session after the replay. The next update has the number `seq + 1`. */
export interface SessionResumeResult {
  commands: AvailableCommand[];
  configOptions: ConfigOption[];
  cwd: string;
  seq: number;
  sessionId: string;
  state: "idle" | "running" | "requires_action";
}

/** One event. `seq` counts up by one within a session, without gaps, on each connection. */
export interface SessionUpdateParams {
  seq: number;
  sessionId: string;
  update: UserMessage | AgentMessage | AgentMessageChunk | AgentThoughtChunk | MessageDiscarded | ToolCallUpdate | ToolCallContentChunk | PlanUpdate | ConfigOptionUpdate | AvailableCommandsUpdate | SessionInfoUpdate | UsageUpdate | StateUpdate | EditUpdate | ReviewUpdate | ReviewBase | PermissionGranted | HistoryCleared | CompactionUpdate | SummaryEdited | Uncompacted | Rewound | EffectsUpdate | JobUpdate | PromptQueued | PromptDropped | TrustUpdate | HookUpdate | StepUpdate | FindingsUpdate | McpUpdate | ToolsFound | AgentUpdate | ReminderUpdate | Retry | Notice;
}

/** Switch an option of the session. */
export interface SetConfigOptionParams {
  configId: string;
  sessionId: string;
  value: string;
}

/** Change what is given of a session, open or not. A title that was given here is never replaced by one that cass
 * makes; an empty one lets cass make one again. */
export interface SetInfoParams {
  addTags?: string[];
  archived?: boolean;
  removeTags?: string[];
  sessionId: string;
  tags?: string[];
  title?: string;
}

/** The whole list of to-dos as the user wants it. The model is told with its next request. */
export interface SetPlanParams {
  entries: PlanEntry[];
  sessionId: string;
}

/** Run a command of the user's own (`!cmd`), not of the model's. It is not asked about: the user typed it.
 * Its output is told to the model with the next prompt. */
export interface ShellParams {
  command: string;
  sessionId: string;
}

/** How it ended. `exit_code` is None when it was stopped. */
export interface ShellResult {
  exitCode: number;
  output: string;
}

/** The session began to work, waits for the user, or is idle. Exactly one `idle` ends each turn and carries
 * its stop reason and usage. */
export interface StateUpdate {
  error?: TurnError;
  sessionUpdate: "state_update";
  state: "idle" | "running" | "requires_action";
  stopReason?: "end_turn" | "max_tokens" | "max_turn_requests" | "refusal" | "cancelled" | "error";
  turnId?: string;
  usage?: Usage;
}

/** This server: its version, process, open sessions, and what it found to talk to. */
export interface StatusResult {
  messages?: string[];
  model?: string;
  pid: number;
  sessions: SessionInfo[];
  version: string;
}

/** A step of a command of several steps. `run_id` names this run of the command; its first update has the step ``""``
 * and carries the command's arguments, so that the run can be taken up again, with `digest`, the sha256 of its file.
 * `result` is what later steps read, whole; `exit_code` that of a step that ran a command; `child_session_id` the session
 * that a forked or parallel step ran in. */
export interface StepUpdate {
  arguments?: Record<string, unknown>;
  attempt?: number;
  childSessionId?: string;
  command: string;
  digest?: string;
  exitCode?: number;
  result?: string;
  runId: string;
  sessionUpdate: "_step_update";
  state: "running" | "done" | "failed" | "skipped" | "cancelled";
  step?: string;
  title?: string;
  turnId?: string;
}

/** The user wrote the summary of the latest compaction anew; `kept` stands in the place of that compaction's. */
export interface SummaryEdited {
  compactionId: string;
  kept: Message[];
  sessionUpdate: "_summary_edited";
  summary: string;
  turnId?: string;
}

/** Something with a name. `kind` is the lower-case name of LSP's SymbolKind: function, class, method … */
export interface Symbol {
  container?: string;
  kind: string;
  name: string;
  range: Range;
  uri: string;
}

/** Symbols, in the editor's order. */
export interface SymbolsResult {
  symbols?: Symbol[];
}

/** Plain text, Markdown where a person reads it. */
export interface Text {
  text: string;
  type: "text";
}

/** Content of a tool call, for display. */
export interface TextContent {
  content: Text | Image;
  type: "content";
}

/** Replace a range. */
export interface TextEdit {
  newText: string;
  range: Range;
}

/** A model's reasoning. `data` is the provider's own form, opaque, sent back with the next request. */
export interface Thinking {
  data?: Record<string, unknown>;
  text?: string;
  type: "thinking";
}

/** The model wants a tool run. `raw` holds the arguments' text only where it was not a JSON object;
 * such a call is answered with an error, never guessed at. */
export interface ToolCall {
  arguments?: Record<string, unknown>;
  id: string;
  name: string;
  raw?: string;
  type: "tool_call";
}

/** Output of a running tool. */
export interface ToolCallContentChunk {
  content: TextContent;
  sessionUpdate: "tool_call_content_chunk";
  toolCallId: string;
  turnId?: string;
}

/** A tool call's state. The first one with an id creates it; absent fields keep their value. `result` is
 * what the model reads, given with the final status. */
export interface ToolCallUpdate {
  content?: (DiffContent | TextContent)[];
  elapsedMs?: number;
  exitCode?: number;
  kind?: "read" | "edit" | "delete" | "move" | "search" | "execute" | "think" | "fetch" | "other";
  locations?: ToolLocation[];
  name?: string;
  rawInput?: Record<string, unknown>;
  result?: (Text | Image)[];
  sessionUpdate: "tool_call_update";
  status: "pending" | "in_progress" | "completed" | "failed" | "cancelled";
  title?: string;
  toolCallId: string;
  turnId?: string;
}

/** A place that a tool call touches. `line` counts from 1. */
export interface ToolLocation {
  line?: number;
  path: string;
}

/** What the model reads of a tool call's end. */
export interface ToolResult {
  callId: string;
  content: (Text | Image)[];
  isError?: boolean;
  type: "tool_result";
}

/** Tools that were searched for: they are offered to the model from now on. */
export interface ToolsFound {
  names: string[];
  sessionUpdate: "_tools_found";
  turnId?: string;
}

/** The folder that is meant. */
export interface TrustGetParams {
  cwd: string;
}

/** What the folder brings, with texts or diffs, and how that stands to what the user trusted. */
export interface TrustGetResult {
  digest: string;
  folder: string;
  items: TrustItem[];
  state: "plain" | "trusted" | "undecided" | "changed" | "refused";
}

/** One file of a folder that could act, as it is now. `path` is relative to the folder, `sha256` that of its bytes.
 * `state` says how it stands to what was trusted; `diff` (unified, bounded) is there when it `changed`, else `text`,
 * its beginning. */
export interface TrustItem {
  diff?: string;
  kind: "settings" | "hooks" | "command" | "skill" | "agent" | "mcp" | "schedule" | "plugin";
  path: string;
  sha256: string;
  size: number;
  state: "trusted" | "new" | "changed" | "gone";
  summary?: string;
  text?: string;
}

/** The user's decision about what was shown: `digest` is the one of `cass/trust/get`, and the decision counts for
 * exactly that. `trust`: it may act. `refuse`: it may not, and is not asked about again until it changes. `forget`:
 * as if never asked. */
export interface TrustSetParams {
  cwd: string;
  decision: "trust" | "refuse" | "forget";
  digest?: string;
}

/** How the session's folder stands: what it brings runs in the state `trusted` alone. `digest` names what was found;
 * `items` are without their texts here. */
export interface TrustUpdate {
  digest: string;
  folder: string;
  items?: TrustItem[];
  sessionUpdate: "_trust_update";
  state: "plain" | "trusted" | "undecided" | "changed" | "refused";
  turnId?: string;
}

/** Why a turn failed, for a person: `kind` is one of the error kinds of the protocol. */
export interface TurnError {
  hint?: string;
  kind: string;
  message: string;
}

/** That compaction is void: the model is sent the originals again, byte for byte. */
export interface Uncompacted {
  compactionId: string;
  sessionUpdate: "_uncompacted";
  turnId?: string;
}

/** Tokens of one request or of a sum of requests. `input` counts the whole prompt, `cache_read` the part
 * of it that came from the provider's cache. `cost` is in US dollars, None where no price is known. */
export interface Usage {
  cacheRead?: number;
  cacheWrite?: number;
  cost?: number;
  input?: number;
  output?: number;
  reasoning?: number;
}

/** How full the model's window is: tokens used, its size (0 when unknown), and the session's usage so far.
 * `estimated` is true until the provider has reported a count. */
export interface UsageUpdate {
  estimated?: boolean;
  sessionUpdate: "usage_update";
  size: number;
  total?: Usage;
  turnId?: string;
  used: number;
}

/** The user's words. `steering` marks those given while a turn was running. Those with the source `editor` were
 * not typed by anybody: they tell the model what happened to files it knows. Those with the source `hook` are what a
 * hook has the model told; with `agent`, what a sub-agent came to. */
export interface UserMessage {
  clientKey?: string;
  content: (Text | Image | Resource | ResourceLink)[];
  messageId: string;
  sessionUpdate: "user_message";
  source?: "user" | "editor" | "hook" | "agent";
  steering?: boolean;
  turnId?: string;
}

/** What the client may ask. */
export interface Requests {
  "cass/agents/list": { params: AgentListParams; result: AgentListResult };
  "cass/agents/stop": { params: AgentStopParams; result: AgentsResult };
  "cass/agents/tell": { params: AgentTellParams; result: AgentsResult };
  "cass/command/list": { params: CommandListParams; result: CommandListResult };
  "cass/completion/get": { params: CompletionGetParams; result: CompletionStatus };
  "cass/completion/set": { params: CompletionSetParams; result: CompletionStatus };
  "cass/context/get": { params: SessionParams; result: ContextGetResult };
  "cass/edit/get": { params: EditGetParams; result: EditGetResult };
  "cass/edit/resolve": { params: EditResolveParams; result: EditResolveResult };
  "cass/models/list": { params: Empty; result: ModelsListResult };
  "cass/review/list": { params: ReviewListParams; result: ReviewListResult };
  "cass/review/resolve": { params: ReviewResolveParams; result: ReviewResolveResult };
  "cass/rewind/apply": { params: RewindParams; result: RewindResult };
  "cass/rewind/list": { params: RewindListParams; result: RewindListResult };
  "cass/rewind/preview": { params: RewindParams; result: RewindPreviewResult };
  "cass/rewind/undo": { params: RewindUndoParams; result: RewindResult };
  "cass/session/close": { params: SessionParams; result: Empty };
  "cass/session/delete": { params: SessionParams; result: Empty };
  "cass/session/export": { params: ExportParams; result: ExportResult };
  "cass/session/fork": { params: ForkParams; result: SessionResult };
  "cass/session/import": { params: ImportParams; result: ImportResult };
  "cass/session/list": { params: SessionListParams; result: SessionListResult };
  "cass/session/new": { params: SessionNewParams; result: SessionNewResult };
  "cass/session/prompt": { params: PromptParams; result: PromptResult };
  "cass/session/prune": { params: PruneParams; result: PruneResult };
  "cass/session/resume": { params: SessionResumeParams; result: SessionResumeResult };
  "cass/session/search": { params: SearchParams; result: SearchResult };
  "cass/session/setConfigOption": { params: SetConfigOptionParams; result: ConfigOptionsResult };
  "cass/session/setInfo": { params: SetInfoParams; result: SessionResult };
  "cass/session/setPlan": { params: SetPlanParams; result: Empty };
  "cass/session/shell": { params: ShellParams; result: ShellResult };
  "cass/status": { params: Empty; result: StatusResult };
  "cass/trust/get": { params: TrustGetParams; result: TrustGetResult };
  "cass/trust/set": { params: TrustSetParams; result: TrustGetResult };
}

/** What the client may tell. */
export interface Notifications {
  "cass/session/cancel": { params: CancelParams; result: undefined };
}

/** What the server may ask. */
export interface Asked {
  "cass/document/save": { params: DocumentsParams; result: DocumentSaveResult };
  "cass/elicitation/create": { params: ElicitationParams; result: ElicitationResult };
  "cass/ide/context": { params: Nothing; result: EditorContextResult };
  "cass/ide/definition": { params: PlaceParams; result: LocationsResult };
  "cass/ide/diagnostics": { params: DiagnosticsParams; result: DiagnosticsResult };
  "cass/ide/documentSymbols": { params: DocumentParams; result: SymbolsResult };
  "cass/ide/references": { params: PlaceParams; result: LocationsResult };
  "cass/ide/rename": { params: RenameParams; result: RenameResult };
  "cass/ide/workspaceSymbols": { params: QueryParams; result: SymbolsResult };
  "cass/session/requestPermission": { params: RequestPermissionParams; result: RequestPermissionResult };
}

/** What the server may tell. */
export interface Told {
  "cass/document/reload": { params: DocumentsParams; result: undefined };
  "cass/elicitation/complete": { params: ElicitationCompleteParams; result: undefined };
  "cass/session/update": { params: SessionUpdateParams; result: undefined };
}

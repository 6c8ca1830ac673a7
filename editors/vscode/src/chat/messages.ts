// What the chat view and the extension say to each other.

import type { Approval, Question } from "../asking";
import type { ServerState } from "../connection";
import type { HunkDecision, PromptParams } from "../protocol";
import type { Conversation, Update } from "../session/conversation";

/** Something that goes along with the next prompt, under a name. */
export interface Attachment {
  label: string;
  block: PromptParams["prompt"][number];
}

/** A thing that may be mentioned after `@`. */
export interface Suggestion {
  label: string;
  detail: string;
  insert: string;
}

export type ToView =
  | { type: "conversation"; conversation: Conversation | undefined }
  | { type: "updates"; updates: Update[] }
  | { type: "asked"; approvals: Approval[]; questions: Question[] }
  | { type: "server"; state: ServerState }
  | { type: "attach"; attachment: Attachment }
  | { type: "compose"; text: string }
  | { type: "suggestions"; query: string; suggestions: Suggestion[] }
  | { type: "failed"; text: string; prompt: string }
  | { type: "focus" };

/** Buttons of the view that stand for commands of the extension. */
export const VIEW_COMMANDS = {
  newSession: "cass.session.new",
  sessions: "cass.session.resume",
  mode: "cass.session.mode",
  approval: "cass.session.approval",
  model: "cass.session.model",
  effort: "cass.session.effort",
  stop: "cass.session.stop",
  next: "cass.review.next",
  keepAll: "cass.review.keepAll",
  revertAll: "cass.review.revertAll",
  restart: "cass.server.restart",
  log: "cass.server.log",
  settings: "cass.server.settings",
  context: "cass.session.context",
} as const;

export type ViewCommand = keyof typeof VIEW_COMMANDS;

export type FromView =
  | { type: "ready" }
  | { type: "prompt"; text: string; attachments: Attachment[]; delivery: "steer" | "queue" }
  | { type: "command"; command: ViewCommand }
  | { type: "answer"; id: number; optionId: string; note?: string }
  | { type: "decide"; id: number; decision: HunkDecision }
  | { type: "undecide"; id: number; hunkId: string }
  | { type: "reply"; id: number; action: "accept" | "decline"; content?: Record<string, unknown> }
  | { type: "todo"; index: number }
  | { type: "suggest"; query: string }
  | { type: "open"; href: string }
  | { type: "openFile"; path: string; line: number }
  | { type: "showDiff"; proposalId: string; path: string }
  | { type: "code"; action: "copy" | "insert" | "apply"; text: string; language: string };

// A tool call as the chat shows it: its state, output and changes. Knows neither VS Code nor the DOM.

import type { ToolCallContentChunk, ToolCallUpdate, ToolLocation } from "../protocol";

/** What the model did. `output` is text for display, `diffs` the changes to files. */
export interface ToolItem {
  kind: "tool";
  id: string;
  title: string;
  action: string;
  status: "pending" | "in_progress" | "completed" | "failed" | "cancelled";
  input: string;
  output: string;
  diffs: { path: string; patch: string }[];
  locations: ToolLocation[];
  exitCode?: number;
  elapsedMs?: number;
}

/** Characters of a tool's output that are kept for display; the model has it whole. */
export const OUTPUT_KEPT = 40_000;

/** A call of which only the id is known. */
export function newTool(id: string): ToolItem {
  return {
    kind: "tool",
    id,
    title: "Tool",
    action: "other",
    status: "pending",
    input: "",
    output: "",
    diffs: [],
    locations: [],
  };
}

/** Take a new state of the call in; absent fields keep their value. */
export function toolChanged(item: ToolItem, update: ToolCallUpdate): ToolItem {
  item.status = update.status;
  item.title = update.title ?? (item.title === "Tool" ? (update.name ?? item.title) : item.title);
  item.action = update.kind ?? item.action;
  item.locations = update.locations ?? item.locations;
  item.exitCode = update.exitCode ?? item.exitCode;
  item.elapsedMs = update.elapsedMs ?? item.elapsedMs;
  if (update.rawInput) {
    item.input = typeof update.rawInput.command === "string" ? update.rawInput.command : "";
  }
  if (update.content) {
    item.diffs = update.content.flatMap((part) =>
      part.type === "diff" ? [{ path: part.path, patch: part.patch }] : [],
    );
    const said = update.content.flatMap((part) =>
      part.type === "content" && part.content.type === "text" ? [part.content.text] : [],
    );
    item.output = said.length > 0 ? tail(said.join("\n")) : item.output;
  }
  if (update.result && !item.output && item.diffs.length === 0) {
    item.output = tail(update.result.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n"));
  }
  return item;
}

/** Take some more output in. */
export function toolSaid(item: ToolItem, update: ToolCallContentChunk): ToolItem {
  const part = update.content.content;
  if (part.type === "text") {
    item.output = tail(item.output + part.text);
  }
  return item;
}

function tail(text: string): string {
  return text.length > OUTPUT_KEPT ? text.slice(text.length - OUTPUT_KEPT) : text;
}

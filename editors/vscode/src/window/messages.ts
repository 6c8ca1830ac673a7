// What the context panel and the extension say to each other.

import type { ContextGetResult } from "../protocol";

/** What the panel shows: the window of the session with this title, or why it is not known. */
export type ToPanel =
  | { type: "context"; title: string; busy: boolean; found: ContextGetResult }
  | { type: "problem"; text: string };

/** Buttons of the panel, by the extension's commands. */
export const PANEL_COMMANDS = {
  compact: "cass.session.compact",
  uncompact: "cass.session.uncompact",
  summary: "cass.session.summary",
} as const;

export type PanelCommand = keyof typeof PANEL_COMMANDS;

export type FromPanel = { type: "ready" } | { type: "command"; command: PanelCommand };

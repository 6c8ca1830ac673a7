// What is said of a conversation that was made shorter.

import type { CompactionUpdate } from "../protocol";

/** A line for the chat: how much shorter, by what, and how to take it back. */
export function compacted(update: CompactionUpdate): string {
  const folded = Object.keys(update.folded ?? {}).length;
  const tokens = `~${(update.before ?? 0).toLocaleString("en")} → ~${(update.after ?? 0).toLocaleString("en")} tokens`;
  const did = `${folded} results folded, ${update.replaced ?? 0} messages summed up`;
  return `Made shorter: ${tokens} (${did}). /uncompact takes it back, /summary shows the notes.`;
}

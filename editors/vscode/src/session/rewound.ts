// Which items of a conversation still count: what was taken back stays to be read, marked.

import type { Rewound } from "../protocol";
import type { Item } from "./conversation";

/** Mark what a rewind took back, or take an undone rewind's marks away. What files it did is not marked. */
export function markRewound(items: Item[], update: Rewound): void {
  if (update.undoes) {
    for (const item of items) {
      if (item.gone === update.undoes) {
        delete item.gone;
      }
    }
    return;
  }
  const from = items.findIndex((item) => item.turn !== undefined && item.turn === update.turnId);
  if (update.scope === "files" || from < 0) {
    return;
  }
  for (const item of items.slice(from)) {
    item.gone ??= update.rewindId;
  }
}

/** A line for the chat. */
export function rewound(update: Rewound): string {
  const what = update.scope === "both" ? "conversation and files" : `the ${update.scope}`;
  return update.undoes ? `Going back was undone: ${what}.` : `Went back to before a turn: ${what}.`;
}

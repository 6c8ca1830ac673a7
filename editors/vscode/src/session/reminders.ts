// Reminders and loops of a session: a line when one fires, and when the next one is.

import type { ReminderUpdate } from "../protocol";

const LONGEST = 60;

/** Take an update in; what is to be said of it, if anything: what a command did it says itself. */
export function reminded(waiting: Map<string, string>, update: ReminderUpdate): string | undefined {
  waiting.delete(update.reminderId);
  if (update.at) {
    waiting.set(update.reminderId, update.at);
  }
  if (update.state !== "fired") {
    return undefined;
  }
  const flat = update.prompt.split(/\s+/).join(" ");
  const prompt = flat.length > LONGEST ? `${flat.slice(0, LONGEST - 1)}…` : flat;
  const again = update.at ? ` (again at ${clock(update.at)})` : "";
  return `${update.every ? "Loop" : "Reminder"}: ${prompt}${again}`;
}

/** When the next one is, in a few words; empty when there is none. */
export function following(waiting: ReadonlyMap<string, string>): string {
  const next = [...waiting.values()].sort()[0];
  return next ? `next at ${clock(next)}` : "";
}

/** `10:35` here, with the day where it is another one. */
function clock(at: string): string {
  const moment = new Date(at);
  const time = moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const day = moment.toDateString() === new Date().toDateString() ? "" : moment.toLocaleDateString();
  return day ? `${day} ${time}` : time;
}

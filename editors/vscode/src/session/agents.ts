// How a sub-agent stands, in a line. Knows neither VS Code nor the DOM.

import type { AgentUpdate } from "../protocol";

const SIGNS = { waiting: "…", running: "▸", requires_action: "?", done: "✓", failed: "✗", cancelled: "■" };
const WAITS: Partial<Record<AgentUpdate["state"], string>> = {
  waiting: "waits for a free place",
  requires_action: "waits for your answer",
};
const LONGEST = 120;

export function agentText(update: AgentUpdate): string {
  const name = update.worksFor ? `${update.worksFor}/${update.name}` : update.name;
  const ended = update.state === "done" || update.state === "failed" || update.state === "cancelled";
  const first = (update.text ?? "").trim().split("\n", 1)[0] ?? "";
  const doing = ended ? first : (WAITS[update.state] ?? update.activity ?? "");
  const behind = update.isBackground && !ended ? " (in the background)" : "";
  const shown = doing.length > LONGEST ? `${doing.slice(0, LONGEST)}…` : doing;
  return `${SIGNS[update.state]} ${name}: ${update.task}${behind}${shown ? ` · ${shown}` : ""}${used(update)}`;
}

function used(update: AgentUpdate): string {
  const tokens = (update.usage?.input ?? 0) + (update.usage?.output ?? 0);
  if (!tokens) {
    return "";
  }
  const cost = update.usage?.cost;
  return ` (${tokens.toLocaleString("en")} tokens${cost === undefined || cost === null ? "" : `, $${cost.toFixed(4)}`})`;
}

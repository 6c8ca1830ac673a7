// What may follow a slash command with parameters: their names, and the values of those that have a few.

import type { Suggestion } from "../src/chat/messages";
import type { AvailableCommand } from "../src/protocol";

/** What fits the last word of a line that begins with a command. */
export function suggestArguments(commands: AvailableCommand[], before: string): Suggestion[] {
  const [head = "", ...words] = before.split(/\s+/);
  const word = words.pop() ?? "";
  const parameters = commands.find((one) => `/${one.name}` === head)?.parameters ?? [];
  const [key = "", value] = split(word);
  if (value !== undefined) {
    const named = parameters.find((one) => one.name === key.replace(/^--/, ""));
    return valuesOf(named)
      .filter((one) => one.startsWith(value))
      .map((one) => ({ label: `${key}=${one}`, detail: "", insert: `${key}=${one}` }));
  }
  const used = new Set(words.map((one) => (split(one)[0] ?? "").replace(/^--(no-)?/, "")));
  const free = parameters.filter((one) => !used.has(one.name) && one.type !== "selection");
  const first = free[0]?.type === "enum" ? valuesOf(free[0]) : [];
  const suggestions = first.map((one) => ({ label: one, detail: free[0]?.name ?? "", insert: one }));
  for (const one of free) {
    const text = one.type === "bool" ? `--${one.name}` : `${one.name}=`;
    const detail = [one.type ?? "string", one.required ? "needed" : "", one.description ?? ""].filter(Boolean);
    suggestions.push({ label: text, detail: detail.join(", "), insert: text });
  }
  return suggestions.filter((one) => one.label.replace(/^--/, "").startsWith(word.replace(/^--/, "")));
}

function split(word: string): [string, string?] {
  const at = word.indexOf("=");
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function valuesOf(parameter: NonNullable<AvailableCommand["parameters"]>[number] | undefined): string[] {
  return parameter?.type === "bool" ? ["true", "false"] : (parameter?.values ?? []);
}

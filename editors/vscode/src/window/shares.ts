// Where the model's window goes, as shares of it. Knows neither VS Code nor the DOM.

import type { ContextGetResult, ContextItem } from "../protocol";

/** A stretch of the bar. `share` is of the whole bar, 0 to 1; the shares' sum is 1. */
export interface Stretch {
  name: string;
  tokens: number;
  share: number;
  kind: "part" | "free" | "reserve";
}

/** Items that are named one by one. */
const BIGGEST = 8;

/** The parts, what is free, and what is kept free: a request that reaches into that is made shorter first. Without a
 * known window the parts fill the bar. */
export function stretches(found: ContextGetResult): Stretch[] {
  const whole = Math.max(found.size, found.used, 1);
  const limit = found.compactsAt && found.compactsAt < whole ? found.compactsAt : whole;
  const made: Stretch[] = found.parts
    .filter((part) => part.tokens > 0)
    .map((part) => ({ ...part, share: 0, kind: "part" }));
  const used = made.reduce((sum, part) => sum + part.tokens, 0);
  made.push({ name: "free", tokens: Math.max(0, limit - used), share: 0, kind: "free" });
  made.push({
    name: "kept free",
    tokens: Math.max(0, whole - Math.max(limit, used)),
    share: 0,
    kind: "reserve",
  });
  const sum = Math.max(
    1,
    made.reduce((all, one) => all + one.tokens, 0),
  );
  return made.filter((one) => one.tokens > 0).map((one) => ({ ...one, share: one.tokens / sum }));
}

/** The biggest single items, biggest first. */
export function biggest(found: ContextGetResult): ContextItem[] {
  return [...(found.items ?? [])].sort((a, b) => b.tokens - a.tokens).slice(0, BIGGEST);
}

/** A number of tokens in few characters. */
export function short(count: number): string {
  if (count < 1000) {
    return String(count);
  }
  return count < 1_000_000
    ? `${(count / 1000).toFixed(count < 10_000 ? 1 : 0)}k`
    : `${(count / 1_000_000).toFixed(1)}M`;
}

/** How full the window is, and what the session used so far, in sentences. */
export function facts(found: ContextGetResult): string[] {
  const about = found.estimated ? "~" : "";
  const number = (count: number) => count.toLocaleString("en");
  const share = found.size > 0 ? `, ${Math.round((found.used / found.size) * 100)} %` : "";
  const whole = found.size > 0 ? ` of ${number(found.size)}` : "";
  const told = [`${about}${number(found.used)}${whole} tokens${share}.`];
  if (found.window) {
    told.push(`Window: ${found.window}.`);
  }
  if (found.compactsAt) {
    told.push(`Beyond ${number(found.compactsAt)} tokens the conversation is made shorter.`);
  }
  const total = found.total;
  if (total?.input) {
    const cost = typeof total.cost === "number" ? `, $${total.cost.toFixed(4)}` : "";
    const cached = total.cacheRead ? ` (${number(total.cacheRead)} from the cache)` : "";
    told.push(
      `Session so far: ${number(total.input)} tokens read${cached}, ${number(total.output ?? 0)} written${cost}.`,
    );
  }
  return told;
}

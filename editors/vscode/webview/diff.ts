// Changes as lines: removed, added, and what stands around them.

import type { Hunk } from "../src/protocol";
import { h, visible } from "./dom";
import { highlighted } from "./highlight";

/** Lines of one change that are shown at most; the diff editor shows all. */
const SHOWN = 400;

/** One hunk of a proposal. */
export function hunkLines(hunk: Hunk, language: string): HTMLElement {
  const rows = [
    ...lines(hunk.oldText).map((text, at) => row("removed", hunk.oldStart + at, text, language)),
    ...lines(hunk.newText).map((text, at) => row("added", hunk.newStart + at, text, language)),
  ];
  return table(rows);
}

/** A unified patch, without its head. */
export function patchLines(patch: string, language: string): HTMLElement {
  const rows: HTMLElement[] = [];
  let old = 0;
  let fresh = 0;
  for (const line of patch.split("\n")) {
    const head = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line);
    if (head) {
      old = Number(head[1]);
      fresh = Number(head[2]);
      if (rows.length > 0) {
        rows.push(h("div", { class: "line gap" }, "⋯"));
      }
    } else if (line.startsWith("-") && !line.startsWith("--- ")) {
      rows.push(row("removed", old++, line.slice(1), language));
    } else if (line.startsWith("+") && !line.startsWith("+++ ")) {
      rows.push(row("added", fresh++, line.slice(1), language));
    } else if (line.startsWith(" ")) {
      rows.push(row("same", fresh++, line.slice(1), language));
      old++;
    }
  }
  return table(rows);
}

/** How many lines a patch adds and removes. */
export function patchSize(patch: string): { added: number; removed: number } {
  const all = patch.split("\n");
  return {
    added: all.filter((line) => line.startsWith("+") && !line.startsWith("+++ ")).length,
    removed: all.filter((line) => line.startsWith("-") && !line.startsWith("--- ")).length,
  };
}

/** The language that a file's name says, as far as the colours know it. */
export function languageOf(path: string): string {
  const ending = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  return { htm: "xml", html: "xml", vue: "xml", toml: "ini", cfg: "ini", h: "c", hpp: "cpp" }[ending] ?? ending;
}

function table(rows: HTMLElement[]): HTMLElement {
  const shown = rows.slice(0, SHOWN);
  if (rows.length > SHOWN) {
    shown.push(h("div", { class: "line gap" }, `⋯ ${rows.length - SHOWN} more lines`));
  }
  return h("div", { class: "diff", tabindex: "0", role: "group", "aria-label": "Change" }, h("div", {}, ...shown));
}

function row(kind: "removed" | "added" | "same", number: number, text: string, language: string): HTMLElement {
  const sign = { removed: "-", added: "+", same: " " }[kind];
  const code = h("span", { class: "text" });
  code.append(highlighted(visible(text), language));
  const label = { removed: "removed ", added: "added ", same: "" }[kind];
  return h(
    "div",
    { class: `line ${kind}` },
    h("span", { class: "number", "aria-hidden": "true" }, String(number)),
    h("span", { class: "sign", "aria-label": label }, sign),
    code,
  );
}

function lines(text: string): string[] {
  if (text === "") {
    return [];
  }
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}

// A tool call: one line that says what is done, its output and changes folded beneath.

import type { ToolItem } from "../src/session/conversation";
import { languageOf, patchLines, patchSize } from "./diff";
import { h, icon, visible } from "./dom";

const ICONS: Record<string, string> = {
  read: "file",
  edit: "edit",
  delete: "trash",
  move: "file-symlink-file",
  search: "search",
  execute: "terminal",
  think: "lightbulb",
  fetch: "globe",
};

const STATES: Record<ToolItem["status"], string> = {
  pending: "waiting",
  in_progress: "running",
  completed: "done",
  failed: "failed",
  cancelled: "stopped",
};

/** Shows one call. It is open by itself while a command runs; what the user opened or closed stays so. */
export class ToolView {
  readonly element = h("details", { class: "tool" });
  private readonly head = h("summary", {});
  private readonly body = h("div", { class: "tool-body" });
  private readonly output = h("pre", { class: "output", tabindex: "0" });
  private drawnDiffs = "";
  private touched = false;

  constructor(private readonly openFile: (path: string, line: number) => void) {
    this.element.append(this.head, this.body);
    this.head.addEventListener("click", () => {
      this.touched = true;
    });
  }

  /** Draw what the item has become. */
  update(item: ToolItem): void {
    this.drawHead(item);
    const running = item.status === "in_progress" && item.action === "execute";
    if (!this.touched) {
      this.element.open = running;
    }
    const diffs = JSON.stringify(item.diffs);
    if (diffs !== this.drawnDiffs) {
      this.drawnDiffs = diffs;
      this.body.replaceChildren(...item.diffs.map((diff) => this.fileDiff(diff)));
    }
    const text = visible((item.input ? `$ ${item.input}\n` : "") + item.output);
    if (text.trim() !== "" && this.output.textContent !== text) {
      this.output.textContent = text;
      this.output.scrollTop = this.output.scrollHeight;
    }
    if (text.trim() !== "" && !this.output.isConnected) {
      this.body.append(this.output);
    }
    this.element.classList.toggle("empty", this.body.childElementCount === 0);
  }

  private drawHead(item: ToolItem): void {
    const size = item.diffs.map((diff) => patchSize(diff.patch));
    const added = size.reduce((sum, one) => sum + one.added, 0);
    const removed = size.reduce((sum, one) => sum + one.removed, 0);
    const failed = item.status === "failed" || (item.exitCode !== undefined && item.exitCode !== 0);
    const mark =
      item.status === "in_progress" || item.status === "pending"
        ? icon("loading", true)
        : icon(failed ? "error" : item.status === "cancelled" ? "circle-slash" : "check");
    mark.classList.add(failed ? "bad" : "state");
    const location = item.locations[0];
    this.head.replaceChildren(
      icon(ICONS[item.action] ?? "tools"),
      h("span", { class: "title", title: visible(item.title) }, visible(item.title)),
      ...(added + removed > 0
        ? [h("span", { class: "plus" }, `+${added}`), h("span", { class: "minus" }, `−${removed}`)]
        : []),
      ...(item.exitCode ? [h("span", { class: "faint" }, `exit ${item.exitCode}`)] : []),
      ...(item.elapsedMs && item.elapsedMs > 999
        ? [h("span", { class: "faint" }, `${(item.elapsedMs / 1000).toFixed(1)} s`)]
        : []),
      ...(location ? [this.goTo(location.path, location.line ?? 0)] : []),
      mark,
      h("span", { class: "for-readers" }, STATES[item.status]),
    );
  }

  private goTo(path: string, line: number): HTMLElement {
    const label = `Open ${path.slice(path.lastIndexOf("/") + 1)}`;
    const act = (event: Event) => {
      event.preventDefault();
      this.openFile(path, line);
    };
    return h(
      "button",
      { class: "icon-button go", type: "button", title: label, "aria-label": label, onclick: act },
      icon("go-to-file"),
    );
  }

  private fileDiff(diff: { path: string; patch: string }): HTMLElement {
    const name = diff.path.slice(diff.path.lastIndexOf("/") + 1);
    return h(
      "div",
      { class: "file-diff" },
      h("div", { class: "file-name", title: diff.path }, name),
      patchLines(diff.patch, languageOf(diff.path)),
    );
  }
}

// An answer of the model while it is being said: finished blocks stay, only the last one is drawn again.

import type { AnswerItem } from "../src/session/conversation";
import { splitBlocks } from "./blocks";
import { h, icon } from "./dom";
import type { Markdown } from "./markdown";

/** Shows one answer with its thinking folded. */
export class AnswerView {
  readonly element = h("article", { class: "answer", "aria-label": "cass" });
  private readonly thoughts = h("details", { class: "thinking" });
  private readonly thoughtText = document.createTextNode("");
  private readonly body = h("div", { class: "markdown" });
  private readonly interrupted = h("p", { class: "faint" }, "This answer was cut off.");
  private readonly summary = h("span", {});
  private tail = h("div", {});
  /** Characters of the text whose blocks are drawn for good. */
  private settled = 0;
  private settledText = "";
  private openCode: { start: number; text: Text } | undefined;

  constructor(private readonly markdown: Markdown) {
    const body = h("div", { class: "thoughts" });
    body.append(this.thoughtText);
    this.thoughts.append(h("summary", {}, icon("lightbulb"), this.summary), body);
    this.body.append(this.tail);
    this.element.append(this.thoughts, this.body, this.interrupted);
  }

  /** Draw what the item has become. */
  update(item: AnswerItem): void {
    this.thoughts.hidden = item.thinking.trim() === "";
    this.interrupted.hidden = !item.interrupted;
    this.element.classList.toggle("live", item.live && item.text === "");
    this.summary.textContent = item.live && item.text === "" ? "Thinking…" : "Thoughts";
    grow(this.thoughtText, item.thinking);
    this.drawText(item);
  }

  private drawText(item: AnswerItem): void {
    if (this.settled > item.text.length || !item.text.startsWith(this.settledText)) {
      this.startAnew();
    }
    const rest = item.text.slice(this.settled);
    if (this.openCode) {
      const code = rest.slice(this.openCode.start);
      if (item.live && !/^ {0,3}(?:`{3,}|~{3,})/m.test(code)) {
        grow(this.openCode.text, code);
        return;
      }
    }
    const split = splitBlocks(rest);
    for (const block of split.done) {
      this.tail.before(this.markdown.render(block));
      this.settled += block.length;
      this.settledText += block;
    }
    this.drawTail(split.tail, item.live && split.inFence);
  }

  private drawTail(text: string, inFence: boolean): void {
    this.openCode = undefined;
    const fence = inFence ? /^ {0,3}(?:`{3,}|~{3,})([\w+#.-]*)[^\n]*\n/m.exec(text) : null;
    if (!fence) {
      this.tail.replaceChildren(this.markdown.render(text));
      return;
    }
    // A long block of code is added to, not drawn again; its colours come when it is whole.
    const start = fence.index + fence[0].length;
    const block = this.markdown.codeBlock("", fence[1] ?? "");
    const node = document.createTextNode(text.slice(start));
    block.querySelector("code")?.replaceChildren(node);
    this.tail.replaceChildren(this.markdown.render(text.slice(0, fence.index)), block);
    this.openCode = { start, text: node };
  }

  private startAnew(): void {
    this.settled = 0;
    this.settledText = "";
    this.openCode = undefined;
    this.tail = h("div", {});
    this.body.replaceChildren(this.tail);
  }
}

/** Make a text node say this; what only grew is only added to. */
function grow(node: Text, text: string): void {
  const there = node.data;
  if (text.length >= there.length && text.startsWith(there)) {
    if (text.length > there.length) {
      node.appendData(text.slice(there.length));
    }
  } else {
    node.data = text;
  }
}

// The list of what was said and done. Draws at most once per frame, and less often when drawing takes long.

import type { Item, NoticeItem, UserItem } from "../src/session/conversation";
import { AnswerView } from "./answer";
import { button, h, icon } from "./dom";
import type { Markdown } from "./markdown";
import { ToolView } from "./tool";

/** Items that are in the page at most; older ones come back on request. */
const SHOWN = 150;
/** Pixels from the end within which new items keep the end in view. */
const NEAR = 48;
/** A frame may be drawn when this many times the last drawing's time has passed: the rest is for keys and clicks. */
const REST = 4;

interface View {
  element: HTMLElement;
  draw: () => void;
}

/** Shows the items of one conversation. */
export class List {
  readonly element = h("div", { class: "list", role: "log", "aria-live": "off", "aria-label": "Conversation" });
  private readonly earlier = button("Show earlier messages", "plain", () => this.showEarlier());
  private readonly views = new Map<Item, View>();
  private readonly dirty = new Set<Item>();
  private items: Item[] = [];
  private from = 0;
  private frame = 0;
  private took = 0;
  private drawnAt = 0;
  private atEnd = true;

  constructor(
    private readonly markdown: Markdown,
    private readonly openFile: (path: string, line: number) => void,
  ) {
    this.earlier.hidden = true;
    this.element.append(this.earlier);
    this.element.addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = this.element;
      this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    });
    // What opens beneath the list takes room from it.
    new ResizeObserver(() => this.settle()).observe(this.element);
  }

  /** Show another conversation's items. The array is watched: it is the conversation's own. */
  reset(items: Item[]): void {
    for (const view of this.views.values()) {
      view.element.remove();
    }
    this.views.clear();
    this.items = items;
    this.from = Math.max(0, items.length - SHOWN);
    this.atEnd = true;
    for (const item of items.slice(this.from)) {
      this.dirty.add(item);
    }
    this.schedule();
  }

  /** An item was added or changed. */
  changed(item: Item): void {
    this.dirty.add(item);
    this.schedule();
  }

  /** Items may have gone. */
  pruned(): void {
    const there = new Set(this.items);
    for (const [item, view] of this.views) {
      if (!there.has(item)) {
        view.element.remove();
        this.views.delete(item);
        this.dirty.delete(item);
      }
    }
  }

  /** Items may count no more, or again. */
  marked(): void {
    for (const [item, view] of this.views) {
      mark(view.element, item);
    }
  }

  /** Bring the end into view. */
  toEnd(): void {
    this.atEnd = true;
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** Keep the end in view, if it was. */
  settle(): void {
    if (this.atEnd) {
      this.element.scrollTop = this.element.scrollHeight;
    }
  }

  private schedule(): void {
    if (this.frame !== 0) {
      return;
    }
    const wait = this.drawnAt + this.took * REST - performance.now();
    this.frame = 1;
    const draw = () => requestAnimationFrame(() => this.draw());
    if (wait > 8) {
      setTimeout(draw, wait);
    } else {
      draw();
    }
  }

  private draw(): void {
    this.frame = 0;
    const start = performance.now();
    for (const item of this.dirty) {
      const view = this.views.get(item) ?? this.add(item);
      view.draw();
    }
    this.dirty.clear();
    this.drop();
    this.earlier.hidden = this.from === 0;
    this.settle();
    this.drawnAt = performance.now();
    this.took = this.drawnAt - start;
  }

  private add(item: Item): View {
    const view = this.viewOf(item);
    mark(view.element, item);
    this.views.set(item, view);
    this.element.append(view.element);
    return view;
  }

  /** Take the oldest out of the page while the end is in view. */
  private drop(): void {
    if (!this.atEnd) {
      return;
    }
    while (this.views.size > SHOWN * 2) {
      for (const item of this.items.slice(this.from, this.from + SHOWN)) {
        this.views.get(item)?.element.remove();
        this.views.delete(item);
      }
      this.from += SHOWN;
    }
  }

  private showEarlier(): void {
    const to = this.from;
    this.from = Math.max(0, to - SHOWN);
    const before = this.element.scrollHeight;
    let last: HTMLElement = this.earlier;
    for (const item of this.items.slice(this.from, to)) {
      const view = this.viewOf(item);
      mark(view.element, item);
      this.views.set(item, view);
      view.draw();
      last.after(view.element);
      last = view.element;
    }
    this.earlier.hidden = this.from === 0;
    this.element.scrollTop += this.element.scrollHeight - before;
  }

  private viewOf(item: Item): View {
    switch (item.kind) {
      case "answer": {
        const view = new AnswerView(this.markdown);
        return { element: view.element, draw: () => view.update(item) };
      }
      case "tool": {
        const view = new ToolView(this.openFile);
        return { element: view.element, draw: () => view.update(item) };
      }
      case "user": {
        const element = h("article", { class: "user", "aria-label": "You" });
        return { element, draw: () => drawUser(element, item) };
      }
      default: {
        const element = h("div", {
          class: `notice ${item.level}`,
          role: item.level === "error" ? "alert" : "note",
        });
        return { element, draw: () => drawNotice(element, item, this.markdown) };
      }
    }
  }
}

/** What a rewind took back stays to be read, and says that it is. */
function mark(element: HTMLElement, item: Item): void {
  const isGone = item.gone !== undefined;
  element.classList.toggle("gone", isGone);
  if (isGone) {
    element.setAttribute("aria-description", "taken back");
    element.title = "Taken back: the model does not read this any more.";
  } else if (element.hasAttribute("aria-description")) {
    element.removeAttribute("aria-description");
    element.removeAttribute("title");
  }
}

function drawUser(element: HTMLElement, item: UserItem): void {
  const chips = item.attached.map((name) => h("span", { class: "chip" }, icon("file"), name));
  element.replaceChildren(
    ...(item.steering ? [h("span", { class: "faint" }, "while cass was working")] : []),
    h("div", { class: "said" }, item.text),
    ...(chips.length > 0 ? [h("div", { class: "chips" }, ...chips)] : []),
  );
}

function drawNotice(element: HTMLElement, item: NoticeItem, markdown: Markdown): void {
  const words = h("div", { class: "markdown" });
  words.append(markdown.render(item.text));
  element.replaceChildren(icon(item.level === "info" ? "info" : item.level), words);
}

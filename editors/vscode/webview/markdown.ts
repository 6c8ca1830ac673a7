// Markdown of the model as safe elements: nothing in it runs, loads or looks like part of the view.

import DOMPurify from "dompurify";
import { Marked } from "marked";
import { h, icon } from "./dom";
import { highlighted } from "./highlight";

/** What a click on a piece of code or a link asks for. */
export interface MarkdownActions {
  code: (action: "copy" | "insert" | "apply", text: string, language: string) => void;
  open: (href: string) => void;
}

const TAGS =
  "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr input li ol p pre strong table tbody td th thead tr ul span".split(
    " ",
  );
/** Code that is longer is shown without colours. */
const COLOURED = 20_000;

/** Turns Markdown into elements. */
export class Markdown {
  private readonly marked = new Marked({
    gfm: true,
    renderer: {
      html: ({ text }) => escapeHtml(text),
      image: ({ text, href }) => `<a href="${escapeHtml(href)}">${escapeHtml(text || "picture")}</a>`,
    },
  });

  constructor(private readonly actions: MarkdownActions) {}

  /** The elements of one or more whole blocks. */
  render(text: string): DocumentFragment {
    const raw = this.marked.parse(text, { async: false });
    const fragment = DOMPurify.sanitize(raw, {
      ALLOWED_TAGS: TAGS,
      ALLOWED_ATTR: ["href", "class", "align", "start", "type", "checked", "disabled"],
      ALLOWED_URI_REGEXP: /^(?:https?:|file:|(?![a-z][a-z0-9+.-]*:))/i,
      RETURN_DOM_FRAGMENT: true,
    });
    for (const link of fragment.querySelectorAll("a")) {
      this.tame(link);
    }
    for (const box of fragment.querySelectorAll("input")) {
      box.type = "checkbox";
      box.disabled = true;
    }
    for (const table of fragment.querySelectorAll("table")) {
      const frame = h("div", { class: "table" });
      table.replaceWith(frame);
      frame.append(table);
    }
    for (const code of fragment.querySelectorAll("pre > code")) {
      const language = /language-([\w+#.-]+)/.exec(code.className)?.[1] ?? "";
      code.parentElement?.replaceWith(this.codeBlock(code.textContent ?? "", language));
    }
    return fragment;
  }

  /** A block of code with its language and what can be done with it. */
  codeBlock(text: string, language: string): HTMLElement {
    const body = text.replace(/\n$/, "");
    const code = h("code", {});
    code.append(body.length <= COLOURED ? highlighted(body, language) : body);
    const act = (action: "copy" | "insert" | "apply", name: string, label: string) =>
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          title: label,
          "aria-label": label,
          onclick: () => this.actions.code(action, body, language),
        },
        icon(name),
      );
    return h(
      "figure",
      { class: "code" },
      h(
        "figcaption",
        {},
        h("span", { class: "language" }, language || "text"),
        act("copy", "copy", "Copy"),
        act("insert", "insert", "Insert at the cursor"),
        act("apply", "git-pull-request-go-to-changes", "Apply to the open file"),
      ),
      h("pre", { tabindex: "0" }, code),
    );
  }

  private tame(link: HTMLAnchorElement): void {
    const href = link.getAttribute("href") ?? "";
    link.setAttribute("title", href);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.actions.open(href);
    });
  }
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

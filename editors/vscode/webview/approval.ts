// A question for permission: what will be done, hunk by hunk where it is a change, and the answers.

import type { Approval } from "../src/asking";
import type { FromView } from "../src/chat/messages";
import type { Hunk, HunkDecision, PermissionOption, ProposedFile } from "../src/protocol";
import { hunkLines, languageOf } from "./diff";
import { button, h, icon, iconButton, visible } from "./dom";

type Send = (message: FromView) => void;

const VERDICTS = {
  accept: { text: "Kept", icon: "check" },
  reject: { text: "Refused", icon: "close" },
  amend: { text: "Amended", icon: "edit" },
} as const;

/** The card of one question. It is drawn anew for each verdict; what is being typed into it is kept. */
export class ApprovalCard {
  readonly element: HTMLElement;
  private readonly note = h("input", {
    class: "note",
    type: "text",
    placeholder: "Tell cass what to do instead (optional)",
    "aria-label": "What cass should do instead",
  });
  private readonly hunks = new Map<string, HunkRow>();
  private readonly answers = h("div", { class: "answers" });

  constructor(
    private card: Approval,
    private readonly send: Send,
    folder: string,
  ) {
    const { ask } = card;
    const elsewhere = ask.subject.cwd === folder ? undefined : ask.subject.cwd;
    this.element = h(
      "section",
      { class: "card approval", "aria-label": `cass asks: ${visible(ask.title)}`, tabindex: "-1" },
      h("header", {}, icon(ask.subject.type === "command" ? "terminal" : "question"), h("h2", {}, headline(ask))),
      ask.description ? h("p", {}, visible(ask.description)) : undefined,
      ask.subject.command ? h("pre", { class: "command", tabindex: "0" }, visible(ask.subject.command)) : undefined,
      elsewhere ? h("p", { class: "faint" }, `in ${visible(elsewhere)}`) : undefined,
      ...(ask.proposal?.files ?? []).map((file) => this.file(file)),
      h("div", { class: "foot" }, this.answers, this.note),
    );
    this.note.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) {
        this.answer("reject_once");
      }
    });
    this.update(card);
  }

  /** Whether it is about changes of files. */
  get isEdit(): boolean {
    return this.card.ask.proposal !== undefined;
  }

  /** Take over the verdicts given elsewhere. */
  update(card: Approval): void {
    this.card = card;
    for (const [id, row] of this.hunks) {
      row.update(card.decisions[id]);
    }
    const some = Object.keys(card.decisions).length > 0;
    this.answers.replaceChildren(
      ...card.ask.options.map((option, at) => {
        const words = some && option.kind === "allow_once" ? "Keep the others" : label(option, card);
        return button(words, at === 0 ? "primary" : "secondary", () => this.answer(option.optionId));
      }),
    );
  }

  private answer(optionId: string): void {
    const note = this.note.value.trim();
    this.send({ type: "answer", id: this.card.id, optionId, ...(note ? { note } : {}) });
  }

  private file(file: ProposedFile): HTMLElement {
    const name = file.path.slice(file.path.lastIndexOf("/") + 1);
    const what = { add: "new file", modify: "", delete: "deleted", move: "moved" }[file.op];
    const proposalId = this.card.ask.subject.proposalId ?? "";
    const show = () => this.send({ type: "showDiff", proposalId, path: file.path });
    const hunks = file.hunks ?? [];
    return h(
      "div",
      { class: "file-diff" },
      h(
        "div",
        { class: "file-name", title: file.path },
        h("span", {}, name),
        what ? h("span", { class: "badge" }, what) : undefined,
        file.moveTo ? h("span", { class: "faint" }, `→ ${visible(file.moveTo)}`) : undefined,
        h("span", { class: "space" }),
        iconButton("go-to-file", "Show in place", () =>
          this.send({ type: "openFile", path: file.path, line: hunks[0]?.oldStart ?? 0 }),
        ),
        iconButton("diff", "Show in the diff editor", show),
      ),
      ...hunks.map((hunk, at) => this.hunk(file, hunk, at, hunks.length)),
    );
  }

  private hunk(file: ProposedFile, hunk: Hunk, at: number, count: number): HTMLElement {
    const row = new HunkRow(hunk, `change ${at + 1} of ${count}`, languageOf(file.path), {
      decide: (decision) => this.send({ type: "decide", id: this.card.id, decision }),
      undecide: () => this.send({ type: "undecide", id: this.card.id, hunkId: hunk.hunkId }),
    });
    this.hunks.set(hunk.hunkId, row);
    return row.element;
  }
}

interface Verdict {
  decide: (decision: HunkDecision) => void;
  undecide: () => void;
}

/** One hunk with its own answer: keep, refuse with a reason, amend. */
class HunkRow {
  readonly element = h("div", { class: "hunk" });
  private readonly bar = h("div", { class: "hunk-bar", role: "group" });
  private readonly form = h("div", { class: "hunk-form" });

  constructor(
    private readonly hunk: Hunk,
    private readonly name: string,
    language: string,
    private readonly verdict: Verdict,
  ) {
    this.bar.setAttribute("aria-label", name);
    this.element.append(this.bar, hunkLines(hunk, language), this.form);
    this.update(undefined);
  }

  update(decision: HunkDecision | undefined): void {
    const place = h("span", { class: "faint" }, `line ${this.hunk.oldStart}`);
    this.element.classList.toggle("decided", decision !== undefined);
    if (decision) {
      this.form.replaceChildren();
      const { text, icon: mark } = VERDICTS[decision.decision];
      const reason = decision.reason ? h("span", { class: "faint" }, visible(decision.reason)) : undefined;
      this.bar.replaceChildren(
        place,
        icon(mark),
        h("span", {}, text),
        ...(reason ? [reason] : []),
        h("span", { class: "space" }),
        iconButton("discard", `Decide again about ${this.name}`, () => this.verdict.undecide()),
      );
      return;
    }
    const hunkId = this.hunk.hunkId;
    this.bar.replaceChildren(
      place,
      h("span", { class: "space" }),
      iconButton("check", `Keep ${this.name}`, () => this.verdict.decide({ hunkId, decision: "accept" })),
      iconButton("edit", `Amend ${this.name}`, () => this.askText()),
      iconButton("close", `Refuse ${this.name}`, () => this.askReason()),
    );
  }

  private askReason(): void {
    const reason = h("input", { class: "note", type: "text", placeholder: "Why? (optional)", "aria-label": "Why" });
    const refuse = () => {
      const why = reason.value.trim();
      this.verdict.decide({ hunkId: this.hunk.hunkId, decision: "reject", ...(why ? { reason: why } : {}) });
    };
    this.open(reason, "Refuse", refuse);
    reason.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) {
        refuse();
      }
    });
  }

  private askText(): void {
    const text = h("textarea", { class: "amend", spellcheck: "false", "aria-label": "The text to take instead" });
    text.value = this.hunk.newText;
    text.rows = Math.min(16, this.hunk.newText.split("\n").length + 1);
    this.open(text, "Take this text", () =>
      this.verdict.decide({ hunkId: this.hunk.hunkId, decision: "amend", text: text.value }),
    );
  }

  private open(field: HTMLElement, words: string, act: () => void): void {
    const close = () => {
      this.form.replaceChildren();
      this.bar.querySelector("button")?.focus();
    };
    field.addEventListener("keydown", (event) => {
      if (event instanceof KeyboardEvent && event.key === "Escape") {
        event.stopPropagation();
        close();
      }
    });
    this.form.replaceChildren(
      field,
      h("div", { class: "answers" }, button(words, "primary", act), button("Cancel", "plain", close)),
    );
    field.focus();
  }
}

function headline(ask: Approval["ask"]): string {
  return ask.subject.type === "command" ? "Run this command?" : visible(ask.title);
}

function label(option: PermissionOption, card: Approval): string {
  const isEdit = card.ask.subject.type === "edit";
  switch (option.kind) {
    case "allow_once":
      return isEdit ? "Keep" : "Allow";
    case "reject_once":
      return "Refuse";
    default:
      return visible(option.name);
  }
}

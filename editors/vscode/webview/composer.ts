// The prompt's field: typing, completion of commands and mentions, sending, steering, queueing, stopping.

import type { Attachment, FromView, Suggestion } from "../src/chat/messages";
import type { Conversation } from "../src/session/conversation";
import { suggestArguments } from "./arguments";
import { h, icon, iconButton } from "./dom";
import { Popup } from "./popup";

/** Pixels that the field grows to. */
const TALLEST = 240;

/** What the composer keeps while the page is away. */
export interface Draft {
  text: string;
  attachments: Attachment[];
}

/** Owns the field. Nothing that arrives ever changes what is being typed, unless the user asked for it. */
export class Composer {
  readonly element: HTMLElement;
  private readonly field = h("textarea", {
    rows: "1",
    "aria-label": "Prompt",
    placeholder: "Ask cass, / for commands, @ for files",
    role: "combobox",
    "aria-expanded": "false",
  });
  private readonly chips = h("div", { class: "chips" });
  private readonly send = iconButton("send", "Send (Enter)", () => this.submit("steer"));
  private readonly stop = iconButton("stop-circle", "Stop (Escape)", () =>
    this.post({ type: "command", command: "stop" }),
  );
  private readonly popup: Popup;
  private attachments: Attachment[] = [];
  private conversation: Conversation | undefined;
  private asked = "";
  private history = 0;

  constructor(
    private readonly post: (message: FromView) => void,
    private readonly keep: (draft: Draft) => void,
    pickers: HTMLElement,
  ) {
    this.popup = new Popup(this.field, (chosen) => this.complete(chosen));
    this.stop.hidden = true;
    this.element = h(
      "div",
      { class: "composer" },
      this.popup.element,
      h("div", { class: "box" }, this.chips, this.field, h("div", { class: "row" }, pickers, this.stop, this.send)),
    );
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("blur", () => this.popup.close());
  }

  /** What was being written when the page went away. */
  restore(draft: Draft): void {
    this.attachments = draft.attachments;
    this.write(draft.text);
    this.drawChips();
  }

  /** Another state of the session. */
  update(conversation: Conversation | undefined): void {
    this.conversation = conversation;
    const busy = conversation !== undefined && conversation.state !== "idle";
    this.stop.hidden = !busy;
    this.field.placeholder = busy
      ? "Enter tells cass now, Alt+Enter after this turn"
      : "Ask cass, / for commands, @ for files";
  }

  /** Suggestions for `@` that were asked for. */
  suggest(query: string, suggestions: Suggestion[]): void {
    if (query === this.asked && this.word()?.startsWith("@")) {
      this.popup.show(suggestions);
    }
  }

  attach(attachment: Attachment): void {
    this.attachments = [...this.attachments.filter((one) => one.label !== attachment.label), attachment];
    this.drawChips();
    this.saveDraft();
  }

  /** Put words into the field, after what is there. */
  compose(text: string): void {
    const there = this.field.value;
    this.write(there && !there.endsWith(" ") && !there.endsWith("\n") ? `${there} ${text}` : there + text);
    this.saveDraft();
  }

  focus(): void {
    this.field.focus();
  }

  private submit(delivery: "steer" | "queue"): void {
    const text = this.field.value.trim();
    if (!text) {
      return;
    }
    this.post({ type: "prompt", text, attachments: this.attachments, delivery });
    this.attachments = [];
    this.history = 0;
    this.popup.close();
    this.write("");
    this.drawChips();
    this.saveDraft();
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) {
      return;
    }
    if (this.popup.key(event)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit(event.altKey ? "queue" : "steer");
    } else if (event.key === "Escape" && !this.stop.hidden) {
      this.post({ type: "command", command: "stop" });
    } else if (event.key === "ArrowUp" && (this.field.value === "" || this.history > 0)) {
      this.recall(event, 1);
    } else if (event.key === "ArrowDown" && this.history > 0) {
      this.recall(event, -1);
    } else if (event.key.length === 1) {
      this.history = 0;
    }
  }

  /** Earlier prompts, newest first. */
  private recall(event: KeyboardEvent, step: number): void {
    const said = (this.conversation?.items ?? []).filter((item) => item.kind === "user").toReversed();
    const next = Math.min(said.length, Math.max(0, this.history + step));
    const item = said[next - 1];
    event.preventDefault();
    this.history = next;
    this.write(item?.kind === "user" ? item.text : "");
  }

  private typed(): void {
    this.grow();
    this.saveDraft();
    const word = this.word();
    if (word?.startsWith("@")) {
      this.asked = word.slice(1).replace(/^"/, "");
      this.post({ type: "suggest", query: this.asked });
    } else if (word?.startsWith("/") && this.field.value.startsWith(word)) {
      const typed = word.slice(1).toLowerCase();
      this.popup.show(
        (this.conversation?.commands ?? [])
          .filter((command) => command.name.toLowerCase().startsWith(typed))
          .map((c) => ({ label: `/${c.name}`, detail: c.description, insert: `/${c.name}${c.hint ? " " : ""}` })),
      );
    } else if (this.argument() !== undefined) {
      this.popup.show(suggestArguments(this.conversation?.commands ?? [], this.before()));
    } else {
      this.popup.close();
    }
  }

  private before(): string {
    return this.field.value.slice(0, this.field.selectionStart);
  }

  /** The word that the cursor stands at the end of: a command, a mention, or an argument of a command. */
  private word(): string | undefined {
    return /(?:^|\s)([@/][^\s]*)$/.exec(this.before())?.[1] ?? this.argument();
  }

  private argument(): string | undefined {
    return /^\/\S+\s(?:.*\s)?(\S*)$/.exec(this.before())?.[1];
  }

  private complete(chosen: Suggestion): void {
    const at = this.field.selectionStart;
    const start = at - (this.word()?.length ?? 0);
    const insert = /[ =]$/.test(chosen.insert) ? chosen.insert : `${chosen.insert} `;
    this.field.setRangeText(insert, start, at, "end");
    this.grow();
    this.saveDraft();
  }

  private write(text: string): void {
    this.field.value = text;
    this.grow();
  }

  private grow(): void {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(TALLEST, this.field.scrollHeight)}px`;
  }

  private drawChips(): void {
    this.chips.replaceChildren(
      ...this.attachments.map((attachment) =>
        h(
          "span",
          { class: "chip" },
          icon("file-code"),
          attachment.label,
          iconButton("close", `Leave ${attachment.label} out`, () => {
            this.attachments = this.attachments.filter((one) => one !== attachment);
            this.drawChips();
            this.saveDraft();
            this.focus();
          }),
        ),
      ),
    );
  }

  private saveDraft(): void {
    this.keep({ text: this.field.value, attachments: this.attachments });
  }
}

// The list of slash commands and mentions above the prompt.

import type { Suggestion } from "../src/chat/messages";
import { h } from "./dom";

/** A choice list that the prompt's field drives: the focus stays in the field. */
export class Popup {
  readonly element = h("ul", { class: "popup", role: "listbox", id: "suggestions", "aria-label": "Suggestions" });
  private shown: Suggestion[] = [];
  private at = 0;

  constructor(
    private readonly field: HTMLTextAreaElement,
    private readonly choose: (chosen: Suggestion) => void,
  ) {
    this.element.hidden = true;
    field.setAttribute("aria-controls", "suggestions");
    field.setAttribute("aria-autocomplete", "list");
  }

  /** Whether there is something to choose. */
  get isOpen(): boolean {
    return !this.element.hidden;
  }

  /** Offer these; nothing closes the list. */
  show(suggestions: Suggestion[]): void {
    this.shown = suggestions;
    this.at = 0;
    this.element.hidden = suggestions.length === 0;
    this.field.setAttribute("aria-expanded", String(this.isOpen));
    this.draw();
  }

  close(): void {
    this.show([]);
  }

  /** Whether the key was for the list. */
  key(event: KeyboardEvent): boolean {
    if (!this.isOpen) {
      return false;
    }
    const { length } = this.shown;
    if (event.key === "ArrowDown") {
      this.at = (this.at + 1) % length;
    } else if (event.key === "ArrowUp") {
      this.at = (this.at + length - 1) % length;
    } else if (event.key === "Enter" || event.key === "Tab") {
      this.take(this.at);
      return true;
    } else if (event.key === "Escape") {
      this.close();
      return true;
    } else {
      return false;
    }
    this.draw();
    return true;
  }

  private take(at: number): void {
    const chosen = this.shown[at];
    this.close();
    if (chosen) {
      this.choose(chosen);
    }
  }

  private draw(): void {
    this.element.replaceChildren(
      ...this.shown.map((one, at) => {
        const row = h(
          "li",
          { role: "option", id: `suggestion-${at}`, "aria-selected": String(at === this.at) },
          h("span", { class: "name" }, one.label),
          h("span", { class: "faint" }, one.detail),
        );
        row.addEventListener("mousedown", (event) => {
          event.preventDefault();
          this.take(at);
        });
        return row;
      }),
    );
    const active = this.isOpen ? `suggestion-${this.at}` : "";
    this.field.setAttribute("aria-activedescendant", active);
    this.element.children[this.at]?.scrollIntoView({ block: "nearest" });
  }
}

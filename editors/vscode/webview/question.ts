// A question of the model with a small form: choices, yes or no, numbers, words.

import type { Question } from "../src/asking";
import type { FromView } from "../src/chat/messages";
import { button, h, icon, visible } from "./dom";

interface Field {
  type?: string;
  title?: string;
  description?: string;
  enum?: string[];
  default?: unknown;
}

interface Reader {
  element: HTMLElement;
  read: () => unknown;
}

/** The card of a question. A single choice is answered by one click. */
export function questionCard(card: Question, send: (message: FromView) => void): HTMLElement {
  const properties = (card.ask.requestedSchema.properties ?? {}) as Record<string, Field>;
  const accept = (content: Record<string, unknown>) =>
    send({ type: "reply", id: card.id, action: "accept", content });
  const names = Object.keys(properties);
  const [only = ""] = names;
  const choices = names.length === 1 ? properties[only]?.enum : undefined;
  const skip = button("Skip", "plain", () => send({ type: "reply", id: card.id, action: "decline" }));
  const parts: HTMLElement[] = [];
  if (choices) {
    parts.push(
      h(
        "div",
        { class: "answers choices" },
        ...choices.map((choice) => button(visible(choice), "secondary", () => accept({ [only]: choice }))),
        skip,
      ),
    );
  } else {
    const readers = names.map((name): [string, Reader] => [name, reader(name, properties[name] ?? {})]);
    const submit = () => accept(Object.fromEntries(readers.map(([name, one]) => [name, one.read()])));
    const form = h("form", {}, ...readers.map(([, one]) => one.element));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    parts.push(form, h("div", { class: "answers" }, button("Answer", "primary", submit), skip));
  }
  return h(
    "section",
    { class: "card question", "aria-label": `cass asks: ${visible(card.ask.message)}`, tabindex: "-1" },
    h("header", {}, icon("comment-discussion"), h("h2", {}, visible(card.ask.message))),
    ...parts,
  );
}

function reader(name: string, field: Field): Reader {
  const title = field.title ?? name;
  if (field.enum) {
    const select = h("select", {}, ...field.enum.map((value) => h("option", { value }, visible(value))));
    return { element: labelled(title, field, select), read: () => select.value };
  }
  if (field.type === "boolean") {
    const box = h("input", { type: "checkbox" });
    box.checked = field.default === true;
    return { element: h("label", { class: "field check" }, box, title), read: () => box.checked };
  }
  const isNumber = field.type === "number" || field.type === "integer";
  const input = h("input", { class: "note", type: isNumber ? "number" : "text" });
  if (typeof field.default === "string" || typeof field.default === "number") {
    input.value = String(field.default);
  }
  return { element: labelled(title, field, input), read: () => (isNumber ? Number(input.value) : input.value) };
}

function labelled(title: string, field: Field, control: HTMLElement): HTMLElement {
  const says = field.description ? h("span", { class: "faint" }, visible(field.description)) : undefined;
  return h("label", { class: "field" }, h("span", {}, visible(title)), says, control);
}

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
  minimum?: number;
  maximum?: number;
  minLength?: number;
  format?: string;
}

/** The browser's own controls for words of a known form. */
const FORMATS: Record<string, string> = { email: "email", uri: "url", date: "date" };

interface Reader {
  element: HTMLElement;
  read: () => unknown;
}

/** The card of a question. A single choice is answered by one click. */
export function questionCard(card: Question, send: (message: FromView) => void): HTMLElement {
  const properties = (card.ask.requestedSchema.properties ?? {}) as Record<string, Field>;
  const accept = (content: Record<string, unknown>) =>
    send({ type: "reply", id: card.id, action: "accept", content });
  const required = new Set((card.ask.requestedSchema.required ?? []) as string[]);
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
    const readers = names.map((name): [string, Reader] => [
      name,
      reader(name, properties[name] ?? {}, required.has(name)),
    ]);
    const submit = () => {
      // The browser says at the field what is missing, or does not fit.
      if (form.reportValidity()) {
        const given = readers.map(([name, one]): [string, unknown] => [name, one.read()]);
        accept(Object.fromEntries(given.filter(([, value]) => value !== undefined)));
      }
    };
    const form = h("form", {}, ...readers.map(([, one]) => one.element));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    parts.push(form, h("div", { class: "answers foot" }, button("Answer", "primary", submit), skip));
  }
  return h(
    "section",
    { class: "card question", "aria-label": `cass asks: ${visible(card.ask.message)}`, tabindex: "-1" },
    h("header", {}, icon("comment-discussion"), h("h2", {}, visible(card.ask.message))),
    ...parts,
  );
}

/** The control of one field; it reads `undefined` where nothing was given. */
function reader(name: string, field: Field, required: boolean): Reader {
  const title = `${field.title ?? name}${required ? " *" : ""}`;
  if (field.enum) {
    const none = h("option", { value: "" }, "");
    const options = field.enum.map((value) => h("option", { value }, visible(value)));
    const select = h("select", { required }, none, ...options);
    if (typeof field.default === "string") {
      select.value = field.default;
    }
    return { element: labelled(title, field, select), read: () => select.value || undefined };
  }
  if (field.type === "boolean") {
    const box = h("input", { type: "checkbox" });
    box.checked = field.default === true;
    const words = h("span", {}, visible(title), says(field));
    return { element: h("label", { class: "field check" }, box, words), read: () => box.checked };
  }
  const isNumber = field.type === "number" || field.type === "integer";
  const type = isNumber ? "number" : (FORMATS[field.format ?? ""] ?? "text");
  const input = h("input", { class: "note", type, required });
  input.minLength = Math.max(0, field.minLength ?? 0);
  if (isNumber) {
    input.step = field.type === "integer" ? "1" : "any";
    input.min = field.minimum === undefined ? "" : String(field.minimum);
    input.max = field.maximum === undefined ? "" : String(field.maximum);
  }
  if (typeof field.default === "string" || typeof field.default === "number") {
    input.value = String(field.default);
  }
  const read = () => (input.value === "" ? undefined : isNumber ? Number(input.value) : input.value);
  return { element: labelled(title, field, input), read };
}

function labelled(title: string, field: Field, control: HTMLElement): HTMLElement {
  return h("label", { class: "field" }, h("span", {}, visible(title)), says(field), control);
}

function says(field: Field): HTMLElement | undefined {
  return field.description ? h("span", { class: "faint" }, ` ${visible(field.description)}`) : undefined;
}

// Making elements: attributes and children in one call, text always as text.

type Attributes = Record<string, string | boolean | undefined | ((event: Event) => void)>;
type Child = Node | string | undefined | false;

/** An element. Functions become listeners (`onclick`), `true` a bare attribute, `false` and undefined none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

/** One of VS Code's icons; it says nothing to a screen reader. */
export function icon(name: string, spin = false): HTMLElement {
  return h("span", {
    class: `codicon codicon-${name}${spin ? " codicon-modifier-spin" : ""}`,
    "aria-hidden": "true",
  });
}

/** A button that shows only an icon; `label` is read out and shown as a tooltip. */
export function iconButton(name: string, label: string, act: () => void): HTMLButtonElement {
  return h(
    "button",
    { class: "icon-button", type: "button", title: label, "aria-label": label, onclick: act },
    icon(name),
  );
}

/** A button with words. */
export function button(text: string, look: "primary" | "secondary" | "plain", act: () => void): HTMLButtonElement {
  return h("button", { class: `button ${look}`, type: "button", onclick: act }, text);
}

/** Control and bidirectional characters made visible, so that what is shown is what will run. */
export function visible(text: string): string {
  return text.replaceAll(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

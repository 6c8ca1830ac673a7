// The context page: one bar for the model's window, a line for each part, the biggest items, what can be done.

import type { ContextGetResult } from "../src/protocol";
import type { FromPanel, PanelCommand, ToPanel } from "../src/window/messages";
import { biggest, facts, type Stretch, stretches } from "../src/window/shares";
import { button, h, visible } from "./dom";

declare function acquireVsCodeApi(): { postMessage(message: FromPanel): void };

const host = acquireVsCodeApi();
const act = (command: PanelCommand) => () => host.postMessage({ type: "command", command });

/** Colours of the theme that parts take in turn; see context.css. */
const COLOURS = 8;

function look(stretch: Stretch, number: number): string {
  return stretch.kind === "part" ? `part-${number % COLOURS}` : stretch.kind;
}

function percent(share: number): string {
  return share > 0 && share < 0.01 ? "<1 %" : `${Math.round(share * 100)} %`;
}

/** The bar is for the eye; the table below says the same in words. */
function bar(shown: Stretch[]): HTMLElement {
  const pieces = shown.map((stretch, number) => {
    const piece = h("div", {
      class: `piece ${look(stretch, number)}`,
      title: `${stretch.name}: ${stretch.tokens}`,
    });
    piece.style.flexGrow = String(stretch.share);
    return piece;
  });
  return h("div", { class: "bar", "aria-hidden": "true" }, ...pieces);
}

function table(shown: Stretch[]): HTMLElement {
  const rows = shown.map((stretch, number) =>
    h(
      "tr",
      { class: stretch.kind },
      h(
        "th",
        { scope: "row" },
        h("span", { class: `key ${look(stretch, number)}`, "aria-hidden": "true" }),
        stretch.name,
      ),
      h("td", {}, `${stretch.kind === "part" ? "~" : ""}${stretch.tokens.toLocaleString("en")}`),
      h("td", {}, percent(stretch.share)),
    ),
  );
  const head = h("tr", {}, ...["Part", "Tokens", "Share"].map((name) => h("th", { scope: "col" }, name)));
  return h(
    "table",
    {},
    h("caption", { class: "for-readers" }, "The model's window"),
    h("thead", {}, head),
    h("tbody", {}, ...rows),
  );
}

function items(found: ContextGetResult): HTMLElement {
  const most = Math.max(1, ...biggest(found).map((item) => item.tokens));
  const lines = biggest(found).map((item) => {
    const fill = h("div", { class: "fill", "aria-hidden": "true" });
    fill.style.width = `${(item.tokens / most) * 100}%`;
    const words = h("span", { class: "name" }, `${item.kind}: ${visible(item.name)}`);
    return h("li", {}, fill, words, h("span", { class: "count" }, `~${item.tokens.toLocaleString("en")}`));
  });
  return h("section", {}, h("h2", {}, "The biggest"), h("ol", {}, ...lines));
}

function actions(found: ContextGetResult, busy: boolean): HTMLElement {
  const made = [
    button("Compact now", "primary", act("compact")),
    ...(found.compacted ? [button("Uncompact", "secondary", act("uncompact"))] : []),
    ...(typeof found.summary === "string" ? [button("Edit summary…", "secondary", act("summary"))] : []),
  ];
  for (const one of made) {
    one.disabled = busy;
  }
  return h("div", { class: "actions" }, ...made, busy && h("span", { class: "faint" }, "when the turn has ended"));
}

function draw(message: ToPanel): void {
  if (message.type === "problem") {
    document.body.replaceChildren(h("p", { role: "alert" }, message.text));
    return;
  }
  const { found, title, busy } = message;
  const shown = stretches(found);
  const focused = document.activeElement?.textContent;
  const summary =
    typeof found.summary === "string"
      ? [h("section", {}, h("h2", {}, "What was left out, in short"), h("pre", {}, visible(found.summary)))]
      : [];
  document.body.replaceChildren(
    h("h1", {}, title ? `Context of “${visible(title)}”` : "Context"),
    bar(shown),
    ...facts(found).map((line) => h("p", {}, line)),
    actions(found, busy),
    table(shown),
    items(found),
    ...summary,
  );
  [...document.querySelectorAll("button")].find((one) => one.textContent === focused)?.focus();
}

window.addEventListener("message", (event: MessageEvent<ToPanel>) => draw(event.data));
host.postMessage({ type: "ready" });

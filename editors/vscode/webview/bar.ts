// What stands around the prompt: pickers, meter, to-dos, changes to decide about, the server's trouble.

import type { FromView, ViewCommand } from "../src/chat/messages";
import type { ServerState } from "../src/connection";
import type { ConfigOption } from "../src/protocol";
import { type Conversation, type Meter, openChanges } from "../src/session/conversation";
import { short } from "../src/window/shares";
import { button, h, icon } from "./dom";

type Post = (message: FromView) => void;

const PICKERS: readonly [string, string][] = [
  ["mode", "list-tree"],
  ["approval", "shield"],
  ["model", "sparkle"],
  ["effort", "dashboard"],
];

/** The pickers under the prompt; each opens the editor's own list. */
export class Pickers {
  readonly element = h("div", { class: "pickers" });

  constructor(private readonly post: Post) {}

  update(options: readonly ConfigOption[]): void {
    const mode = options.find((option) => option.id === "mode")?.currentValue;
    const shown = PICKERS.flatMap(([id, mark]) => {
      const option = options.find((one) => one.id === id);
      // In plan mode nothing is asked about: nothing is done.
      return option && !(id === "approval" && mode === "plan") ? [this.picker(option, mark)] : [];
    });
    this.element.replaceChildren(...shown);
  }

  private picker(option: ConfigOption, mark: string): HTMLElement {
    const value = option.options?.find((one) => one.value === option.currentValue)?.name ?? option.currentValue;
    const command = option.id as ViewCommand;
    const words = option.id === "model" ? value.slice(value.lastIndexOf("/") + 1) : value;
    const isPlain = option.id === "effort" && (value === "" || value === "default");
    return h(
      "button",
      {
        class: "picker",
        type: "button",
        title: `${option.name}: ${value || "automatic"}`,
        "aria-label": `${option.name}: ${value || "automatic"}`,
        onclick: () => this.post({ type: "command", command }),
      },
      icon(mark),
      isPlain ? undefined : h("span", {}, words || option.name),
    );
  }
}

/** How full the model's window is and what it cost. */
export function meterView(meter: Meter | undefined, post: Post): HTMLElement | undefined {
  if (!meter || meter.used === 0) {
    return undefined;
  }
  const share = meter.size > 0 ? Math.min(1, meter.used / meter.size) : 0;
  const cost = meter.total?.cost;
  const money = cost === undefined ? "" : ` · $${cost < 1 ? cost.toFixed(3) : cost.toFixed(2)}`;
  const about = meter.estimated ? "about " : "";
  const whole = meter.size > 0 ? ` of ${short(meter.size)} tokens` : " tokens";
  const bar = h("progress", { max: "1", value: String(share), "aria-hidden": "true" });
  const label = `The model's window holds ${about}${short(meter.used)}${whole}${money}`;
  return h(
    "button",
    {
      class: "meter",
      type: "button",
      title: label,
      "aria-label": label,
      onclick: () => post({ type: "command", command: "context" }),
    },
    ...(meter.size > 0 ? [bar] : []),
    `${meter.estimated ? "~" : ""}${short(meter.used)}${meter.size > 0 ? ` / ${short(meter.size)}` : ""}${money}`,
  );
}

/** The to-dos, folded to the one at work. */
export function planView(
  it: Conversation,
  open: boolean,
  toggled: (open: boolean) => void,
  post: Post,
): HTMLElement | undefined {
  const { plan } = it;
  if (plan.length === 0) {
    return undefined;
  }
  const done = plan.filter((entry) => entry.status === "completed").length;
  const current =
    plan.find((entry) => entry.status === "in_progress") ?? plan.find((entry) => entry.status === "pending");
  const marks = {
    completed: "pass-filled",
    in_progress: "arrow-circle-right",
    pending: "circle-large-outline",
  } as const;
  const words = { completed: "done: ", in_progress: "at work: ", pending: "open: " } as const;
  const view = h(
    "details",
    { class: "plan", open },
    h(
      "summary",
      {},
      icon("checklist"),
      h("span", { class: "title" }, current ? current.content : "All done"),
      h("span", { class: "faint" }, `${done} of ${plan.length}`),
    ),
    h(
      "ul",
      {},
      ...plan.map((entry, index) =>
        h(
          "li",
          { class: entry.status },
          h(
            "button",
            {
              class: "mark",
              type: "button",
              title: entry.status === "completed" ? "Open it again" : "It is done",
              onclick: () => post({ type: "todo", index }),
            },
            icon(marks[entry.status ?? "pending"]),
          ),
          h("span", { class: "for-readers" }, words[entry.status ?? "pending"]),
          h("span", {}, entry.content),
        ),
      ),
    ),
  );
  view.addEventListener("toggle", () => toggled(view.open));
  return view;
}

/** The changes that wait for a decision. */
export function reviewView(it: Conversation, post: Post): HTMLElement | undefined {
  const { files, hunks } = openChanges(it);
  if (hunks === 0) {
    return undefined;
  }
  const what = `${hunks} ${hunks === 1 ? "change" : "changes"} in ${files} ${files === 1 ? "file" : "files"}`;
  const act = (command: ViewCommand) => () => post({ type: "command", command });
  return h(
    "div",
    { class: "review", role: "group", "aria-label": "Changes to review" },
    icon("diff"),
    h("span", { class: "title" }, what),
    button("Review", "plain", act("next")),
    button("Keep all", "plain", act("keepAll")),
    button("Revert all", "plain", act("revertAll")),
  );
}

/** Why the server is not there, with what can be done about it. */
export function serverView(state: ServerState, post: Post): HTMLElement | undefined {
  if (state.phase === "running") {
    return undefined;
  }
  if (state.phase === "starting") {
    return h("div", { class: "server", role: "status" }, icon("loading", true), state.message);
  }
  return h(
    "div",
    { class: "server card", role: "alert" },
    h("p", {}, icon("warning"), state.message),
    h(
      "div",
      { class: "answers" },
      button("Start again", "primary", () => post({ type: "command", command: "restart" })),
      button("Settings", "secondary", () => post({ type: "command", command: "settings" })),
      button("Log", "secondary", () => post({ type: "command", command: "log" })),
    ),
  );
}

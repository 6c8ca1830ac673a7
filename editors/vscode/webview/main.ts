// The chat page: takes the extension's messages, keeps the conversation, and puts the parts together.

import type { Approval } from "../src/asking";
import type { FromView, ToView } from "../src/chat/messages";
import { type Conversation, fold, type Update } from "../src/session/conversation";
import { ApprovalCard } from "./approval";
import { meterView, Pickers, planView, reviewView, serverView } from "./bar";
import { Composer, type Draft } from "./composer";
import { button, h, icon } from "./dom";
import { List } from "./list";
import { Markdown } from "./markdown";
import { questionCard } from "./question";

interface Host {
  postMessage(message: FromView): void;
  getState(): { draft?: Draft } | undefined;
  setState(state: { draft: Draft }): void;
}

declare function acquireVsCodeApi(): Host;

/** Ideas for the first prompt. */
const IDEAS = [
  "Explain what this project does and how it is built.",
  "Find and fix the cause of the failing tests.",
  "Review the open file for mistakes.",
];

/** Everything in the page. */
class Page {
  private readonly host = acquireVsCodeApi();
  private readonly post = (message: FromView) => this.host.postMessage(message);
  private readonly list = new List(
    new Markdown({
      code: (action, text, language) => this.post({ type: "code", action, text, language }),
      open: (href) => this.post({ type: "open", href }),
    }),
    (path, line) => this.post({ type: "openFile", path, line }),
  );
  private readonly pickers = new Pickers(this.post);
  private readonly composer = new Composer(
    this.post,
    (draft) => this.host.setState({ draft }),
    this.pickers.element,
  );
  private readonly welcome = h("div", { class: "welcome" });
  private readonly server = h("div", {});
  private readonly asked = h("div", { class: "asked" });
  private readonly status = h("div", { class: "status" });
  private readonly working = h("div", { class: "working", hidden: true }, icon("loading", true), "cass is working");
  private readonly announcer = h("div", { class: "for-readers", role: "status", "aria-live": "polite" });
  private readonly cards = new Map<number, ApprovalCard | HTMLElement>();
  private conversation: Conversation | undefined;
  private planOpen = false;
  private drawn = "";

  start(): void {
    this.drawWelcome();
    this.list.element.append(this.welcome);
    const end = h("div", { class: "end" }, this.working, this.asked);
    document.body.append(this.server, this.list.element, end, this.status, this.composer.element, this.announcer);
    window.addEventListener("message", (event: MessageEvent<ToView>) => this.take(event.data));
    const draft = this.host.getState()?.draft;
    if (draft) {
      this.composer.restore(draft);
    }
    this.post({ type: "ready" });
  }

  private take(message: ToView): void {
    switch (message.type) {
      case "conversation":
        this.conversation = message.conversation;
        this.list.reset(message.conversation?.items ?? []);
        this.drawAround();
        break;
      case "updates":
        for (const update of message.updates) {
          this.fold(update);
        }
        this.drawAround();
        break;
      case "asked":
        this.drawAsked(message.approvals, message.questions);
        break;
      case "server":
        this.server.replaceChildren(...[serverView(message.state, this.post)].filter((view) => view !== undefined));
        break;
      case "attach":
        this.composer.attach(message.attachment);
        break;
      case "compose":
        this.composer.compose(message.text);
        break;
      case "suggestions":
        this.composer.suggest(message.query, message.suggestions);
        break;
      case "failed":
        this.fold({ sessionUpdate: "_notice", level: "error", text: message.text });
        this.composer.compose(message.prompt);
        break;
      case "focus":
        this.composer.focus();
        break;
      default: // of a newer extension
    }
  }

  private fold(update: Update): void {
    if (!this.conversation) {
      return;
    }
    const changed = fold(this.conversation, update);
    if (changed === "removed") {
      this.list.pruned();
    } else if (changed) {
      this.list.changed(changed);
      if (changed.kind === "user") {
        this.list.toEnd();
      }
    }
    if (update.sessionUpdate === "_rewound") {
      this.list.marked();
    }
    if (update.sessionUpdate === "state_update" && update.state === "idle") {
      this.announcer.textContent = update.stopReason === "end_turn" ? "cass has answered." : "cass has stopped.";
    }
  }

  /** Draw what is not in the list; most updates of a stream change nothing there. */
  private drawAround(): void {
    const it = this.conversation;
    const seen = JSON.stringify([
      it?.sessionId,
      it?.state,
      it?.options,
      it?.plan,
      it?.review,
      it?.meter,
      it?.queued,
      this.cards.size,
    ]);
    this.welcome.hidden = (it?.items.length ?? 0) > 0;
    if (seen === this.drawn) {
      return;
    }
    this.drawn = seen;
    this.composer.update(it);
    this.pickers.update(it?.options ?? []);
    this.working.hidden = it?.state !== "running";
    const parts = it
      ? [
          ...it.queued.map((prompt) => h("div", { class: "queued" }, icon("history"), h("span", {}, prompt.text))),
          planView(
            it,
            this.planOpen,
            (open) => {
              this.planOpen = open;
            },
            this.post,
          ),
          this.isAskedAboutEdits() ? undefined : reviewView(it, this.post),
        ]
      : [];
    const meter = meterView(it?.meter, this.post);
    this.status.replaceChildren(...parts.filter((part) => part !== undefined));
    this.pickers.element.append(...(meter ? [meter] : []));
    this.list.settle();
  }

  /** Then the question has the buttons. */
  private isAskedAboutEdits(): boolean {
    return [...this.cards.values()].some((card) => card instanceof ApprovalCard && card.isEdit);
  }

  private drawAsked(approvals: Approval[], questions: Extract<ToView, { type: "asked" }>["questions"]): void {
    const open = new Set([...approvals, ...questions].map((card) => card.id));
    for (const [id, card] of this.cards) {
      if (!open.has(id)) {
        (card instanceof ApprovalCard ? card.element : card).remove();
        this.cards.delete(id);
      }
    }
    for (const approval of approvals) {
      const card = this.cards.get(approval.id);
      if (card instanceof ApprovalCard) {
        card.update(approval);
      } else {
        const fresh = new ApprovalCard(approval, this.post, this.conversation?.cwd ?? "");
        this.add(approval.id, fresh, fresh.element, approval.ask.title);
      }
    }
    for (const question of questions) {
      if (!this.cards.has(question.id)) {
        const element = questionCard(question, this.post);
        this.add(question.id, element, element, question.ask.message);
      }
    }
    this.drawAround();
  }

  private add(id: number, card: ApprovalCard | HTMLElement, element: HTMLElement, title: string): void {
    this.cards.set(id, card);
    this.asked.append(element);
    this.announcer.textContent = `cass asks: ${title}`;
    this.list.toEnd();
  }

  private drawWelcome(): void {
    this.welcome.append(
      h("div", { class: "mark" }, icon("comment-discussion-sparkle")),
      h("h1", {}, "Ask cass about your code"),
      h(
        "p",
        {},
        "It works on what you are looking at, unsaved changes too. Every edit is yours to keep or refuse.",
      ),
      h("div", { class: "ideas" }, ...IDEAS.map((idea) => button(idea, "secondary", () => this.suggest(idea)))),
      h("p", { class: "faint" }, "Type / for commands and @ to mention files, the selection or problems."),
    );
  }

  private suggest(idea: string): void {
    this.composer.compose(idea);
    this.composer.focus();
  }
}

new Page().start();

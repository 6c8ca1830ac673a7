// The session that this window talks in: opened, resumed, prompted, stopped, switched.

import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import type { PromptContext, PromptParams, SessionInfo, SessionNewResult, SessionUpdateParams } from "../protocol";
import { type Conversation, emptyConversation, fold, type Update } from "./conversation";
import { describe, kindOf, type Wire } from "./wire";

export type Block = PromptParams["prompt"][number];

/** How a prompt meets a running turn: it reaches the turn itself, or waits for its end. */
export type Delivery = "steer" | "queue";

/** Holds the one conversation that the window shows, and tells whoever listens what happens in it. */
export class Sessions implements vscode.Disposable {
  private readonly updated = new vscode.EventEmitter<Update>();
  private readonly switched = new vscode.EventEmitter<Conversation | undefined>();
  private opening: Promise<void> | undefined;
  /** Each update of the shown session, after it was taken in. */
  readonly onDidUpdate = this.updated.event;
  /** Another session is shown, or all of it was told anew. */
  readonly onDidSwitch = this.switched.event;
  conversation: Conversation | undefined;

  constructor(
    private readonly wire: Wire,
    private readonly context: () => PromptContext,
  ) {}

  /** The folder that sessions of this window work in. */
  get cwd(): string {
    const folder = vscode.workspace.workspaceFolders?.find((f) => f.uri.scheme === "file");
    const active = vscode.window.activeTextEditor?.document.uri;
    return folder?.uri.fsPath ?? (active?.scheme === "file" ? path.dirname(active.fsPath) : os.homedir());
  }

  /** What the server tells. */
  take(params: SessionUpdateParams): void {
    const it = this.conversation;
    if (it?.sessionId !== params.sessionId) {
      return;
    }
    fold(it, params.update);
    this.updated.fire(params.update);
    const mode = it.options.find((option) => option.id === "mode")?.currentValue;
    if (
      params.update.sessionUpdate === "config_option_update" &&
      !vscode.workspace.isTrusted &&
      mode === "active"
    ) {
      void this.setOption("mode", "plan"); // a slash command may have switched it
    }
  }

  /** After the server came up: go on where this window was, else with the folder's newest session, else anew. */
  async open(): Promise<void> {
    this.opening = this.openSome();
    await this.opening;
  }

  /** Start with an empty conversation. The one before stays in the list of sessions. */
  async fresh(): Promise<void> {
    const before = this.conversation;
    const folders = vscode.workspace.workspaceFolders ?? [];
    const opened = await this.wire.request("cass/session/new", {
      cwd: this.cwd,
      additionalDirectories: folders.slice(1).flatMap((f) => (f.uri.scheme === "file" ? [f.uri.fsPath] : [])),
      configOptions: trustedOptions(),
    });
    this.show(opened, emptyConversation(opened.sessionId, this.cwd));
    await this.leave(before);
  }

  /** Show a stored session, told from its start. */
  async resume(sessionId: string): Promise<void> {
    const before = this.conversation;
    const told = emptyConversation(sessionId, this.cwd);
    this.conversation = told;
    try {
      const opened = await this.wire.request("cass/session/resume", {
        sessionId,
        replayFrom: { type: "start" },
        configOptions: trustedOptions(),
      });
      told.cwd = opened.cwd;
      told.state = opened.state;
      this.show(opened, told);
    } catch (error) {
      this.conversation = before;
      throw error;
    }
    if (before?.sessionId !== sessionId) {
      await this.leave(before);
    }
  }

  /** A to-do is done, or it is open again: the user says so, and the model is told. */
  async toggleTodo(index: number): Promise<void> {
    const it = this.conversation;
    if (!it?.plan[index]) {
      return;
    }
    const entries = it.plan.map((entry, n) =>
      n === index
        ? { ...entry, status: entry.status === "completed" ? ("pending" as const) : ("completed" as const) }
        : entry,
    );
    await this.wire.request("cass/session/setPlan", { sessionId: it.sessionId, entries });
  }

  /** The folder's sessions, newest first. */
  async list(): Promise<SessionInfo[]> {
    return (await this.wire.request("cass/session/list", { cwd: this.cwd, limit: 200 })).sessions;
  }

  /** Remove a session for good; the shown one is followed by a fresh one. */
  async delete(sessionId: string): Promise<void> {
    await this.wire.request("cass/session/delete", { sessionId });
    if (this.conversation?.sessionId === sessionId) {
      this.conversation = undefined;
      await this.fresh();
    }
  }

  /** Say something. In a running turn it steers or queues. */
  async prompt(blocks: Block[], delivery: Delivery = "steer"): Promise<void> {
    const it = await this.ready();
    const text = blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
    const isCommand = text.startsWith("/");
    const params: PromptParams = {
      sessionId: it.sessionId,
      prompt: blocks,
      ...(isCommand ? {} : { context: this.context() }),
    };
    if (delivery === "steer" && it.turnId && !isCommand) {
      try {
        await this.wire.request("cass/session/prompt", { ...params, mode: "steer", expectedTurnId: it.turnId });
        return;
      } catch (error) {
        if (kindOf(error) !== "turn_mismatch") {
          throw error;
        }
      }
    }
    const busy = it.state !== "idle";
    const accepted = await this.wire.request("cass/session/prompt", params);
    const there =
      it.items.some((item) => item.kind === "user" && item.id === accepted.messageId) ||
      it.queued.some((waiting) => waiting.id === accepted.messageId);
    if (busy && accepted.messageId && !there) {
      it.queued.push({ id: accepted.messageId, text, turn: accepted.turnId });
      this.switched.fire(it);
    }
  }

  /** Stop the running turn. */
  cancel(): void {
    if (this.conversation) {
      this.wire.notify("cass/session/cancel", { sessionId: this.conversation.sessionId });
    }
  }

  /** Switch mode, approval, model or effort. */
  async setOption(configId: string, value: string): Promise<void> {
    const it = await this.ready();
    const answer = await this.wire.request("cass/session/setConfigOption", {
      sessionId: it.sessionId,
      configId,
      value,
    });
    it.options = answer.configOptions;
    this.updated.fire({ sessionUpdate: "config_option_update", configOptions: it.options });
  }

  /** The open session; fails with a readable message when there is none. */
  async ready(): Promise<Conversation> {
    await this.opening;
    if (!this.conversation) {
      await this.fresh();
    }
    if (!this.conversation) {
      throw new Error("No session is open.");
    }
    return this.conversation;
  }

  dispose(): void {
    this.updated.dispose();
    this.switched.dispose();
  }

  private async openSome(): Promise<void> {
    const last = this.conversation?.sessionId ?? (await this.list()).at(0)?.sessionId;
    if (last === undefined) {
      await this.fresh();
      return;
    }
    this.conversation = undefined;
    try {
      await this.resume(last);
    } catch (error) {
      await this.fresh();
      if (kindOf(error) !== "session_not_found") {
        this.say(`The last session was not opened: ${describe(error)}`);
      }
    }
  }

  private say(text: string): void {
    if (this.conversation) {
      this.take({
        sessionId: this.conversation.sessionId,
        seq: 0,
        update: { sessionUpdate: "_notice", level: "info", text },
      });
    }
  }

  private show(opened: Pick<SessionNewResult, "configOptions" | "commands">, told: Conversation): void {
    told.options = opened.configOptions;
    told.commands = opened.commands;
    this.conversation = told;
    this.switched.fire(told);
  }

  /** A session that works on in the background stays open; an idle one is given free for other windows. */
  private async leave(before: Conversation | undefined): Promise<void> {
    if (before && before.state === "idle" && before.sessionId !== this.conversation?.sessionId) {
      await this.wire.request("cass/session/close", { sessionId: before.sessionId }).catch(() => undefined);
    }
  }
}

/** In a folder that is not trusted, cass only plans. */
function trustedOptions(): Record<string, string> {
  return vscode.workspace.isTrusted ? {} : { mode: "plan" };
}

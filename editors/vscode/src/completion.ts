// Inline completion's switch. The suggestions themselves are the language client's.

import * as vscode from "vscode";
import type { Connection } from "./connection";
import type { CompletionSetParams, CompletionStatus } from "./protocol";
import type { Sessions } from "./session/sessions";

/** The status item that says whether cass completes in the open file, and the command that switches it. */
export class CompletionSwitch implements vscode.Disposable {
  private readonly item = vscode.languages.createLanguageStatusItem("cass.completion", [
    { scheme: "file" },
    { scheme: "untitled" },
  ]);
  private readonly subscriptions: vscode.Disposable[];
  status: CompletionStatus = { enabled: false, because: "cass is not running" };

  constructor(
    private readonly connection: Connection,
    private readonly sessions: Sessions,
  ) {
    this.item.name = "cass completion";
    this.subscriptions = [
      this.item,
      connection.onDidChange(() => void this.refresh()),
      sessions.onDidSwitch(() => void this.refresh()),
      vscode.window.onDidChangeActiveTextEditor(() => void this.refresh()),
    ];
    this.draw();
  }

  /** Ask the user where it is to hold, and switch. */
  async toggle(): Promise<void> {
    await this.refresh();
    const enabled = !this.status.enabled;
    const languageId = vscode.window.activeTextEditor?.document.languageId;
    const word = enabled ? "on" : "off";
    const choices: (vscode.QuickPickItem & { set: Partial<CompletionSetParams> })[] = [
      { label: `Switch ${word} everywhere`, set: { scope: "user" } },
      { label: `Switch ${word} in this project`, set: { scope: "project" } },
      ...(languageId
        ? [{ label: `Switch ${word} for ${languageId}`, set: { scope: "user" as const, languageId } }]
        : []),
      { label: `Switch ${word} until cass ends`, set: { scope: "session" } },
    ];
    const title = `Inline completion is ${this.status.enabled ? "on" : "off"}: ${this.status.because}`;
    const chosen = await vscode.window.showQuickPick(choices, { title });
    if (chosen) {
      await this.set({ enabled, scope: "user", ...chosen.set });
    }
  }

  /** Switch, and remember it where the scope says. */
  async set(params: CompletionSetParams): Promise<void> {
    const where = { cwd: this.sessions.cwd, sessionId: this.sessions.conversation?.sessionId };
    this.status = await this.connection.request("cass/completion/set", { ...where, ...params });
    if (!this.status.enabled) {
      // What is shown now was made while it was on.
      await vscode.commands.executeCommand("editor.action.inlineSuggest.hide");
    }
    await this.refresh();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  /** Ask the server how it is for the open file. */
  async refresh(): Promise<void> {
    try {
      this.status = await this.connection.request("cass/completion/get", {
        cwd: this.sessions.cwd,
        sessionId: this.sessions.conversation?.sessionId,
        languageId: vscode.window.activeTextEditor?.document.languageId,
      });
    } catch {
      this.status = { enabled: false, because: "this server does not complete" };
    }
    this.draw();
  }

  private draw(): void {
    const { enabled, because, model } = this.status;
    this.item.text = enabled ? "$(sparkle) cass completes" : "$(circle-slash) cass does not complete";
    this.item.detail = enabled && model ? `${because} (${model})` : because;
    this.item.command = { command: "cass.completion.toggle", title: enabled ? "Switch off" : "Switch on" };
  }
}

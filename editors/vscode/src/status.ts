// The status bar: what cass is doing, and whether it completes while one types.

import * as vscode from "vscode";
import type { Asking } from "./asking";
import type { Connection } from "./connection";
import { openChanges } from "./session/conversation";
import { following } from "./session/reminders";
import type { Sessions } from "./session/sessions";

/** Shows one item and keeps the context keys that menus and key bindings ask for. */
export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("cass.status", vscode.StatusBarAlignment.Right, 90);
  private readonly subscriptions: vscode.Disposable[];
  private shown = "";
  private busy = false;

  constructor(
    private readonly connection: Connection,
    private readonly sessions: Sessions,
    private readonly asking: Asking,
  ) {
    this.item.name = "cass";
    const draw = () => this.draw();
    this.subscriptions = [
      this.item,
      connection.onDidChange(draw),
      sessions.onDidSwitch(draw),
      asking.onDidChange(draw),
      sessions.onDidUpdate((update) => {
        if (
          ["state_update", "config_option_update", "_review_update", "_reminder_update"].includes(
            update.sessionUpdate,
          )
        ) {
          draw();
        }
      }),
    ];
    this.draw();
    this.item.show();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  private draw(): void {
    const it = this.sessions.conversation;
    const busy = it !== undefined && it.state !== "idle";
    if (busy !== this.busy) {
      this.busy = busy;
      void vscode.commands.executeCommand("setContext", "cass.busy", busy);
    }
    const { text, tooltip, alarm } = this.words();
    if (text + tooltip === this.shown) {
      return;
    }
    this.shown = text + tooltip;
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: tooltip };
    this.item.command = "cass.chat.open";
    this.item.backgroundColor = alarm ? new vscode.ThemeColor(`statusBarItem.${alarm}Background`) : undefined;
  }

  private words(): { text: string; tooltip: string; alarm?: "warning" | "error" } {
    const { phase, message } = this.connection.state;
    if (phase === "starting") {
      return { text: "$(loading~spin) cass", tooltip: message };
    }
    if (phase !== "running") {
      return { text: "$(warning) cass", tooltip: message, alarm: "error" };
    }
    const it = this.sessions.conversation;
    if (this.asking.approvals.length + this.asking.questions.length > 0) {
      return { text: "$(question) cass asks", tooltip: "cass waits for your answer.", alarm: "warning" };
    }
    if (it && it.state !== "idle") {
      return { text: "$(loading~spin) cass", tooltip: "cass is working." };
    }
    const mode = it?.options.find((option) => option.id === "mode")?.currentValue;
    const approval = it?.options.find((option) => option.id === "approval")?.currentValue;
    const how = mode === "plan" ? "plan" : (approval ?? "");
    const { hunks } = it ? openChanges(it) : { hunks: 0 };
    const changes = hunks > 0 ? ` $(diff) ${hunks}` : "";
    const next = it ? following(it.reminders) : "";
    const waits = hunks > 0 ? `, ${hunks} ${hunks === 1 ? "change waits" : "changes wait"} for review` : "";
    const clock = next ? " $(clock)" : "";
    return {
      text: `$(comment-discussion) cass${how ? `: ${how}` : ""}${changes}${clock}`,
      tooltip: `cass is ready${waits}${next ? `, ${next}` : ""}.`,
    };
  }
}

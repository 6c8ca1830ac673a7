// The context panel's host side: asks where the model's window goes, and again whenever that may have changed.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { ContextGetResult } from "../protocol";
import type { Sessions } from "../session/sessions";
import { describe, type Wire } from "../session/wire";
import { type FromPanel, PANEL_COMMANDS, type ToPanel } from "./messages";

/** How long changes are gathered before the window is measured again, ms. */
const GATHER = 300;

/** After these the window holds something else. */
const CHANGES = new Set([
  "usage_update",
  "state_update",
  "compaction_update",
  "_summary_edited",
  "_uncompacted",
  "_rewound",
  "_history_cleared",
  "config_option_update",
]);

/** One panel, or none. */
export class ContextPanel implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private panel: vscode.WebviewPanel | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** What is shown; none before the first answer. */
  found: ContextGetResult | undefined;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly wire: Wire,
    private readonly sessions: Sessions,
  ) {
    this.subscriptions = [
      sessions.onDidSwitch(() => this.later()),
      sessions.onDidUpdate((update) => {
        if (CHANGES.has(update.sessionUpdate)) {
          this.later();
        }
      }),
    ];
  }

  /** Open the panel beside the code, or bring it to the front. */
  async show(): Promise<void> {
    await this.sessions.ready();
    if (this.panel) {
      this.panel.reveal(undefined, true);
    } else {
      this.open();
    }
    await this.measure();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.panel?.dispose();
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  private open(): void {
    const folder = vscode.Uri.joinPath(this.extensionUri, "dist", "webview");
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const panel = vscode.window.createWebviewPanel("cass.context", "cass: Context", column, {
      enableScripts: true,
      localResourceRoots: [folder],
    });
    panel.webview.html = html(panel.webview, folder);
    panel.webview.onDidReceiveMessage((message: FromPanel) => {
      if (message.type === "ready") {
        void this.measure();
      } else if (Object.hasOwn(PANEL_COMMANDS, message.command)) {
        void vscode.commands.executeCommand(PANEL_COMMANDS[message.command]);
      }
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    this.panel = panel;
  }

  private later(): void {
    if (this.panel && !this.timer) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        void this.measure();
      }, GATHER);
    }
  }

  private async measure(): Promise<void> {
    const it = this.sessions.conversation;
    if (!it || !this.panel) {
      return;
    }
    try {
      this.found = await this.wire.request("cass/context/get", { sessionId: it.sessionId });
      this.post({ type: "context", title: it.title, busy: it.state !== "idle", found: this.found });
    } catch (error) {
      this.post({ type: "problem", text: describe(error) });
    }
  }

  private post(message: ToPanel): void {
    void this.panel?.webview.postMessage(message);
  }
}

function html(webview: vscode.Webview, folder: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const at = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${webview.cspSource}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${at("context.css")}">
<title>Context</title>
</head>
<body><script nonce="${nonce}" src="${at("context.js")}"></script></body>
</html>`;
}

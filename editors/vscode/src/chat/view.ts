// The chat view's host side: its page, and the messages between the page and the rest of the extension.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Asking } from "../asking";
import type { Connection } from "../connection";
import type { Update } from "../session/conversation";
import type { Sessions } from "../session/sessions";
import { describe } from "../session/wire";
import { insertCode, openFile, openLink } from "./actions";
import { promptBlocks, suggestions } from "./mentions";
import { type Attachment, type FromView, type ToView, VIEW_COMMANDS } from "./messages";

/** How long updates are gathered before the page is told, ms. */
const GATHER = 25;

/** What the view needs of the extension. */
export interface Parts {
  extensionUri: vscode.Uri;
  connection: Connection;
  sessions: Sessions;
  asking: Asking;
  showDiff: (proposalId: string, path: string) => Promise<void>;
}

/** The chat. The page may come and go; all that it shows is told again when it is ready. */
export class ChatView implements vscode.WebviewViewProvider, vscode.Disposable {
  private readonly parts: Parts;
  private readonly subscriptions: vscode.Disposable[];
  private page: vscode.WebviewView | undefined;
  private isReady = false;
  private gathered: Update[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** For the page, once it is there. */
  private unsent: ToView[] = [];

  constructor(parts: Parts) {
    this.parts = parts;
    const { sessions, asking, connection } = parts;
    this.subscriptions = [
      sessions.onDidUpdate((update) => this.gather(update)),
      sessions.onDidSwitch(() => this.tellConversation()),
      asking.onDidChange(() => this.tellAsked()),
      connection.onDidChange((state) => this.post({ type: "server", state })),
    ];
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.page = view;
    this.isReady = false;
    const folder = vscode.Uri.joinPath(this.parts.extensionUri, "dist", "webview");
    view.webview.options = { enableScripts: true, localResourceRoots: [folder] };
    view.webview.html = html(view.webview, folder);
    view.webview.onDidReceiveMessage((message: FromView) => this.received(message));
    view.onDidDispose(() => {
      this.page = undefined;
      this.isReady = false;
    });
  }

  /** Show the view and put the cursor into the prompt, with this beside it. */
  async reveal(with_: { attachment?: Attachment; text?: string } = {}): Promise<void> {
    if (with_.attachment) {
      this.later({ type: "attach", attachment: with_.attachment });
    }
    if (with_.text !== undefined) {
      this.later({ type: "compose", text: with_.text });
    }
    this.later({ type: "focus" });
    await vscode.commands.executeCommand("cass.chat.focus");
  }

  /** Say something in the session; what goes wrong is shown in the chat. */
  async say(
    text: string,
    attachments: readonly Attachment[] = [],
    delivery: "steer" | "queue" = "steer",
  ): Promise<void> {
    try {
      const blocks = await promptBlocks(text, attachments, this.parts.sessions.cwd);
      await this.parts.sessions.prompt(blocks, delivery);
    } catch (error) {
      this.later({ type: "failed", text: describe(error), prompt: text });
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  private received(message: FromView): void {
    const { asking } = this.parts;
    switch (message.type) {
      case "ready":
        this.tellAll();
        break;
      case "prompt":
        void this.say(message.text, message.attachments, message.delivery);
        break;
      case "answer":
        asking.answer(message.id, message.optionId, message.note);
        break;
      case "decide":
        asking.decide(message.id, message.decision);
        break;
      case "undecide":
        asking.undecide(message.id, message.hunkId);
        break;
      case "reply":
        asking.reply(message.id, { action: message.action, content: message.content });
        break;
      default:
        void this.act(message).catch((error: unknown) => vscode.window.showErrorMessage(describe(error)));
    }
  }

  private async act(message: FromView): Promise<void> {
    switch (message.type) {
      case "command":
        if (Object.hasOwn(VIEW_COMMANDS, message.command)) {
          await vscode.commands.executeCommand(VIEW_COMMANDS[message.command]);
        }
        break;
      case "todo":
        await this.parts.sessions.toggleTodo(message.index);
        break;
      case "suggest":
        this.post({
          type: "suggestions",
          query: message.query,
          suggestions: await suggestions(message.query, this.parts.sessions.conversation?.resources),
        });
        break;
      case "open":
        await openLink(message.href, this.parts.sessions.cwd);
        break;
      case "openFile":
        await openFile(message.path, message.line, this.parts.sessions.cwd);
        break;
      case "showDiff":
        await this.parts.showDiff(message.proposalId, message.path);
        break;
      case "code":
        await this.code(message.action, message.text);
        break;
      default: // answered above
    }
  }

  private async code(action: "copy" | "insert" | "apply", text: string): Promise<void> {
    if (action === "copy") {
      await vscode.env.clipboard.writeText(text);
    } else if (action === "insert") {
      await insertCode(text);
    } else {
      const document = vscode.window.activeTextEditor?.document ?? vscode.window.visibleTextEditors[0]?.document;
      if (!document) {
        void vscode.window.showInformationMessage("Open the file that this code is for, then apply it.");
        return;
      }
      const file = vscode.workspace.asRelativePath(document.uri);
      await this.say(`Apply this code to ${file}, changing nothing else:\n\n\`\`\`\n${text}\n\`\`\``);
    }
  }

  private gather(update: Update): void {
    this.gathered.push(update);
    this.timer ??= setTimeout(() => this.flush(), GATHER);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const updates = this.gathered;
    this.gathered = [];
    if (updates.length > 0) {
      this.post({ type: "updates", updates });
    }
  }

  private tellConversation(): void {
    // The snapshot has what was gathered.
    clearTimeout(this.timer);
    this.timer = undefined;
    this.gathered = [];
    this.post({ type: "conversation", conversation: this.parts.sessions.conversation });
  }

  private tellAsked(): void {
    const { asking, sessions } = this.parts;
    const shown = sessions.conversation?.sessionId;
    this.post({
      type: "asked",
      approvals: asking.approvals.filter((card) => card.ask.sessionId === shown),
      questions: asking.questions.filter((card) => card.ask.sessionId === shown),
    });
  }

  private tellAll(): void {
    this.isReady = true;
    this.post({ type: "server", state: this.parts.connection.state });
    this.tellConversation();
    this.tellAsked();
    for (const message of this.unsent.splice(0)) {
      this.post(message);
    }
  }

  private later(message: ToView): void {
    if (this.isReady) {
      this.post(message);
    } else {
      this.unsent.push(message);
    }
  }

  private post(message: ToView): void {
    if (this.isReady) {
      void this.page?.webview.postMessage(message);
    }
  }
}

function html(webview: vscode.Webview, folder: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const at = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${at("codicon.css")}">
<link rel="stylesheet" href="${at("chat.css")}">
<title>cass</title>
</head>
<body><script nonce="${nonce}" src="${at("chat.js")}"></script></body>
</html>`;
}

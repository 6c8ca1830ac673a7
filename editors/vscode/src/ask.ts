// The commands about code: ask, explain, fix, edit, write tests, document, write a commit message.

import * as vscode from "vscode";
import { rangeBlock, rangeLabel } from "./chat/mentions";
import type { Attachment } from "./chat/messages";
import type { ChatView } from "./chat/view";
import type { Range } from "./protocol";
import type { Sessions } from "./session/sessions";
import type { Wire } from "./session/wire";

/** What each command asks for; `{file}` stands for the document's name. */
const WORDS = {
  explain: "Explain this code: what it does, how, and what is easy to get wrong about it.",
  fix: "Find what is wrong with this code and fix it.",
  tests: "Write tests for this code, in the style of the tests that are there.",
  document: "Document this code, in the style of the project. Change nothing but comments and docstrings.",
} as const;

/** Longest change that goes into the request for a commit message, characters. */
const LONGEST_DIFF = 60_000;

/** The code that a command is about: what the caller named, else the selection, else the line or document. */
export async function target(uri?: string, range?: Range): Promise<Attachment | undefined> {
  if (uri !== undefined) {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
    return attach(document, range ? toRange(range) : whole(document));
  }
  const editor = vscode.window.activeTextEditor;
  return editor && !editor.selection.isEmpty ? attach(editor.document, editor.selection) : undefined;
}

/** `cass.ask`: open the chat with the selection beside the prompt; with a text, ask at once. */
export async function ask(chat: ChatView, uri?: string, range?: Range, text?: string): Promise<void> {
  const attachment = await target(uri, range);
  if (text) {
    await chat.reveal();
    await chat.say(text, attachment ? [attachment] : []);
  } else {
    await chat.reveal({ attachment });
  }
}

/** `cass.explain`, `cass.fix`, `cass.tests`, `cass.document`: say it about the code. */
export async function about(
  chat: ChatView,
  what: keyof typeof WORDS,
  uri?: string,
  range?: Range,
  text?: string,
): Promise<void> {
  const attachment = (await target(uri, range)) ?? (await here());
  if (!attachment) {
    void vscode.window.showInformationMessage("Open the code that this is about first.");
    return;
  }
  await chat.reveal();
  const problems = what === "fix" ? problemsIn(attachment) : "";
  await chat.say([WORDS[what], text, problems].filter(Boolean).join("\n\n"), [attachment]);
}

/** `cass.edit`: ask what should become of the code, then say it. */
export async function edit(chat: ChatView, uri?: string, range?: Range, text?: string): Promise<void> {
  const attachment = (await target(uri, range)) ?? (await here());
  if (!attachment) {
    void vscode.window.showInformationMessage("Open the file to edit first.");
    return;
  }
  const title = `Edit ${attachment.label}`;
  const wish =
    text ?? (await vscode.window.showInputBox({ title, prompt: "What should change?", ignoreFocusOut: true }));
  if (wish) {
    await chat.reveal();
    await chat.say(`${wish}\n\nEdit only the code that goes along with this.`, [attachment]);
  }
}

/** `cass.commit`: a message for what is staged, into the source control's field. */
export async function commitMessage(wire: Wire, sessions: Sessions): Promise<void> {
  const repository = await repositoryHere();
  if (!repository) {
    void vscode.window.showInformationMessage("There is no Git repository here.");
    return;
  }
  const staged = await repository.diff(true);
  const changes = staged || (await repository.diff());
  if (!changes) {
    void vscode.window.showInformationMessage("Nothing was changed.");
    return;
  }
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: "cass writes a commit message", cancellable: true },
    async (_progress, token) => {
      const model = sessions.conversation?.options.find((option) => option.id === "model")?.currentValue;
      const configOptions = { mode: "plan", ...(model ? { model } : {}) };
      const { sessionId } = await wire.request("cass/session/new", { cwd: sessions.cwd, configOptions });
      try {
        const text = `Write the commit message for this change: one line of at most 72 characters that says what it does and why, then, if needed, a blank line and a short body. Answer with the message alone; use no tools.\n\n${changes.slice(0, LONGEST_DIFF)}`;
        const prompt = [{ type: "text" as const, text }];
        const end = await wire.request("cass/session/prompt", { sessionId, prompt, wait: true }, token);
        if (end.error) {
          throw new Error(String(end.error.message ?? "The model did not answer."));
        }
        repository.inputBox.value = plain(end.text ?? "") || repository.inputBox.value;
      } finally {
        await wire.request("cass/session/delete", { sessionId }).catch(() => undefined);
      }
    },
  );
}

interface Repository {
  rootUri: vscode.Uri;
  inputBox: { value: string };
  diff(cached?: boolean): Promise<string>;
}

async function repositoryHere(): Promise<Repository | undefined> {
  const git = vscode.extensions.getExtension<{ getAPI(version: 1): { repositories: Repository[] } }>("vscode.git");
  const { repositories } = (await git?.activate())?.getAPI(1) ?? { repositories: [] };
  const active = vscode.window.activeTextEditor?.document.uri.fsPath ?? "";
  return repositories.find((one) => active.startsWith(one.rootUri.fsPath)) ?? repositories[0];
}

function plain(answer: string): string {
  return answer
    .trim()
    .replace(/^```\w*\n([\s\S]*?)\n?```$/, "$1")
    .trim();
}

async function here(): Promise<Attachment | undefined> {
  const editor = vscode.window.activeTextEditor;
  return editor ? attach(editor.document, whole(editor.document)) : undefined;
}

function problemsIn(attachment: Attachment): string {
  if (attachment.block.type !== "resource") {
    return "";
  }
  const [uri = ""] = attachment.block.resource.uri.split("#");
  const lines = vscode.languages
    .getDiagnostics(vscode.Uri.parse(uri))
    .filter((one) => one.severity <= vscode.DiagnosticSeverity.Warning)
    .map((one) => `- line ${one.range.start.line + 1}: ${one.message}`);
  return lines.length > 0 ? `The editor reports:\n${lines.slice(0, 50).join("\n")}` : "";
}

function attach(document: vscode.TextDocument, range: vscode.Range): Attachment {
  return { label: rangeLabel(document, range), block: rangeBlock(document, range) };
}

function whole(document: vscode.TextDocument): vscode.Range {
  return new vscode.Range(new vscode.Position(0, 0), document.lineAt(document.lineCount - 1).range.end);
}

function toRange(range: Range): vscode.Range {
  return new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
}

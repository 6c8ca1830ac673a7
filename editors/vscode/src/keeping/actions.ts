// Keeping sessions: forking, renaming, archiving, writing down and bringing in.

import * as path from "node:path";
import * as vscode from "vscode";
import type { SessionInfo } from "../protocol";
import type { Sessions } from "../session/sessions";
import type { Wire } from "../session/wire";

/** Characters of a title that the server takes. */
const LONGEST = 200;

/** The session that is meant: one of a list, or the shown one. */
export type Meant = Pick<SessionInfo, "sessionId" | "title">;

/** The shown session. */
export async function shown(sessions: Sessions): Promise<Meant> {
  const { sessionId, title } = await sessions.ready();
  return { sessionId, title };
}

/** Begin a new session with what the shown one holds up to the end of a turn, and go on there. */
export async function forkHere(sessions: Sessions, wire: Wire): Promise<void> {
  const { sessionId } = await sessions.ready();
  const { turns } = await wire.request("cass/rewind/list", { sessionId });
  const kept = turns.filter((turn) => turn.conversation !== false);
  if (kept.length === 0) {
    void vscode.window.showInformationMessage("There is no turn to fork after.");
    return;
  }
  const items = kept.map((turn, number) => ({
    label: turn.prompt,
    description: number === 0 ? "the latest" : "",
    turnId: turn.turnId,
  }));
  const placeHolder = "The new session holds all up to the end of which turn?";
  const chosen = await vscode.window.showQuickPick(items, { title: "Fork Session", placeHolder });
  if (chosen) {
    await fork(sessionId, sessions, wire, chosen.turnId);
  }
}

/** Begin a new session with what one holds, up to its end or that of a turn, and go on there. */
export async function fork(sessionId: string, sessions: Sessions, wire: Wire, turnId?: string): Promise<void> {
  const { session } = await wire.request("cass/session/fork", { sessionId, ...(turnId ? { turnId } : {}) });
  await sessions.resume(session.sessionId);
}

/** Give a session a title. An empty one lets cass make one again. Answers whether it was done. */
export async function rename(meant: Meant, wire: Wire): Promise<boolean> {
  const title = await vscode.window.showInputBox({
    title: "Rename Session",
    prompt: "A title; none to let cass make one.",
    value: meant.title,
  });
  if (title === undefined) {
    return false;
  }
  await wire.request("cass/session/setInfo", { sessionId: meant.sessionId, title: title.trim().slice(0, LONGEST) });
  return true;
}

/** Leave a session out of lists, or take it in again. Searches find it all the same. */
export async function archive(sessionId: string, archived: boolean, sessions: Sessions, wire: Wire): Promise<void> {
  await wire.request("cass/session/setInfo", { sessionId, archived });
  if (archived && sessions.conversation?.sessionId === sessionId) {
    await sessions.fresh();
  }
}

const FORMATS = { md: "markdown", html: "html", htm: "html", json: "json" } as const;

/** Write a session to a file: for reading as Markdown or one page of HTML, with all of it as JSON. */
export async function write(meant: Meant, cwd: string, wire: Wire): Promise<void> {
  const name =
    meant.title
      .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 60) || "session";
  const uri = await vscode.window.showSaveDialog({
    title: "Export Session",
    defaultUri: vscode.Uri.file(path.join(cwd, `${name}.md`)),
    filters: { Markdown: ["md"], "Web page": ["html", "htm"], "All of it, to import": ["json"] },
  });
  if (!uri) {
    return;
  }
  await writeTo(meant.sessionId, uri, wire);
  const open = "Open";
  if ((await vscode.window.showInformationMessage(`Written to ${path.basename(uri.path)}.`, open)) === open) {
    await vscode.commands.executeCommand("vscode.open", uri);
  }
}

/** Write a session to this file, in the format that its name ends with, else as Markdown. */
export async function writeTo(sessionId: string, uri: vscode.Uri, wire: Wire): Promise<void> {
  const ending = path.extname(uri.path).slice(1).toLowerCase();
  const format = Object.hasOwn(FORMATS, ending) ? FORMATS[ending as keyof typeof FORMATS] : "markdown";
  // Not by the server's `path`: the dialog asked about a file that is there already.
  const { content } = await wire.request("cass/session/export", { sessionId, format });
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(content ?? ""));
}

/** Bring sessions in: from a file, or all that another program keeps of this folder. */
export async function bringIn(sessions: Sessions, wire: Wire): Promise<void> {
  const sources = [
    { label: "$(file) A file…", description: "cass's JSON, or another program's log", format: "" },
    { label: "Claude Code", description: "its sessions of this folder", format: "claude" },
    { label: "Codex", description: "its sessions of this folder", format: "codex" },
    { label: "aider", description: "its history of this folder", format: "aider" },
  ];
  const source = await vscode.window.showQuickPick(sources, { title: "Import Session" });
  if (!source) {
    return;
  }
  const { cwd } = sessions;
  if (source.format) {
    await told({ format: source.format, cwd }, sessions, wire);
    return;
  }
  const files = await vscode.window.showOpenDialog({ title: "Import Session", canSelectMany: false });
  if (files?.[0]) {
    await told({ path: files[0].fsPath, cwd }, sessions, wire);
  }
}

async function told(
  params: { path?: string; format?: string; cwd: string },
  sessions: Sessions,
  wire: Wire,
): Promise<void> {
  const found = await wire.request("cass/session/import", params);
  const count = found.sessions.length;
  const problems = [
    ...(found.leftOut ? [`${found.leftOut} damaged or unknown parts were left out.`] : []),
    ...(found.problems ?? []),
  ];
  if (count === 0) {
    void vscode.window.showInformationMessage(["Nothing new to bring in.", ...problems].join(" "));
    return;
  }
  const words = [`${count} ${count === 1 ? "session was" : "sessions were"} brought in.`, ...problems].join(" ");
  const open = "Open";
  if ((await vscode.window.showInformationMessage(words, open)) === open && found.sessions[0]) {
    await sessions.resume(found.sessions[0].sessionId);
  }
}

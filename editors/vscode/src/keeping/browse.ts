// The list of sessions: what is typed is looked for in all that was said and done, buttons act on one of them.

import * as vscode from "vscode";
import type { SearchHit, SessionInfo } from "../protocol";
import type { Sessions } from "../session/sessions";
import type { Wire } from "../session/wire";
import { archive, fork, rename, write } from "./actions";

export type SessionItem = vscode.QuickPickItem & { session: SessionInfo };

/** How long typing is waited for before it is looked for, ms. */
const PAUSE = 150;
/** Characters of a snippet before what was found, at most. */
const BEFORE = 30;

const button = (icon: string, tooltip: string): vscode.QuickInputButton => ({
  iconPath: new vscode.ThemeIcon(icon),
  tooltip,
});
const FORK = button("repo-forked", "Fork: go on in a new session");
const RENAME = button("edit", "Rename…");
const ARCHIVE = button("archive", "Archive");
const LIST_AGAIN = button("inbox", "List again");
const EXPORT = button("export", "Export…");
const DELETE = button("trash", "Delete for good");
const EVERYWHERE = button("globe", "Of all folders");

/** What the list shows for these words: the folder's sessions, newest first, or where the words were found. */
export async function found(words: string, cwd: string | undefined, wire: Wire): Promise<SessionItem[]> {
  if (!words.trim()) {
    const { sessions } = await wire.request("cass/session/list", { cwd, limit: 200 });
    return sessions.map((session) => itemOf(session, ""));
  }
  const { hits } = await wire.request("cass/session/search", { query: words, cwd, limit: 50 });
  return hits.map((hit) => itemOf(hit.session, excerpt(hit)));
}

/** The snippet so that what was found is in sight: the list cuts a line at its end. */
export function excerpt({ snippet, marks }: Pick<SearchHit, "snippet" | "marks">): string {
  const characters = [...snippet];
  const first = Number(marks?.[0]?.[0] ?? 0);
  const from = first > BEFORE ? first - BEFORE : 0;
  return `${from > 0 ? "…" : ""}${characters.slice(from).join("")}`.replaceAll(/\s+/g, " ");
}

function itemOf(session: SessionInfo, snippet: string): SessionItem {
  const facts = [`${session.messages ?? 0} messages`];
  facts.push(...(session.tags ?? []).map((tag) => `#${tag}`));
  facts.push(...(session.archived ? ["archived"] : []), ...(session.state === "closed" ? [] : ["open"]));
  return {
    session,
    label: session.title || "(untitled)",
    description: ago(session.updatedAt),
    detail: snippet || facts.join(" · "),
    buttons: [FORK, RENAME, session.archived ? LIST_AGAIN : ARCHIVE, EXPORT, DELETE],
    alwaysShow: true, // the server has found it; the words need not stand in the title
  };
}

/** Choose a stored session and show it. Answers whether another one is shown at the end. */
export async function browse(sessions: Sessions, wire: Wire, words = ""): Promise<boolean> {
  const before = sessions.conversation?.sessionId;
  const pick = vscode.window.createQuickPick<SessionItem>();
  let cwd: string | undefined = sessions.cwd;
  let asked = 0;
  let going = false;
  let timer: NodeJS.Timeout | undefined;
  const fill = async () => {
    asked += 1;
    const mine = asked;
    pick.busy = true;
    const items = await found(pick.value, cwd, wire);
    if (mine === asked) {
      pick.items = items;
      pick.busy = false;
    }
  };
  pick.title = "Sessions of this folder";
  pick.placeholder = "Choose a session to go on with, or type what was said in it";
  pick.value = words;
  pick.buttons = [EVERYWHERE];
  pick.show();
  await new Promise<void>((resolve, reject) => {
    fill().catch(reject);
    pick.onDidChangeValue(() => {
      clearTimeout(timer);
      timer = setTimeout(() => fill().catch(reject), PAUSE);
    });
    pick.onDidTriggerButton(() => {
      cwd = cwd === undefined ? sessions.cwd : undefined;
      pick.title = cwd === undefined ? "Sessions of all folders" : "Sessions of this folder";
      fill().catch(reject);
    });
    pick.onDidTriggerItemButton(({ item, button }) => {
      act(button, item.session, sessions, wire)
        .then((again) => (again ? fill() : undefined))
        .catch(reject);
    });
    pick.onDidAccept(() => {
      const chosen = pick.selectedItems[0];
      if (chosen) {
        going = true;
        pick.hide();
        sessions.resume(chosen.session.sessionId).then(resolve, reject);
      }
    });
    pick.onDidHide(() => going || resolve());
  }).finally(() => {
    clearTimeout(timer);
    pick.dispose();
  });
  return sessions.conversation?.sessionId !== before;
}

/** Do what a button says; answers whether the list goes on. */
async function act(
  button: vscode.QuickInputButton,
  session: SessionInfo,
  sessions: Sessions,
  wire: Wire,
): Promise<boolean> {
  switch (button) {
    case FORK:
      await fork(session.sessionId, sessions, wire);
      return false;
    case RENAME:
      await rename(session, wire);
      return false;
    case EXPORT:
      await write(session, sessions.cwd, wire);
      return false;
    case DELETE:
      await sessions.delete(session.sessionId);
      return true;
    default:
      await archive(session.sessionId, button === ARCHIVE, sessions, wire);
      return true;
  }
}

function ago(time: string): string {
  const minutes = Math.round((Date.now() - Date.parse(time)) / 60_000);
  if (minutes < 1) {
    return "just now";
  }
  if (minutes < 60) {
    return `${minutes} min ago`;
  }
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h ago` : new Date(time).toLocaleDateString();
}

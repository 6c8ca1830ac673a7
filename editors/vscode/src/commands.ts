// All commands by name. What goes wrong in one of them is said to the user.

import * as vscode from "vscode";
import { about, ask, commitMessage, edit } from "./ask";
import type { ChatView } from "./chat/view";
import type { CompletionSwitch } from "./completion";
import type { Connection } from "./connection";
import { archive, bringIn, forkHere, rename, shown, write } from "./keeping/actions";
import { browse } from "./keeping/browse";
import { pickOption } from "./pickers";
import type { Range } from "./protocol";
import type { Changes } from "./review/changes";
import type { Review } from "./review/commands";
import { rewind } from "./rewinding";
import type { Sessions } from "./session/sessions";
import { describe } from "./session/wire";
import type { ContextPanel } from "./window/panel";
import type { SummaryTexts } from "./window/summary";

/** What the commands work on. */
export interface CommandParts {
  connection: Connection;
  sessions: Sessions;
  chat: ChatView;
  review: Review;
  changes: Changes;
  completion: CompletionSwitch;
  panel: ContextPanel;
  summaries: SummaryTexts;
}

type Command = (...parameters: never[]) => Thenable<void> | void;

/** Register them; the result takes them back. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const table = {
    ...sessionCommands(parts),
    ...windowCommands(parts),
    ...keepingCommands(parts),
    ...codeCommands(parts),
    ...reviewCommands(parts),
    ...ownCommands(parts),
  };
  const registered = Object.entries<Command>(table).map(([name, command]) =>
    vscode.commands.registerCommand(name, async (...parameters: never[]) => {
      try {
        await command(...parameters);
      } catch (error) {
        parts.connection.log.error(`${name}: ${describe(error)}`);
        void vscode.window.showErrorMessage(describe(error));
      }
    }),
  );
  return vscode.Disposable.from(...registered);
}

function sessionCommands({ connection, sessions, chat }: CommandParts) {
  return {
    "cass.chat.open": () => chat.reveal(),
    "cass.session.new": async () => {
      await sessions.fresh();
      await chat.reveal();
    },
    "cass.session.resume": async () => {
      if (await browse(sessions, connection)) {
        await chat.reveal();
      }
    },
    "cass.session.stop": () => sessions.cancel(),
    "cass.session.rewind": () => rewind(sessions, connection, chat),
    "cass.session.mode": () => pickOption(sessions, connection, "mode"),
    "cass.session.approval": () => pickOption(sessions, connection, "approval"),
    "cass.session.model": () => pickOption(sessions, connection, "model"),
    "cass.session.effort": () => pickOption(sessions, connection, "effort"),
  };
}

function windowCommands({ chat, panel, summaries }: CommandParts) {
  return {
    "cass.session.context": () => panel.show(),
    "cass.session.compact": () => chat.say("/compact"),
    "cass.session.uncompact": () => chat.say("/uncompact"),
    "cass.session.summary": () => summaries.edit(),
  };
}

function keepingCommands({ connection, sessions, chat }: CommandParts) {
  return {
    "cass.session.search": async (...given: Given) => {
      if (await browse(sessions, connection, text(given[0]))) {
        await chat.reveal();
      }
    },
    "cass.session.fork": async () => {
      await forkHere(sessions, connection);
      await chat.reveal();
    },
    "cass.session.rename": async () => {
      await rename(await shown(sessions), connection);
    },
    "cass.session.archive": async () => archive((await shown(sessions)).sessionId, true, sessions, connection),
    "cass.session.export": async () => write(await shown(sessions), sessions.cwd, connection),
    "cass.session.import": () => bringIn(sessions, connection),
  };
}

function codeCommands({ connection, sessions, chat }: CommandParts) {
  return {
    "cass.ask": (...given: Given) => ask(chat, ...place(given)),
    "cass.explain": (...given: Given) => about(chat, "explain", ...place(given)),
    "cass.fix": (...given: Given) => about(chat, "fix", ...place(given)),
    "cass.tests": (...given: Given) => about(chat, "tests", ...place(given)),
    "cass.document": (...given: Given) => about(chat, "document", ...place(given)),
    "cass.edit": (...given: Given) => edit(chat, ...place(given)),
    "cass.commit": () => commitMessage(connection, sessions),
  };
}

function reviewCommands({ review, changes }: CommandParts) {
  return {
    "cass.review.next": () => review.go(1),
    "cass.review.previous": () => review.go(-1),
    "cass.review.keep": (...given: Given) => review.decide("keep", ...hunks(given)),
    "cass.review.revert": (...given: Given) => review.decide("revert", ...hunks(given)),
    "cass.review.amend": (...given: Given) => review.amend(...hunks(given)),
    "cass.review.comment": (...given: Given) => review.comment(...hunks(given), text(given[2])),
    "cass.review.keepFile": (...given: Given) => review.decideFile("keep", uri(given[0])),
    "cass.review.revertFile": (...given: Given) => review.decideFile("revert", uri(given[0])),
    "cass.review.keepAll": () => changes.resolveAll("keep"),
    "cass.review.revertAll": () => changes.resolveAll("revert"),
    "cass.review.diff": (...given: Given) => review.diff(uri(given[0])),
  };
}

function ownCommands({ connection, completion }: CommandParts) {
  return {
    "cass.completion.toggle": () => completion.toggle(),
    "cass.server.restart": () => connection.restart(),
    "cass.server.log": () => connection.log.show(),
    "cass.server.settings": () => vscode.commands.executeCommand<void>("workbench.action.openSettings", "cass."),
  };
}

/** What a command may be called with: menus give resources, code actions and lenses our own arguments. */
type Given = unknown[];

function uri(given: unknown): string | undefined {
  return typeof given === "string" ? given : given instanceof vscode.Uri ? given.toString() : undefined;
}

function text(given: unknown): string | undefined {
  return typeof given === "string" ? given : undefined;
}

function place(given: Given): [string | undefined, Range | undefined, string | undefined] {
  // A menu gives the document's address too, but there the selection is meant.
  return [text(given[0]), isRange(given[1]) ? given[1] : undefined, text(given[2])];
}

function hunks(given: Given): [string | undefined, string[] | undefined] {
  const ids = Array.isArray(given[1]) ? given[1].filter((id): id is string => typeof id === "string") : undefined;
  return [uri(given[0]), ids];
}

function isRange(value: unknown): value is Range {
  return typeof value === "object" && value !== null && "start" in value && "end" in value;
}

// The changes that wait for a decision, as the server lists them, and deciding about them.

import * as vscode from "vscode";
import { type Asking, hunkIds } from "../asking";
import { openDocument } from "../ide/documents";
import type { HunkDecision, ReviewFile, ReviewHunk, ReviewResolveParams } from "../protocol";
import type { Sessions } from "../session/sessions";
import type { Wire } from "../session/wire";
import { fromProposal, relocated, textLines } from "./text";

/** How long after a key the list is asked for anew, ms. */
const AFTER_TYPING = 250;

export type Decision = "keep" | "revert" | "amend" | "comment";

/** A hunk and the file that it is in. */
export interface Change {
  file: ReviewFile;
  hunk: ReviewHunk;
}

/** Follows the shown session. What is asked about is listed too, while it has no verdict. */
export class Changes implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];
  private listed: ReviewFile[] = [];
  private timer: NodeJS.Timeout | undefined;
  private asked = 0;
  private told: ReadonlySet<string> = new Set();
  /** Fires when `files` are others. */
  readonly onDidChange = this.changed.event;
  files: ReviewFile[] = [];

  constructor(
    private readonly wire: Wire,
    private readonly sessions: Sessions,
    private readonly asking: Asking,
  ) {
    this.subscriptions = [
      this.changed,
      sessions.onDidSwitch(() => this.soon(0)),
      sessions.onDidUpdate((update) => {
        if (update.sessionUpdate === "_review_update" || update.sessionUpdate === "_edit_update") {
          this.soon(0);
        }
      }),
      asking.onDidChange(() => this.merge()),
      vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.contentChanges.length > 0 && this.of(event.document.uri)) {
          this.soon(AFTER_TYPING);
        }
      }),
    ];
  }

  /** The changes of one document. */
  of(uri: vscode.Uri): ReviewFile | undefined {
    const wanted = uri.toString();
    return this.files.find((file) => vscode.Uri.parse(file.uri).toString() === wanted);
  }

  /** All changes, file by file, from top to bottom. */
  all(): Change[] {
    return this.files.flatMap((file) => file.hunks.map((hunk) => ({ file, hunk })));
  }

  /** Decide about hunks. What could not be done is said to the user. */
  async resolve(
    action: Decision,
    changes: readonly Change[],
    words: { text?: string; comment?: string } = {},
  ): Promise<void> {
    const rest = changes.filter(({ hunk }) => !this.decideHere(action, hunk, words));
    for (const [uri, group] of Map.groupBy(rest, ({ file }) => file.uri)) {
      await this.resolveThere({ action, uri, hunkIds: group.map(({ hunk }) => hunk.hunkId), ...words });
    }
  }

  /** Decide about everything in a file, or everywhere. */
  async resolveAll(action: "keep" | "revert", uri?: string): Promise<void> {
    const some = this.all().filter(({ file }) => uri === undefined || file.uri === uri);
    const rest = some.filter(({ hunk }) => !this.decideHere(action, hunk, {}));
    if (rest.length > 0) {
      await this.resolveThere({ action, ...(uri === undefined ? {} : { uri }) });
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  /** A hunk of a proposal that is being asked about: its verdict goes into the answer to the question. */
  private decideHere(action: Decision, hunk: ReviewHunk, words: { text?: string; comment?: string }): boolean {
    const card = hunk.proposalId ? this.asking.about(hunk.proposalId) : undefined;
    const hunkId = idInProposal(hunk);
    if (!card || action === "comment" || !hunkIds(card).includes(hunkId)) {
      return false;
    }
    const decision = ({ keep: "accept", revert: "reject", amend: "amend" } as const)[action];
    const verdict: HunkDecision = { hunkId, decision };
    this.asking.decide(card.id, {
      ...verdict,
      ...(words.comment ? { reason: words.comment } : {}),
      ...(action === "amend" ? { text: words.text ?? "" } : {}),
    });
    return true;
  }

  private async resolveThere(params: Omit<ReviewResolveParams, "sessionId">): Promise<void> {
    const { sessionId } = await this.sessions.ready();
    const left = await this.wire.request("cass/review/resolve", { sessionId, ...params });
    this.listed = left.files ?? [];
    this.merge();
    if (params.uri !== undefined || (left.conflicts?.length ?? 0) > 0) {
      this.soon(0);
    }
    this.tell(left.conflicts ?? []);
  }

  /** Say what does not fit any more, each of it once. */
  private tell(conflicts: readonly string[]): void {
    for (const conflict of conflicts.filter((one) => !this.told.has(one))) {
      void vscode.window.showWarningMessage(conflict);
    }
    this.told = new Set(conflicts);
  }

  private soon(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), wait);
  }

  private async refresh(): Promise<void> {
    this.asked += 1;
    const mine = this.asked;
    const sessionId = this.sessions.conversation?.sessionId;
    let listed: ReviewFile[] = [];
    if (sessionId) {
      try {
        const answer = await this.wire.request("cass/review/list", { sessionId });
        listed = answer.files ?? [];
        this.tell(answer.conflicts ?? []);
      } catch {
        listed = []; // the server is gone, or says of its trouble itself
      }
    }
    if (mine === this.asked) {
      this.listed = listed;
      this.merge();
    }
  }

  /** What the server lists, and what it asks about and does not list; without what has its verdict. */
  private merge(): void {
    const sessionId = this.sessions.conversation?.sessionId;
    const cards = this.asking.approvals.filter((card) => card.ask.sessionId === sessionId);
    const decided = (hunk: ReviewHunk) =>
      cards.some((card) => card.ask.subject.proposalId === hunk.proposalId && card.decisions[idInProposal(hunk)]);
    const known = new Set(this.listed.flatMap((file) => file.hunks.map((hunk) => hunk.proposalId ?? "")));
    const asked = cards.flatMap((card) => {
      const proposalId = card.ask.subject.proposalId ?? "";
      const files = known.has(proposalId) ? [] : (card.ask.proposal?.files ?? []);
      return files.map((file) => fromProposal(file, vscode.Uri.file(file.path).toString(), proposalId));
    });
    this.files = [...this.listed, ...asked]
      .map((file) => ({ ...file, hunks: placed(file).filter((hunk) => !decided(hunk)) }))
      .filter((file) => file.hunks.length > 0);
    this.changed.fire();
  }
}

/** The server's list names a proposed hunk by its proposal, too. */
function idInProposal(hunk: ReviewHunk): string {
  const prefix = `${hunk.proposalId}/`;
  return hunk.hunkId.startsWith(prefix) ? hunk.hunkId.slice(prefix.length) : hunk.hunkId;
}

/** A file's hunks at their place in the open document: the user may have typed since they were listed. */
function placed(file: ReviewFile): ReviewHunk[] {
  const document = openDocument(file.uri);
  if (!document) {
    return file.hunks;
  }
  const lines = textLines(document.getText());
  return file.hunks.map((hunk) => relocated(lines, hunk));
}

// What the server asks the user and is not answered yet: permissions, hunk by hunk, and questions of the model.

import * as vscode from "vscode";
import type {
  ElicitationParams,
  ElicitationResult,
  HunkDecision,
  RequestPermissionParams,
  RequestPermissionResult,
} from "./protocol";

/** A question for permission. `decisions` holds the verdicts so far, by hunk. */
export interface Approval {
  id: number;
  ask: RequestPermissionParams;
  decisions: Record<string, HunkDecision>;
}

/** A question of the model. */
export interface Question {
  id: number;
  ask: ElicitationParams;
}

interface Waiting<T, R> {
  card: T;
  settle: (result: R) => void;
}

/** Keeps the open questions; the first answer counts, and the server may withdraw any of them. */
export class Asking implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly permissions = new Map<number, Waiting<Approval, RequestPermissionResult>>();
  private readonly elicitations = new Map<number, Waiting<Question, ElicitationResult>>();
  private count = 0;
  /** Fires when a question came, went, or got another verdict. */
  readonly onDidChange = this.changed.event;

  /** The open questions for permission, oldest first. */
  get approvals(): Approval[] {
    return [...this.permissions.values()].map((waiting) => waiting.card);
  }

  /** The model's open questions, oldest first. */
  get questions(): Question[] {
    return [...this.elicitations.values()].map((waiting) => waiting.card);
  }

  /** Ask the user; the answer is `cancelled` when the server withdraws the question. */
  permission(ask: RequestPermissionParams, token: vscode.CancellationToken): Promise<RequestPermissionResult> {
    const id = this.nextId();
    const cancelled: RequestPermissionResult = { outcome: { outcome: "cancelled" } };
    return this.wait(this.permissions, id, { id, ask, decisions: {} }, cancelled, token);
  }

  /** Put the model's question to the user. */
  question(ask: ElicitationParams, token: vscode.CancellationToken): Promise<ElicitationResult> {
    const id = this.nextId();
    return this.wait(this.elicitations, id, { id, ask }, { action: "cancel" }, token);
  }

  /** Answer with one of the offered options. Verdicts given before go along; a hunk without one follows the option. */
  answer(id: number, optionId: string, note?: string): void {
    const waiting = this.permissions.get(id);
    const option = waiting?.card.ask.options.find((o) => o.optionId === optionId);
    if (!waiting || !option) {
      return;
    }
    const allow = option.kind.startsWith("allow");
    const given = Object.keys(waiting.card.decisions).length > 0;
    const hunks = allow && given ? verdicts(waiting.card) : [];
    waiting.settle({
      outcome: { outcome: "selected", optionId, ...(note ? { note } : {}), ...(hunks.length > 0 ? { hunks } : {}) },
    });
  }

  /** A verdict on one hunk; the last missing one answers the question. */
  decide(id: number, decision: HunkDecision): void {
    const waiting = this.permissions.get(id);
    if (!waiting || !hunkIds(waiting.card).includes(decision.hunkId)) {
      return;
    }
    waiting.card.decisions[decision.hunkId] = decision;
    const missing = hunkIds(waiting.card).filter((hunk) => !waiting.card.decisions[hunk]);
    const once = waiting.card.ask.options.find((option) => option.kind === "allow_once");
    if (missing.length === 0 && once) {
      this.answer(id, once.optionId);
    } else {
      this.changed.fire();
    }
  }

  /** Take the verdict on a hunk back, while the question is open. */
  undecide(id: number, hunkId: string): void {
    const waiting = this.permissions.get(id);
    if (waiting?.card.decisions[hunkId]) {
      delete waiting.card.decisions[hunkId];
      this.changed.fire();
    }
  }

  /** Answer a question of the model. */
  reply(id: number, result: ElicitationResult): void {
    this.elicitations.get(id)?.settle(result);
  }

  /** The open question about this proposal. */
  about(proposalId: string): Approval | undefined {
    return this.approvals.find((card) => card.ask.subject.proposalId === proposalId);
  }

  /** Forget all questions: their server is gone. */
  clear(): void {
    for (const waiting of this.permissions.values()) {
      waiting.settle({ outcome: { outcome: "cancelled" } });
    }
    for (const waiting of this.elicitations.values()) {
      waiting.settle({ action: "cancel" });
    }
  }

  dispose(): void {
    this.clear();
    this.changed.dispose();
  }

  private nextId(): number {
    this.count += 1;
    return this.count;
  }

  private wait<T, R>(
    waiting: Map<number, Waiting<T, R>>,
    id: number,
    card: T,
    withdrawn: R,
    token: vscode.CancellationToken,
  ): Promise<R> {
    return new Promise((resolve) => {
      const settle = (result: R) => {
        if (waiting.delete(id)) {
          listener.dispose();
          resolve(result);
          this.changed.fire();
        }
      };
      const listener = token.onCancellationRequested(() => settle(withdrawn));
      waiting.set(id, { card, settle });
      this.changed.fire();
    });
  }
}

/** The ids of all hunks that are asked about. */
export function hunkIds(card: Approval): string[] {
  return (card.ask.proposal?.files ?? []).flatMap((file) => (file.hunks ?? []).map((hunk) => hunk.hunkId));
}

function verdicts(card: Approval): HunkDecision[] {
  return hunkIds(card).map((hunkId) => card.decisions[hunkId] ?? { hunkId, decision: "accept" });
}

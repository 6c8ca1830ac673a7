// Typed calls to the server, and its errors as a person reads them.

import type { CancellationToken } from "vscode";
import type { Notifications, Requests } from "../protocol";

/** Whoever can talk to the server. Requests fail with an error that `describe` makes readable. */
export interface Wire {
  request<M extends keyof Requests>(
    method: M,
    params: Requests[M]["params"],
    token?: CancellationToken,
  ): Promise<Requests[M]["result"]>;
  notify<M extends keyof Notifications>(method: M, params: Notifications[M]["params"]): void;
}

interface WireError {
  message: string;
  data?: { kind?: string; hint?: string };
}

function isWireError(error: unknown): error is WireError {
  return typeof error === "object" && error !== null && "message" in error && typeof error.message === "string";
}

/** What went wrong and how to mend it, in one line. */
export function describe(error: unknown): string {
  if (!isWireError(error)) {
    return String(error);
  }
  const hint = error.data?.hint;
  const message = error.message.charAt(0).toUpperCase() + error.message.slice(1);
  const full = /[.!?]$/.test(message) ? message : `${message}.`;
  return hint ? `${full} ${hint}` : full;
}

/** The protocol's stable word for the error; empty where there is none. */
export function kindOf(error: unknown): string {
  return (isWireError(error) && error.data?.kind) || "";
}

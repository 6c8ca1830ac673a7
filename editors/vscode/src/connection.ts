// The connection to the server: starts it, declares what this editor can do, restarts it with back-off.

import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type StaticFeature,
  TransportKind,
} from "vscode-languageclient/node";
import type { Asked, Notifications, Requests, Told } from "./protocol";
import { findServer } from "./server";
import { describe, type Wire } from "./session/wire";
import { settingsForServer } from "./settings";

/** How the server is. `message` says for a person why it is not running. */
export interface ServerState {
  phase: "starting" | "running" | "stopped" | "failed";
  message: string;
}

type Answer<M extends keyof Asked> = (
  params: Asked[M]["params"],
  token: vscode.CancellationToken,
) => Promise<Asked[M]["result"]> | Asked[M]["result"];

/** Waits before the server is started again after it ended by itself, in ms; after the last one nothing is tried. */
export const BACK_OFF = [500, 2_000, 5_000, 15_000] as const;

/** A server that ran this long, in ms, did not fail at the start: the waits begin anew. */
const WELL = 60_000;

/** What this editor tells of itself in `initialize`. */
export const CAPABILITIES = {
  protocolVersions: [1],
  permission: {},
  elicitation: {},
  commands: {},
  review: {},
  save: {},
  reload: {},
  ide: {
    diagnostics: {},
    definition: {},
    references: {},
    documentSymbols: {},
    workspaceSymbols: {},
    rename: {},
    context: {},
  },
} as const;

/** One server at a time. Handlers that were given with `answer` and `listen` hold for each new one. */
export class Connection implements Wire, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<ServerState>();
  private readonly installers: ((client: LanguageClient) => void)[] = [];
  private client: LanguageClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private startedAt = 0;
  private disposed = false;
  /** Fires whenever `state` is another one. */
  readonly onDidChange = this.changed.event;
  state: ServerState = { phase: "stopped", message: "The server was not started yet." };

  constructor(
    private readonly extension: vscode.Extension<unknown>,
    readonly log: vscode.LogOutputChannel,
  ) {}

  /** The process's id, for diagnosis. */
  get pid(): number | undefined {
    return this.client?.serverProcess?.pid;
  }

  /** The running server's language client; undefined while there is none. */
  get language(): LanguageClient | undefined {
    return this.state.phase === "running" ? this.client : undefined;
  }

  /** Answer this question of the server. */
  answer<M extends keyof Asked>(method: M, handler: Answer<M>): void {
    this.installers.push((client) => client.onRequest<unknown, void>(method, handler));
  }

  /** Hear what the server tells. */
  listen<M extends keyof Told>(method: M, handler: (params: Told[M]["params"]) => void): void {
    this.installers.push((client) => client.onNotification(method, handler));
  }

  async request<M extends keyof Requests>(
    method: M,
    params: Requests[M]["params"],
    token?: vscode.CancellationToken,
  ): Promise<Requests[M]["result"]> {
    if (!this.client || this.state.phase !== "running") {
      throw new Error(this.state.message || "The cass server is not running.");
    }
    // An absent token must not be passed on: it would be sent as a second parameter.
    return token
      ? this.client.sendRequest<Requests[M]["result"]>(method, params, token)
      : this.client.sendRequest<Requests[M]["result"]>(method, params);
  }

  notify<M extends keyof Notifications>(method: M, params: Notifications[M]["params"]): void {
    if (this.client && this.state.phase === "running") {
      void this.client.sendNotification(method, params);
    }
  }

  /** Start the server; what goes wrong is in `state`. */
  async start(): Promise<void> {
    const found = findServer({
      setting: vscode.workspace.getConfiguration("cass").get<string[]>("server.command", []),
      environ: process.env,
      extensionPath: this.extension.extensionPath,
      platform: process.platform,
    });
    if (typeof found === "string") {
      this.become("failed", found);
      return;
    }
    this.log.info(`Starting ${[found.command, ...found.args, "serve"].join(" ")} (${found.origin}).`);
    this.become("starting", "The cass server is starting.");
    const { CASS_SERVER: _own, ...env } = process.env;
    const client = new LanguageClient(
      "cass",
      "cass",
      { command: found.command, args: [...found.args, "serve"], options: { env }, transport: TransportKind.stdio },
      this.options(),
    );
    client.registerFeature(new CassFeature());
    for (const install of this.installers) {
      install(client);
    }
    this.client = client;
    this.startedAt = Date.now();
    try {
      await client.start();
      if (this.client === client && !this.disposed) {
        this.become("running", "");
      }
    } catch (error) {
      this.log.error(describe(error));
      if (this.client === client) {
        this.client = undefined;
        this.become("failed", `The cass server could not be started. ${describe(error)}`);
      }
    }
  }

  /** End the server, if there is one, and start it anew, with the settings as they are now. */
  async restart(): Promise<void> {
    this.failures = 0;
    await this.stop();
    await this.start();
  }

  /** End the server; it stays ended. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    const client = this.client;
    this.client = undefined;
    this.become("stopped", "The cass server was stopped.");
    await client?.dispose(2_000).catch((error: unknown) => this.log.warn(describe(error)));
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.timer);
    void this.client?.dispose(2_000).catch(() => undefined);
    this.changed.dispose();
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      outputChannel: this.log,
      initializationOptions: {
        settings: settingsForServer(this.extension),
        trust: vscode.workspace.isTrusted ? "ask" : "no",
      },
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          this.ended();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    };
  }

  /** The server went away without being asked to. */
  private ended(): void {
    if (this.disposed || this.state.phase === "stopped" || this.timer) {
      return;
    }
    this.client = undefined;
    if (Date.now() - this.startedAt > WELL) {
      this.failures = 0;
    }
    const wait = BACK_OFF[this.failures];
    this.failures += 1;
    if (wait === undefined) {
      this.become("failed", "The cass server ended several times in a row. Its log says why.");
      return;
    }
    this.become("starting", "The cass server ended and is being started again.");
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.start();
    }, wait);
  }

  private become(phase: ServerState["phase"], message: string): void {
    this.state = { phase, message };
    if (!this.disposed) {
      this.changed.fire(this.state);
    }
  }
}

/** Puts our capabilities into `initialize`. */
class CassFeature implements StaticFeature {
  fillClientCapabilities(capabilities: { experimental?: Record<string, unknown> }): void {
    capabilities.experimental = { ...capabilities.experimental, cass: CAPABILITIES };
  }

  initialize(): void {
    // Nothing depends on the server's answer.
  }

  getState(): { kind: "static" } {
    return { kind: "static" };
  }

  clear(): void {
    // Nothing is registered.
  }
}

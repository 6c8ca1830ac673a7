// What the tests inside the extension host share: the extension's interface, files, waiting for a condition.

const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

/** Longest wait for anything, ms: far more than is needed, so that only a hang reaches it. */
const LIMIT = 20_000;

const folder = () => vscode.workspace.workspaceFolders[0].uri.fsPath;

/** Wait until a condition holds; its value. */
async function until(what, condition, limit = LIMIT) {
  const end = Date.now() + limit;
  for (;;) {
    const value = await condition();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${limit} ms in vain for: ${typeof what === "function" ? what() : what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The started extension with a fresh session that plays these steps. */
async function cass(steps, options = {}) {
  const extension = vscode.extensions.getExtension("cass.cass");
  const api = await extension.activate();
  await until(
    () => `the server, which is ${JSON.stringify(api.connection.state)}`,
    () => api.connection.state.phase === "running" && api.sessions.conversation,
  );
  if (steps) {
    await play(api, steps, options);
  }
  return api;
}

/** Let a fresh session play these steps. */
async function play(api, steps, options = {}) {
  const script = path.join(folder(), "..", `script-${Date.now()}-${Math.random().toString(36).slice(2)}.json`);
  fs.writeFileSync(script, JSON.stringify({ steps }));
  api.sessions.cancel();
  await api.sessions.fresh();
  await api.sessions.setOption("model", `scripted/${script}`);
  for (const [id, value] of Object.entries(options)) {
    await api.sessions.setOption(id, value);
  }
}

const turns = new WeakMap();

/** Say something; resolves when it is accepted. `idle` waits for the end of the turn that this begins. */
async function say(api, text) {
  let ended = false;
  const listener = api.sessions.onDidUpdate((update) => {
    if (update.sessionUpdate === "state_update" && update.state === "idle") {
      ended = true;
      listener.dispose();
    }
  });
  turns.set(api, () => ended);
  await api.sessions.prompt([{ type: "text", text }]);
}

/** The session is at rest again; fails with the error of the turn, if it had one. */
async function idle(api) {
  await until("the turn's end", turns.get(api));
  const last = api.sessions.conversation.items.at(-1);
  if (last?.kind === "notice" && last.level === "error") {
    throw new Error(`the turn failed: ${last.text}`);
  }
}

/** The open question for permission. */
const approval = (api) =>
  until("a question for permission", () =>
    api.asking.approvals.find((card) => card.ask.sessionId === api.sessions.conversation.sessionId),
  );

/** Write a file and open it in an editor. */
async function open(name, text) {
  const file = path.join(folder(), name);
  if (text !== undefined) {
    fs.writeFileSync(file, text);
  }
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
  return vscode.window.showTextDocument(document);
}

const onDisk = (name) => fs.readFileSync(path.join(folder(), name), "utf8");

/** Run tests one after another, each with its name; all are run, then the first failure is thrown. */
async function run(tests) {
  const failures = [];
  for (const [name, test] of Object.entries(tests)) {
    const start = Date.now();
    try {
      await test();
      console.log(`PASS ${name} (${Date.now() - start} ms)`);
    } catch (error) {
      console.log(`FAIL ${name}: ${error.stack ?? error}`);
      failures.push(error);
    }
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  }
  if (failures.length > 0) {
    throw failures[0];
  }
}

module.exports = { approval, cass, folder, idle, onDisk, open, play, run, say, until };

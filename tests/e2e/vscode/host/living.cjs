// The extension's life in the real extension host: settings, a server that dies, sessions, completion, what the editor knows.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { approval, cass, folder, idle, onDisk, open, play, run, say, until } = require("./support.cjs");

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const tests = {
  async "a turn is told, with its thinking, tools, plan and cost"() {
    const entries = [{ content: "Look", status: "completed" }, { content: "Say", status: "in_progress" }];
    fs.writeFileSync(path.join(folder(), "notes.txt"), "remember the milk\n");
    const api = await cass([
      { thinking: "Let me look.", tool_calls: [{ name: "todos", arguments: { entries } }, { name: "read_file", arguments: { path: "notes.txt" } }] },
      { text: "It says **milk**.", usage: { input: 1200, output: 30, cost: 0.5 } },
    ]);
    await say(api, "what does notes.txt say?");
    await idle(api);
    const it = api.sessions.conversation;
    assert.deepEqual(it.items.map((item) => item.kind), ["user", "answer", "tool", "tool", "answer"]);
    assert.equal(it.items[1].thinking, "Let me look.");
    assert.equal(it.items[3].status, "completed");
    assert.equal(it.items[4].text, "It says **milk**.");
    assert.deepEqual(it.plan.map((entry) => entry.status), ["completed", "in_progress"]);
    await until("the cost", () => it.meter?.total?.cost === 0.5);
  },

  async "a refusal goes to the model with its reason"() {
    const api = await cass([
      { tool_calls: [{ name: "shell", arguments: { command: "touch not-wanted.txt" } }] },
      { expect: "use git instead", text: "All right." },
    ]);
    await say(api, "go");
    const card = await approval(api);
    assert.equal(card.ask.subject.command, "touch not-wanted.txt");
    api.asking.answer(card.id, "reject_once", "use git instead");
    await idle(api);
    assert.ok(!fs.existsSync(path.join(folder(), "not-wanted.txt")));
  },

  async "a turn is stopped, and its open question withdrawn"() {
    const api = await cass([{ tool_calls: [{ name: "shell", arguments: { command: "true" } }] }]);
    await say(api, "go");
    await approval(api);
    await vscode.commands.executeCommand("cass.session.stop");
    await idle(api);
    await until("no question", () => api.asking.approvals.length === 0);
  },

  async "a question of the model is answered"() {
    const api = await cass([
      { tool_calls: [{ name: "ask_user", arguments: { question: "Tea or coffee?", options: ["tea", "coffee"] } }] },
      { expect: "coffee", text: "Coffee it is." },
    ]);
    await say(api, "go");
    const card = await until("the question", () => api.asking.questions[0]);
    assert.equal(card.ask.message, "Tea or coffee?");
    api.asking.reply(card.id, { action: "accept", content: { answer: "coffee" } });
    await idle(api);
    assert.equal(api.asking.questions.length, 0);
  },

  async "a prompt in a running turn steers it"() {
    const api = await cass([
      { tool_calls: [{ name: "shell", arguments: { command: "true" } }] },
      { text: "Heard." },
    ]);
    await say(api, "go");
    const card = await approval(api);
    await api.sessions.prompt([{ type: "text", text: "and be brief" }]);
    api.asking.answer(card.id, "allow_once");
    await idle(api);
    const said = api.sessions.conversation.items.filter((item) => item.kind === "user");
    assert.deepEqual(said.map((item) => item.text), ["go", "and be brief"]);
    assert.equal(said[1].steering, true);
  },

  async "a command changes a file: the clean buffer follows, the dirty one stays"() {
    const api = await cass([
      { tool_calls: [{ name: "shell", arguments: { command: "sed -i s/old/new/ clean.txt dirty2.txt" } }] },
      { text: "done" },
    ], { approval: "auto" });
    const clean = await open("clean.txt", "old\n");
    const dirty = await open("dirty2.txt", "old\n");
    await dirty.edit((change) => change.insert(new vscode.Position(0, 0), "mine\n"));
    await say(api, "go");
    await idle(api);
    await until("the reloaded buffer", () => clean.document.getText() === "new\n");
    assert.equal(clean.document.isDirty, false);
    assert.match(dirty.document.getText(), /^mine\n/, "what was typed is not overwritten");
    await vscode.commands.executeCommand("workbench.action.files.revert");
  },

  async "a server that is killed comes back with the session, and says that the turn was cut off"() {
    const api = await cass([{ text: "First answer." }, { text: "x ".repeat(2_000), delay_ms: 50 }, { text: "Third." }]);
    await say(api, "first");
    await idle(api);
    const { sessionId } = api.sessions.conversation;
    const { pid } = api.connection;
    await api.sessions.prompt([{ type: "text", text: "second" }]);
    await until("the running turn", () => api.sessions.conversation.state === "running");
    process.kill(pid, "SIGKILL");
    await until("another server", () => api.connection.state.phase === "running" && api.connection.pid !== pid);
    const told = await until("the session again, and what became of its turn", () => {
      const it = api.sessions.conversation;
      return it?.sessionId === sessionId && it.items.some((item) => item.kind === "notice" && /interrupted/.test(item.text)) && it;
    });
    assert.equal(told.items[1].text, "First answer.");
    assert.equal(told.state, "idle");
  },

  async "sessions are listed and resumed"() {
    const api = await cass([{ text: "In the first." }]);
    await say(api, "remember me");
    await idle(api);
    const { sessionId } = api.sessions.conversation;
    await play(api, [{ text: "In the second." }]);
    assert.notEqual(api.sessions.conversation.sessionId, sessionId);
    const listed = await api.sessions.list();
    assert.ok(listed.some((session) => session.sessionId === sessionId && /remember me/.test(session.title)));
    await api.sessions.resume(sessionId);
    assert.deepEqual(api.sessions.conversation.items.map((item) => item.text), ["remember me", "In the first."]);
  },

  async "completion is off until it is switched on, and off again at once"() {
    const api = await cass([]);
    await open("complete.py", "x = \n");
    await api.completion.refresh();
    assert.equal(api.completion.status.enabled, false);
    await api.completion.set({ enabled: true, scope: "session" });
    assert.equal(api.completion.status.enabled, true);
    await api.completion.set({ enabled: false, scope: "session" });
    assert.equal(api.completion.status.enabled, false);
  },

  async "the editor's own diagnostics reach the model with the edit"() {
    const problems = vscode.languages.createDiagnosticCollection("checker");
    const checker = vscode.workspace.onDidChangeTextDocument(({ document }) => {
      const at = document.getText().indexOf("broken");
      const place = new vscode.Range(document.positionAt(at), document.positionAt(at + 6));
      problems.set(document.uri, at < 0 ? [] : [new vscode.Diagnostic(place, "this is broken indeed")]);
    });
    try {
      const api = await cass([
        { tool_calls: [{ name: "edit_file", arguments: { path: "diag.txt", old_string: "fine", new_string: "broken" } }] },
        { expect: "this is broken indeed", text: "I see." },
      ], { approval: "edits" });
      await open("diag.txt", "all is fine\n");
      await say(api, "go");
      await idle(api);
    } finally {
      checker.dispose();
      problems.dispose();
    }
  },

  async "code actions call the extension's commands with their place"() {
    const api = await cass([{ text: "It is a line." }]);
    const { document } = await open("ask.txt", "first line\nsecond line\n");
    const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 11 } };
    await vscode.commands.executeCommand("cass.ask", document.uri.toString(), range, "What is this?");
    await until("the answer", () => api.sessions.conversation.items.some((item) => item.text === "It is a line."));
    assert.deepEqual(api.sessions.conversation.items[0].attached, ["ask.txt:2"]);
  },

  async "settings that the user set reach the server"() {
    const api = await cass([]);
    const { pid } = api.connection;
    const settings = vscode.workspace.getConfiguration("cass");
    await settings.update("mode", "plan", vscode.ConfigurationTarget.Global);
    await until("the restarted server", () => api.connection.state.phase === "running" && api.connection.pid !== pid);
    await until("the end of the first server", () => !alive(pid));
    await api.sessions.ready();
    await api.sessions.fresh();
    const mode = api.sessions.conversation.options.find((option) => option.id === "mode");
    assert.equal(mode.currentValue, "plan");
    await settings.update("mode", undefined, vscode.ConfigurationTarget.Global);
  },
};

exports.run = async () => {
  await run(tests);
  const api = await cass();
  await until("the server", () => api.connection.state.phase === "running");
  // The test that started the editor looks whether this process ends with it.
  fs.writeFileSync(path.join(folder(), "..", "server.pid"), String(api.connection.pid));
  assert.ok(onDisk("notes.txt"));
};

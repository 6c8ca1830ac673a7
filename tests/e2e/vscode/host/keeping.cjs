// Long sessions in the real extension host: the window drawn, made shorter and given back, summary, rewind, keeping.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { cass, folder, idle, onDisk, open, run, say, until } = require("./support.cjs");

const texts = (api) => api.sessions.conversation.items.map((item) => item.text);
const command = (name, ...given) => vscode.commands.executeCommand(`cass.session.${name}`, ...given);

/** Answer the lists and dialogs that come with what the functions give; what was offered is told. */
async function answering(answers, act) {
  const kept = { ...vscode.window };
  const offered = [];
  for (const [name, answer] of Object.entries(answers)) {
    vscode.window[name] = async (...given) => {
      offered.push(given);
      return answer(...given);
    };
  }
  try {
    await act();
  } finally {
    for (const name of Object.keys(answers)) {
      vscode.window[name] = kept[name];
    }
  }
  return offered;
}

const tests = {
  async "the context is shown and follows; it is made shorter, rewritten and given back"() {
    const long = "many words ".repeat(3_000);
    const api = await cass([{ text: long }, { text: "Second." }, { text: "## Notes\nThe user said many words." }, { text: "On." }]);
    await say(api, "first");
    await idle(api);
    await say(api, "second");
    await idle(api);
    await command("context");
    const before = await until("what is shown", () => api.panel.found);
    assert.equal(before.compacted, false);
    assert.ok(before.parts.some((part) => part.name === "answers" && part.tokens > 2_000));
    assert.ok(vscode.window.tabGroups.all.some((group) => group.tabs.some((tab) => tab.label === "cass: Context")));
    await command("compact");
    const after = await until("what is left", () => api.panel.found?.compacted && api.panel.found);
    assert.ok(after.used < before.used);
    assert.match(after.summary, /many words/);
    assert.ok(texts(api).some((text) => /^Made shorter/.test(text ?? "")), JSON.stringify(texts(api)));
    await command("summary");
    const editor = await until("the summary", () => {
      const { activeTextEditor: active } = vscode.window;
      return active?.document.uri.scheme === "cass-summary" && active;
    });
    assert.equal(editor.document.getText(), after.summary);
    const whole = new vscode.Range(0, 0, editor.document.lineCount, 0);
    await editor.edit((change) => change.replace(whole, "The user wants rhymes.\n"));
    assert.equal(await editor.document.save(), true);
    await until("the user's summary", () => api.panel.found.summary === "The user wants rhymes.");
    await command("uncompact");
    await until("all of it again", () => api.panel.found.compacted === false);
    assert.ok(texts(api).includes("The model reads again what was left out."), JSON.stringify(texts(api)));
  },

  async "an empty summary is not taken, and stays to be written"() {
    const api = await cass([{ text: "many words ".repeat(3_000) }, { text: "Second." }, { text: "Notes." }]);
    for (const words of ["first", "second", "/compact"]) {
      await say(api, words);
      await idle(api);
    }
    await command("summary");
    const editor = await until("the summary", () => vscode.window.activeTextEditor);
    await editor.edit((change) => change.delete(new vscode.Range(0, 0, editor.document.lineCount, 0)));
    assert.equal(await editor.document.save(), false);
    assert.equal(editor.document.isDirty, true);
    await command("context");
    assert.ok(api.panel.found.summary);
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  },

  async "a turn is taken back with its files and its prompt, and given again"() {
    const edit = { name: "edit_file", arguments: { path: "kept.txt", old_string: "old", new_string: "new" } };
    const shell = { name: "shell", arguments: { command: "echo made > made.txt" } };
    const api = await cass([{ tool_calls: [edit, shell] }, { text: "Wrecked." }], { approval: "auto" });
    const editor = await open("kept.txt", "old\n");
    await say(api, "wreck it");
    await idle(api);
    assert.equal(onDisk("made.txt"), "made\n");
    const offered = await answering(
      {
        showQuickPick: (items) => items.find((item) => /wreck it|^Both$/.test(item.label)),
        showWarningMessage: () => "Go Back",
      },
      () => command("rewind"),
    );
    assert.equal(offered[0][0][0].description, "2 files");
    assert.match(offered[2][1].detail, /loses 1 turn/);
    await until("the buffer as before", () => editor.document.getText() === "old\n");
    assert.ok(!fs.existsSync(path.join(folder(), "made.txt")));
    const it = api.sessions.conversation;
    assert.ok(it.items.slice(0, -1).every((item) => item.gone), "what was taken back is marked");
    assert.match(it.items.at(-1).text, /Went back/);
    await answering({ showQuickPick: (items) => items[0] }, () => command("rewind"));
    await until("the turn again", () => editor.document.getText() === "new\n" && onDisk("made.txt") === "made\n");
    assert.ok(it.items.every((item) => !item.gone));
  },

  async "a session is forked, renamed, found, written down, archived and brought in again"() {
    const api = await cass([{ text: "One answer." }, { text: "Another with aubergines." }]);
    await say(api, "first");
    await idle(api);
    await say(api, "second");
    await idle(api);
    const { sessionId } = api.sessions.conversation;
    await answering({ showQuickPick: (items) => items.find((item) => item.label === "first") }, () => command("fork"));
    assert.notEqual(api.sessions.conversation.sessionId, sessionId);
    assert.deepEqual(texts(api), ["first", "One answer."]);
    await answering({ showInputBox: () => "The forked one" }, () => command("rename"));
    await until("the title", () => api.sessions.conversation.title === "The forked one");
    const target = vscode.Uri.file(path.join(folder(), "forked.json"));
    await answering({ showSaveDialog: () => target, showInformationMessage: () => undefined }, () => command("export"));
    assert.match(onDisk("forked.json"), /One answer/);
    const forked = api.sessions.conversation.sessionId;
    await command("archive");
    assert.notEqual(api.sessions.conversation.sessionId, forked);
    const listed = await api.sessions.list();
    assert.ok(!listed.some((session) => session.sessionId === forked));
    const found = await api.connection.request("cass/session/search", { query: "aubergines", cwd: folder() });
    assert.deepEqual(found.hits.map((hit) => hit.session.sessionId), [sessionId]);
    const said = await answering(
      {
        showQuickPick: (items) => items[0],
        showOpenDialog: () => [target],
        showInformationMessage: () => "Open",
      },
      () => command("import"),
    );
    assert.match(said.at(-1)[0], /1 session was brought in/);
    assert.deepEqual(texts(api).slice(0, 2), ["first", "One answer."]);
  },

  async "the list of sessions looks for what is typed in all that was said"() {
    const api = await cass([{ text: "Nothing but cauliflower." }]);
    await say(api, "remember the vegetable");
    await idle(api);
    const { sessionId } = api.sessions.conversation;
    await api.sessions.fresh();
    const browsing = command("search", "cauliflower");
    await until("the session", async () => {
      await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
      return api.sessions.conversation.sessionId === sessionId;
    });
    await browsing;
  },
};

exports.run = () => run(tests);

// Edits in the real extension host: hunk by hunk, undo, dirty buffers, saving, review of what was made, plan mode.

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { approval, cass, folder, idle, onDisk, open, run, say, until } = require("./support.cjs");

const THREE = ["one", "two", "three"].map((name) => `def ${name}():\n    return "${name}"\n\n\n# ${"-".repeat(20)}\n\n\n`);
const BEFORE = THREE.join("");
const AFTER = BEFORE.replace('return "one"', "return 1").replace('return "two"', "return 2").replace('return "three"', "return 3");

const write = (path_, content) => ({ name: "write_file", arguments: { path: path_, content } });
const edit = (path_, old_string, new_string) => ({ name: "edit_file", arguments: { path: path_, old_string, new_string } });
const lensTitles = async (uri) => {
  const lenses = await vscode.commands.executeCommand("vscode.executeCodeLensProvider", uri, 50);
  return lenses.map((lens) => lens.command?.title ?? "");
};

/** The open hunks of a document as the editor shows them. */
const shown = (api, uri, count) =>
  until(`${count} changes in the editor`, () => {
    const hunks = api.changes.of(uri)?.hunks ?? [];
    return hunks.length === count && hunks;
  });

const tests = {
  async "three hunks: one kept, one amended, one refused with a reason"() {
    const api = await cass([
      { tool_calls: [write("three.py", AFTER)] },
      { expect: "three is a name, not a number", text: "I see." },
    ]);
    const { document } = await open("three.py", BEFORE);
    await say(api, "numbers, please");
    await approval(api);
    const [first, second, third] = await shown(api, document.uri, 3);
    const titles = await lensTitles(document.uri);
    assert.equal(titles.filter((title) => title.includes("Keep")).length, 3, titles.join("|"));
    const uri = document.uri.toString();
    await vscode.commands.executeCommand("cass.review.keep", uri, [first.hunkId]);
    await shown(api, document.uri, 2);
    assert.equal(document.getText(), BEFORE, "nothing is changed before the last decision");
    await api.changes.resolve("amend", [{ file: api.changes.of(document.uri), hunk: second }], { text: "    return 20 + 2\n" });
    await api.changes.resolve("revert", [{ file: api.changes.of(document.uri), hunk: third }], { comment: "three is a name, not a number" });
    await idle(api);
    const wanted = BEFORE.replace('return "one"', "return 1").replace('return "two"', "return 20 + 2");
    assert.equal(document.getText(), wanted);
    assert.equal(onDisk("three.py"), wanted, "what was touched is saved");
    assert.equal(document.isDirty, false);
    await vscode.commands.executeCommand("undo");
    assert.equal(document.getText(), BEFORE, "one undo takes the whole proposal back");
    await vscode.commands.executeCommand("redo");
    assert.equal(document.getText(), wanted);
  },

  async "an edit meets the unsaved buffer, not the file"() {
    const api = await cass([{ tool_calls: [edit("dirty.txt", "beta\n", "BETA\n")] }, { text: "done" }]);
    const editor = await open("dirty.txt", "alpha\nbeta\n");
    await editor.edit((change) => change.insert(new vscode.Position(0, 0), "typed, not saved\n"));
    assert.equal(editor.document.isDirty, true);
    await say(api, "shout");
    const card = await approval(api);
    assert.equal(card.ask.proposal.files[0].hunks[0].oldStart, 3, "the line as it is in the buffer");
    api.asking.answer(card.id, "allow_once");
    await idle(api);
    assert.equal(editor.document.getText(), "typed, not saved\nalpha\nBETA\n");
  },

  async "what is typed while cass asks is kept, and the edit finds its place"() {
    const api = await cass([{ tool_calls: [edit("typing.txt", "beta", "BETA")] }, { text: "done" }]);
    const editor = await open("typing.txt", "alpha\nbeta\ngamma\n");
    await say(api, "shout");
    const card = await approval(api);
    await editor.edit((change) => change.insert(new vscode.Position(0, 0), "new first line\n"));
    await until(() => `the change one line further down ${JSON.stringify(api.changes.files)}`, () => api.changes.of(editor.document.uri)?.hunks[0]?.line === 3);
    api.asking.answer(card.id, "allow_once");
    await idle(api);
    assert.equal(editor.document.getText(), "new first line\nalpha\nBETA\ngamma\n");
  },

  async "undoing is noticed: the next request says so"() {
    const api = await cass([{ tool_calls: [edit("undo.txt", "b", "B")] }, { text: "done" }, { expect: "undo.txt", text: "I know." }]);
    const editor = await open("undo.txt", "a\nb\nc\n");
    await say(api, "shout");
    api.asking.answer((await approval(api)).id, "allow_once");
    await idle(api);
    assert.equal(editor.document.getText(), "a\nB\nc\n");
    await vscode.window.showTextDocument(editor.document);
    await vscode.commands.executeCommand("undo");
    assert.equal(editor.document.getText(), "a\nb\nc\n");
    await say(api, "and now?");
    await idle(api);
  },

  async "a save that fails is told to the model, and nothing is overwritten"() {
    const api = await cass([{ tool_calls: [edit("newer.txt", "beta", "BETA")] }, { expect: "not saved", text: "I see." }]);
    const editor = await open("newer.txt", "alpha\nbeta\n");
    await editor.edit((change) => change.insert(new vscode.Position(0, 0), "mine\n"));
    // Somebody else writes the file while the buffer is dirty.
    fs.writeFileSync(path.join(folder(), "newer.txt"), "theirs\n");
    fs.utimesSync(path.join(folder(), "newer.txt"), new Date(), new Date(Date.now() + 5_000));
    await say(api, "shout");
    api.asking.answer((await approval(api)).id, "allow_once");
    await idle(api);
    assert.equal(editor.document.getText(), "mine\nalpha\nBETA\n");
    assert.equal(onDisk("newer.txt"), "theirs\n");
    await vscode.commands.executeCommand("workbench.action.files.revert");
  },

  async "what was made is reviewed afterwards: one kept, one reverted"() {
    const api = await cass([{ tool_calls: [write("made.py", AFTER)] }, { text: "done" }], { approval: "edits" });
    const { document } = await open("made.py", BEFORE);
    await say(api, "numbers, please");
    await idle(api);
    assert.equal(document.getText(), AFTER);
    const [first, second] = await shown(api, document.uri, 3);
    assert.equal(first.kind, "made");
    assert.ok((await lensTitles(document.uri)).some((title) => title.includes("Revert")));
    const uri = document.uri.toString();
    await vscode.commands.executeCommand("cass.review.keep", uri, [first.hunkId]);
    await shown(api, document.uri, 2);
    await vscode.commands.executeCommand("cass.review.revert", uri, [second.hunkId]);
    await until("the old text", () => document.getText() === AFTER.replace("return 2", 'return "two"'));
    await vscode.commands.executeCommand("cass.review.keepAll");
    await until("an empty list", () => api.changes.files.length === 0);
    assert.equal(onDisk("made.py"), document.getText());
  },

  async "plan mode changes nothing, its changes are shown, and are applied later"() {
    const api = await cass([{ tool_calls: [edit("plan.txt", "beta", "BETA")] }, { text: "planned" }], { mode: "plan" });
    const editor = await open("plan.txt", "alpha\nbeta\ngamma\n");
    await say(api, "shout");
    await idle(api);
    assert.equal(editor.document.getText(), "alpha\nbeta\ngamma\n");
    assert.equal(onDisk("plan.txt"), "alpha\nbeta\ngamma\n");
    const [hunk] = await shown(api, editor.document.uri, 1);
    assert.equal(hunk.kind, "proposed");
    await vscode.commands.executeCommand("cass.review.diff", editor.document.uri.toString());
    const tab = await until("the diff editor", () => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff && vscode.window.tabGroups.activeTabGroup.activeTab);
    const right = await vscode.workspace.openTextDocument(tab.input.modified);
    assert.equal(right.getText(), "alpha\nBETA\ngamma\n");
    // The file changes before the plan is applied.
    const again = await vscode.window.showTextDocument(editor.document);
    await again.edit((change) => change.insert(new vscode.Position(0, 0), "typed meanwhile\n"));
    await until("the change moved", () => api.changes.of(editor.document.uri)?.hunks[0]?.line === 3);
    await vscode.commands.executeCommand("cass.review.keepAll");
    await until("the applied plan", () => editor.document.getText() === "typed meanwhile\nalpha\nBETA\ngamma\n");
  },

  async "an amended text is taken when it is saved"() {
    const api = await cass([{ tool_calls: [edit("amend.txt", "beta\n", "BETA\n")] }, { text: "done" }]);
    const { document } = await open("amend.txt", "alpha\nbeta\ngamma\n");
    await say(api, "shout");
    await approval(api);
    const [hunk] = await shown(api, document.uri, 1);
    await vscode.commands.executeCommand("cass.review.amend", document.uri.toString(), [hunk.hunkId]);
    const scratch = await until("the text to amend", () => vscode.window.visibleTextEditors.find((one) => one.document.uri.scheme === "cass-amend"));
    await scratch.edit((change) => change.replace(new vscode.Range(0, 0, 1, 0), "Beta!\n"));
    await scratch.document.save();
    await idle(api);
    assert.equal(document.getText(), "alpha\nBeta!\ngamma\n");
  },
};

exports.run = () => run(tests);
